#include <spdlog/fmt/fmt.h>

#include "millrace/base64.h"
#include "millrace/errors.h"
#include "millrace/schema.h"
#include "millrace/text.h"
#include "millrace/utf8.h"
#include "millrace/values.h"
#include "runtime/cli/result_printer.h"

namespace millrace {
namespace {

std::string schema_text(const Schema* schema);

std::string element_text(const SchemaPtr& schema) {
  return schema == nullptr ? "?" : schema_text(schema.get());
}

std::string fields_text(const Schema& schema) {
  std::string text;
  for (const Field& field : schema.fields()) {
    text += (text.empty() ? "" : ", ") + field.name + " " + schema_text(field.schema.get());
  }
  return "{" + text + "}";
}

/// Short: `STRUCT example.Order v2 {id INT64, note STRING optional}`.
std::string schema_text(const Schema* schema) {
  if (schema == nullptr) return "schemaless";
  std::string text(type_name(schema->type()));
  if (schema->name()) text += " " + *schema->name();
  if (schema->version()) text += " v" + std::to_string(*schema->version());
  if (schema->type() == Type::Struct) text += " " + fields_text(*schema);
  if (schema->type() == Type::Array) text += "<" + element_text(schema->value_schema()) + ">";
  if (schema->type() == Type::Map) {
    text += "<" + element_text(schema->key_schema()) + ", " +
            element_text(schema->value_schema()) + ">";
  }
  return schema->optional() ? text + " optional" : text;
}

std::string data_text(const SchemaAndValue& data) {
  if (data.value.is_null() && data.schema == nullptr) return "null";
  std::string text;
  if (!append_values_text(text, data.value, true).empty()) {
    text.clear();
    append_java_string(text, data.value);
  }
  return text + "  (" + schema_text(data.schema) + ")";
}

std::string wire_text(const WireBytes& wire) {
  if (wire.is_null()) return "null";
  if (utf8::is_valid(wire.text())) return "\"" + std::string(wire.text()) + "\"";
  std::string text = "base64 ";
  append_base64(text, {wire.data, wire.size});
  return text;
}

class TextPrinter final : public ResultPrinter {
 public:
  explicit TextPrinter(bool is_sink) : is_sink_(is_sink) {}

  std::string result(RecordBatch& batch, uint32_t row, uint64_t number) override {
    const Record& record = batch[row];
    std::string text = fmt::format("row {}  topic {}", number, record.topic);
    if (record.partition != kNoPartition) text += fmt::format("  partition {}", record.partition);
    if (is_sink_) text += fmt::format("  offset {}", record.offset);
    if (record.timestamp != kNoTimestamp) text += fmt::format("  timestamp {}", record.timestamp);
    text += "\n  key     " + side_text(record.key, record.key_wire);
    text += "\n  value   " + side_text(record.value, record.value_wire);
    for (const Header& header : record.header_span()) {
      text += fmt::format("\n  header  {} = {}", header.key, side_text(header.data, header.wire));
    }
    return text + "\n";
  }

  std::string dropped(const TransformationStage& by, uint64_t number) override {
    return fmt::format("row {}  dropped by {} ({})\n", number, by.alias, by.class_name);
  }

  std::string failed(const RowError& error, uint64_t number) override {
    return fmt::format("row {}  failed in {}{}{}\n  {}\n", number, stage_name(error.stage),
                       error.class_name.empty() ? "" : " of ", error.class_name,
                       describe(error.kind, error.message, error.cause.get()));
  }

 private:
  std::string side_text(const SchemaAndValue& data, const WireBytes& wire) const {
    return is_sink_ ? data_text(data) : wire_text(wire);
  }

  bool is_sink_;
};

}  // namespace

std::unique_ptr<ResultPrinter> make_text_printer(bool is_sink) {
  return std::make_unique<TextPrinter>(is_sink);
}

}  // namespace millrace

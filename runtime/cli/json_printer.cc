#include "millrace/base64.h"
#include "millrace/errors.h"
#include "millrace/json.h"
#include "millrace/text.h"
#include "millrace/utf8.h"
#include "runtime/cli/result_printer.h"

namespace millrace {
namespace {

constexpr const char* kJsonConverter = "org.apache.kafka.connect.json.JsonConverter";

void add_text(std::string& out, std::string_view name, std::string_view text) {
  append_json_string(out, name, false);
  out += ':';
  append_json_string(out, utf8::sanitise(text), false);
}

void add_number(std::string& out, std::string_view name, int64_t number, int64_t none) {
  append_json_string(out, name, false);
  out += ':' + (number == none ? "null" : std::to_string(number));
}

/// Schemas and values of a sink by JsonConverter.
class Envelopes {
 public:
  explicit Envelopes(const PluginCatalog& catalog)
      : converter_(require_plugin(catalog, PluginKind::Converter, kJsonConverter).converter()),
        header_converter_(
            require_plugin(catalog, PluginKind::HeaderConverter, kJsonConverter)
                .header_converter()) {
    Properties settings{{"schemas.enable", "true"}, {"decimal.format", "NUMERIC"}};
    settings["converter.type"] = "value";
    converter_->configure(settings, Side::Value);
    settings["converter.type"] = "header";
    header_converter_->configure(settings);
  }

  std::string side(RecordBatch& batch, uint32_t row, Side side) {
    const bool written = attempt(batch, row, [&](const RowSet& rows) {
      converter_->from_connect_data(batch, rows, side);
    });
    return text(written, batch[row].side(side), batch[row].wire(side));
  }

  /// Whether all headers of the row have been written.
  bool write_headers(RecordBatch& batch, uint32_t row) {
    return attempt(batch, row, [&](const RowSet& rows) {
      header_converter_->from_connect_headers(batch, rows);
    });
  }

  static std::string text(bool written, const SchemaAndValue& data, const WireBytes& wire) {
    if (written) return wire.is_null() ? "null" : std::string(wire.text());
    std::string plain;
    append_java_string(plain, data.value);
    std::string out = "{";
    add_text(out, "text", plain);
    return out + "}";
  }

 private:
  template <class Write>
  static bool attempt(RecordBatch& batch, uint32_t row, const Write& write) {
    RowSet one;
    one.push_back(row);
    try {
      write(one);
    } catch (const Error&) {
      return false;
    }
    const bool written = batch[row].state == RowState::Live;
    batch[row].state = RowState::Live;
    return written;
  }

  std::unique_ptr<Converter> converter_;
  std::unique_ptr<HeaderConverter> header_converter_;
};

std::string wire_json(const WireBytes& wire) {
  if (wire.is_null()) return "null";
  std::string out;
  if (utf8::is_valid(wire.text())) {
    append_json_string(out, wire.text(), false);
    return out;
  }
  out = "{\"base64\":\"";
  append_base64(out, {wire.data, wire.size});
  return out + "\"}";
}

class JsonPrinter final : public ResultPrinter {
 public:
  explicit JsonPrinter(std::unique_ptr<Envelopes> envelopes) : envelopes_(std::move(envelopes)) {}

  std::string result(RecordBatch& batch, uint32_t row, uint64_t number) override {
    const Record& record = batch[row];
    std::string out = open(number);
    add_text(out, "topic", record.topic);
    out += ',';
    add_number(out, "partition", record.partition, kNoPartition);
    if (envelopes_) {
      out += ',';
      add_number(out, "offset", record.offset, -1);
    }
    out += ',';
    add_number(out, "timestamp", record.timestamp, kNoTimestamp);
    out += ",\"key\":" + side(batch, row, Side::Key);
    out += ",\"value\":" + side(batch, row, Side::Value);
    return out + ",\"headers\":[" + headers(batch, row) + "]}\n";
  }

  std::string dropped(const TransformationStage& by, uint64_t number) override {
    std::string out = open(number) + "\"dropped_by\":{";
    add_text(out, "transformation", by.alias);
    out += ',';
    add_text(out, "class", by.class_name);
    return out + "}}\n";
  }

  std::string failed(const RowError& error, uint64_t number) override {
    std::string out = open(number) + "\"error\":{";
    add_text(out, "stage", stage_name(error.stage));
    out += ',';
    add_text(out, "class", error.class_name);
    out += ',';
    add_text(out, "exception", java_class_name(error.kind));
    out += ',';
    add_text(out, "message", error.message);
    if (error.cause) {
      out += ',';
      add_text(out, "cause", describe(error.cause->kind, error.cause->message,
                                      error.cause->cause.get()));
    }
    return out + "}}\n";
  }

 private:
  static std::string open(uint64_t number) { return "{\"row\":" + std::to_string(number) + ","; }

  std::string side(RecordBatch& batch, uint32_t row, Side side) {
    return envelopes_ ? envelopes_->side(batch, row, side) : wire_json(batch[row].wire(side));
  }

  std::string headers(RecordBatch& batch, uint32_t row) {
    const bool written = envelopes_ != nullptr && envelopes_->write_headers(batch, row);
    std::string out;
    for (const Header& header : batch[row].header_span()) {
      out += out.empty() ? "{" : ",{";
      add_text(out, "key", header.key);
      out += ",\"value\":" + (envelopes_ ? Envelopes::text(written, header.data, header.wire)
                                         : wire_json(header.wire));
      out += '}';
    }
    return out;
  }

  std::unique_ptr<Envelopes> envelopes_;  // of a sink
};

}  // namespace

std::unique_ptr<ResultPrinter> make_json_printer(const PluginCatalog& catalog, bool is_sink) {
  return std::make_unique<JsonPrinter>(is_sink ? std::make_unique<Envelopes>(catalog) : nullptr);
}

}  // namespace millrace

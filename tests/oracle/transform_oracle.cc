// The native side of the oracle for transformations and predicates: same cases, same answers as
// TransformOracle.java.

#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "connectors/converters/json_codec.h"
#include "connectors/transforms/registrations.h"
#include "tests/oracle/notation.h"

namespace {

using namespace millrace;
using oracle::Reader;

std::string error_text(const char* kind, ErrorKind error, std::string_view message) {
  return kind + std::string(java_class_name(error)) + ' ' + oracle::to_hex(message);
}

std::string text_or_null(std::string_view text) {
  return text.data() == nullptr ? "-" : oracle::to_hex(text);
}

/// GROUP, CLASS, SETTINGS, RECORD, separated by tabs.
std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields(1);
  for (const char c : line) {
    if (c == '\t') fields.emplace_back();
    else fields.back() += c;
  }
  fields.resize(4);
  return fields;
}

Value one_entry(std::string_view key, int64_t value, Arena& arena) {
  const auto entries = arena.make_array<MapEntry>(1);
  entries[0] = {Value::string(key), Value::int64(value)};
  return Value::map(entries);
}

void read_record(Reader& in, RecordBatch& batch, Record& record) {
  const auto number_or = [&](int64_t none) {
    const std::string_view token = in.next();
    return token == "-" ? none : std::stoll(std::string(token));
  };
  const auto data = [&](SchemaAndValue& out) {
    const SchemaPtr schema = in.schema();
    out.schema = batch.keep(schema);
    out.value = in.value(schema.get());
  };
  const bool sink = in.next() == "sink";
  if (const auto topic = in.text()) record.topic = batch.arena().copy(*topic);
  record.partition = static_cast<int32_t>(number_or(kNoPartition));
  record.timestamp = number_or(kNoTimestamp);
  record.offset = number_or(0);
  if (sink) {
    record.original_topic = record.topic;
    record.original_partition = record.partition;
  } else {
    record.offset = -1;
    record.source_partition = one_entry("p", 1, batch.arena());
    record.source_offset = one_entry("o", 2, batch.arena());
  }
  data(record.key);
  data(record.value);
  const auto headers = batch.arena().make_array<Header>(static_cast<size_t>(in.number()));
  for (Header& header : headers) {
    header = Header{batch.arena().copy(*in.text()), {}, {}};
    data(header.data);
    // As Headers.add does.
    const Value& value = header.data.value;
    if (value.type() == Type::Struct) header.data.schema = value.as_struct().schema;
  }
  record.headers = headers.data();
  record.header_count = static_cast<uint32_t>(headers.size());
}

class Oracle {
 public:
  Oracle() {
    transforms::register_all(table_);
    json_.configure({{"schemas.enable", "false"}, {"decimal.format", "NUMERIC"}}, false);
  }

  std::string answer(const std::vector<std::string>& fields) {
    if (fields[0] != group_) {
      group_ = fields[0];
      configure(fields[1], fields[2]);
    }
    if (!refusal_.empty()) return refusal_;
    batch_.reset();
    Record& record = batch_.add();
    Reader reader(fields[3], batch_.arena());
    read_record(reader, batch_, record);
    if (predicate_) return predicate_->test(record) ? "OK 1" : "OK 0";
    const std::string before = text_of(record);
    RowSet rows;
    rows.push_back(0);
    transformation_->apply(batch_, rows);
    if (record.state == RowState::Filtered) return "OK dropped";
    if (record.state == RowState::Live) return "OK " + text_of(record);
    const RowError& error = batch_.error(0);
    const bool changed = text_of(record) != before;  // it could not be tried again
    return error_text("ERR ", error.kind, error.message) + (changed ? " changed" : "");
  }

 private:
  void configure(const std::string& name, const std::string& settings) {
    Arena arena;
    Reader reader(settings, arena);
    Properties config;
    for (int64_t n = reader.number(); n > 0; --n) {
      const std::string key = *reader.text();
      config[key] = *reader.text();
    }
    refusal_.clear();
    transformation_.reset();
    predicate_.reset();
    const PluginClass& plugin = find("org.apache.kafka.connect.transforms." + name);
    try {
      if (plugin.kind == PluginKind::Predicate) {
        predicate_ = plugin.predicate();
        predicate_->configure(config);
      } else {
        transformation_ = plugin.transformation();
        transformation_->configure(config);
      }
    } catch (const Error& error) {
      refusal_ = error_text("REFUSED ", error.kind(), error.what());
    }
  }

  const PluginClass& find(const std::string& name) const {
    for (const PluginClass& plugin : table_.classes()) {
      if (plugin.class_name == name) return plugin;
    }
    throw std::runtime_error("no class " + name);
  }

  std::string text_of(const Record& record) {
    std::string out = text_or_null(record.topic) + ' ';
    out += record.partition == kNoPartition ? "null" : std::to_string(record.partition);
    out += ' ' + (record.timestamp == kNoTimestamp ? "null" : std::to_string(record.timestamp));
    half(out, record.key);
    half(out, record.value);
    for (const Header& header : record.header_span()) {
      out += " | " + text_or_null(header.key) + ' ';
      oracle::dump(out, header.data.schema);
      out += ' ';
      oracle::dump(out, header.data.value);
    }
    return out;
  }

  void half(std::string& out, const SchemaAndValue& data) {
    out += " | ";
    oracle::dump(out, data.schema);
    out += ' ';
    oracle::dump(out, data.value);
    out += " | ";
    WireBytes wire;
    converters::CodecError error;
    if (!json_.encode(data, batch_, wire, error)) out += "no " + oracle::to_hex(error.message);
    else out += wire.is_null() ? "-" : oracle::to_hex(wire.text());
  }

  PluginTable table_;
  converters::JsonCodec json_;
  RecordBatch batch_;
  std::string group_;
  std::string refusal_;
  std::unique_ptr<Transformation> transformation_;
  std::unique_ptr<Predicate> predicate_;
};

}  // namespace

int main() {
  Oracle oracle;
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << oracle.answer(fields_of(line)) << '\n';
  }
  return 0;
}

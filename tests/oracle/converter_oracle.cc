// The native side of the oracle: same cases, same answers as ConverterOracle.java.

#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connectors/converters/json_codec.h"
#include "connectors/converters/simple_codecs.h"
#include "millrace/schema_projector.h"
#include "tests/oracle/notation.h"

namespace {

using namespace millrace;
using namespace millrace::converters;

struct Pair {
  std::unique_ptr<Converter> converter;
  std::unique_ptr<HeaderConverter> header;
};

struct Factory {
  const ConfigDefinition& definition;
  Pair (*make)();
};

template <class Codec>
Factory factory() {
  return {Codec::definition(), [] {
            return Pair{std::make_unique<CodecConverter<Codec>>(),
                        std::make_unique<CodecHeaderConverter<Codec>>()};
          }};
}

const Factory& factory_of(const std::string& name) {
  static const std::map<std::string, Factory> all = {
      {"json.JsonConverter", factory<JsonCodec>()},
      {"storage.StringConverter", factory<StringCodec>()},
      {"storage.SimpleHeaderConverter", factory<SimpleHeaderCodec>()},
      {"converters.ByteArrayConverter", factory<ByteArrayCodec>()},
      {"converters.BooleanConverter", factory<NumberCodec<Type::Boolean>>()},
      {"converters.ShortConverter", factory<NumberCodec<Type::Int16>>()},
      {"converters.IntegerConverter", factory<NumberCodec<Type::Int32>>()},
      {"converters.LongConverter", factory<NumberCodec<Type::Int64>>()},
      {"converters.FloatConverter", factory<NumberCodec<Type::Float32>>()},
      {"converters.DoubleConverter", factory<NumberCodec<Type::Float64>>()}};
  return all.at(name);
}

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : line) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// CLASS, SIDE (key, value or header), DIRECTION (read, write, config), SETTINGS, DATA.
struct Case {
  explicit Case(const std::string& line) : fields(split(line, '\t')) { fields.resize(5); }
  std::vector<std::string> fields;
  bool is_header() const { return fields[1] == "header"; }
  Side side() const { return fields[1] == "key" ? Side::Key : Side::Value; }
};

std::string config_text(const ConfigDefinition& definition) {
  std::map<std::string, std::string> sorted;
  for (const ConfigKey& key : definition.keys()) {
    std::string text = key.name + ',' + std::string(config_type_name(key.type)) + ',';
    text += std::string(importance_name(key.importance)) + ',';
    text += key.required ? "required" : key.default_text.value_or("null");
    text += ',' + key.group.value_or("null") + ',' + std::to_string(key.order) + ',';
    text += std::string(width_name(key.width)) + ',' + key.display_name.value_or(key.name) + ';';
    sorted[key.name] = text;
  }
  std::string out;
  for (const auto& [name, text] : sorted) out += text;
  return out;
}

Pair& converter_for(const Case& c, std::map<std::string, Pair>& known) {
  Pair& pair = known[c.fields[0] + c.fields[1] + c.fields[3]];
  if (pair.converter) return pair;
  Pair fresh = factory_of(c.fields[0]).make();
  Properties settings{{"converter.type", c.fields[1]}};
  for (const std::string& entry : split(c.fields[3], ';')) {
    const size_t at = entry.find('=');
    if (at != std::string::npos) settings[entry.substr(0, at)] = entry.substr(at + 1);
  }
  fresh.converter->configure(settings, c.side());
  fresh.header->configure(settings);
  pair = std::move(fresh);
  return pair;
}

/// One row with the case's data, in the place its side says.
std::string convert(const Case& c, Pair& pair, RecordBatch& batch) {
  RowSet rows;
  rows.push_back(0);
  Record& record = batch.add();
  Header header;
  header.key = "h";
  record.headers = &header;
  record.header_count = 1;
  SchemaAndValue& data = c.is_header() ? header.data : record.side(c.side());
  WireBytes& wire = c.is_header() ? header.wire : record.wire(c.side());
  std::string out;
  if (c.fields[2] == "read") {
    if (const auto bytes = oracle::from_hex(c.fields[4])) {
      wire = WireBytes::of(batch.arena().copy(*bytes));
    }
    if (c.is_header()) pair.header->to_connect_headers(batch, rows);
    else pair.converter->to_connect_data(batch, rows, c.side());
    oracle::dump(out, data.schema);
    out += " | ";
    if (record.state == RowState::Live) oracle::dump(out, data.value);
  } else {
    oracle::Reader reader(c.fields[4], batch.arena());
    const SchemaPtr schema = reader.schema();
    data.schema = batch.keep(schema);
    data.value = reader.value(schema.get());
    if (c.is_header()) pair.header->from_connect_headers(batch, rows);
    else pair.converter->from_connect_data(batch, rows, c.side());
    out = wire.is_null() ? "-" : oracle::to_hex(wire.text());
  }
  if (record.state == RowState::Live) return "OK " + out;
  const RowError& error = batch.error(0);
  out = "ERR " + std::string(java_class_name(error.kind)) + ' ' + oracle::to_hex(error.message);
  return error.cause ? out + ' ' + oracle::to_hex(error.cause->message) : out;
}

std::string struct_put(const Case& c, RecordBatch& batch) {
  oracle::Reader reader(c.fields[4], batch.arena());
  const SchemaPtr schema = reader.schema();
  const Value value = reader.value(schema.get());
  const std::string message = validate_value(*schema, value, "field: \"f\"");
  if (message.empty()) return "OK -";
  return "ERR " + std::string(java_class_name(ErrorKind::Data)) + ' ' + oracle::to_hex(message);
}

/// SOURCE TARGET VALUE.
std::string project(const Case& c, RecordBatch& batch) {
  oracle::Reader reader(c.fields[4], batch.arena());
  const SchemaPtr source = reader.schema();
  const SchemaPtr target = reader.schema();
  const Value value = reader.value(source.get());
  Value result;
  if (const auto error = project_value(*source, value, *target, batch.arena(), result)) {
    return "ERR " + std::string(java_class_name(error->kind)) + ' ' + oracle::to_hex(error->message);
  }
  std::string out = "OK ";
  oracle::dump(out, result);
  return out;
}

}  // namespace

int main() {
  std::map<std::string, Pair> converters;
  RecordBatch batch;
  for (std::string line; std::getline(std::cin, line);) {
    const Case c(line);
    batch.reset();
    std::string answer;
    try {
      if (c.fields[0] == "struct") answer = struct_put(c, batch);
      else if (c.fields[0] == "project") answer = project(c, batch);
      else if (c.fields[2] == "config")
        answer = "OK " + config_text(factory_of(c.fields[0]).definition);
      else answer = convert(c, converter_for(c, converters), batch);
    } catch (const Error& error) {
      answer = "ERR " + std::string(java_class_name(error.kind())) + ' ' +
               oracle::to_hex(error.what());
    }
    std::cout << answer << '\n';
  }
  return 0;
}

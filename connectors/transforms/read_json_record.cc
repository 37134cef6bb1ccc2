// ReadJsonRecord (Millrace's own): a text that holds a whole record becomes that record.

#include "connectors/transforms/headers.h"
#include "connectors/transforms/registrations.h"
#include "connectors/transforms/side.h"
#include "millrace/base64.h"
#include "millrace/json.h"
#include "millrace/text.h"

namespace millrace::transforms {
namespace {

struct Options {};

const ConfigDef<Options>& rows() {
  static const ConfigDef<Options> def;
  return def;
}

/// The value is a JSON object: `topic` (text), `timestamp` (milliseconds), `headers` (object of texts), `key` and
/// `value` (base64); all may be missing. Texts become bytes as they are in Kafka, so that ByteArrayConverter and
/// StringConverter write them.
class ReadJsonRecord {
 public:
  static const ConfigDefinition& definition() { return rows().definition(); }
  void configure(const Properties& config) { rows().parse(config); }

  bool apply(RecordBatch& batch, Record& record, Failure& failure) {
    const Value& text = record.value.value;
    if (text.type() != Type::String) return failure.fail("reading a record: the value is no text");
    Value json;
    if (std::string why = parse_json(text.as_string(), batch.arena(), json); !why.empty()) {
      return failure.fail("reading a record: " + why);
    }
    if (json.type() != Type::Map) return failure.fail("reading a record: it is no JSON object");
    Record read = record;
    read.key = read.value = {};
    for (const MapEntry& entry : json.as_map()) {
      if (!take(batch, read, entry.key.as_string(), entry.value, failure)) return false;
    }
    record = read;
    return true;
  }

 private:
  bool take(RecordBatch& batch, Record& record, std::string_view name, const Value& value, Failure& failure) {
    if (name == "key") return take_bytes(batch, value, record.key, name, failure);
    if (name == "value") return take_bytes(batch, value, record.value, name, failure);
    if (name == "headers") return take_headers(batch, record, value, failure);
    if (name == "timestamp" && value.type() == Type::Int64) {
      record.timestamp = value.as_int();
      return true;
    }
    if (name == "topic" && value.type() == Type::String) {
      record.topic = batch.arena().copy(value.as_string());
      return true;
    }
    return failure.fail("reading a record: member " + std::string(name) +
                        " is not one of topic, timestamp, headers, key, value, or of another type");
  }

  bool take_bytes(RecordBatch& batch, const Value& value, SchemaAndValue& out, std::string_view name,
                  Failure& failure) {
    out = {};
    if (value.is_null()) return true;
    scratch_.clear();
    if (value.type() != Type::String || !decode_base64(value.as_string(), scratch_)) {
      return failure.fail("reading a record: " + std::string(name) + " is no base64");
    }
    const std::string_view bytes = batch.arena().copy(scratch_);
    out = {batch.keep(bytes_), Value::bytes({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()})};
    return true;
  }

  bool take_headers(RecordBatch& batch, Record& record, const Value& value, Failure& failure) {
    if (value.type() != Type::Map) return failure.fail("reading a record: headers is no object");
    const auto members = value.as_map();
    const auto headers = append_headers(batch, record, members.size());
    for (size_t i = 0; i < members.size(); ++i) {
      if (members[i].value.type() != Type::String) {
        return failure.fail("reading a record: a header is no text");
      }
      headers[i] = {batch.arena().copy(members[i].key.as_string()),
                    {batch.keep(string_), Value::string(batch.arena().copy(members[i].value.as_string()))},
                    {}};
    }
    return true;
  }

  const SchemaPtr bytes_ = primitive_schema(Type::Bytes);
  const SchemaPtr string_ = primitive_schema(Type::String);
  std::string scratch_;
};

}  // namespace

void register_read_json_record(PluginTable& table) {
  table.transformation<OnRecord<ReadJsonRecord>>({"org.millrace.transforms.ReadJsonRecord", "0.1.0"});
}

}  // namespace millrace::transforms

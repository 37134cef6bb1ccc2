#include "runtime/cli/record_line.h"

#include <limits>
#include <vector>

#include "millrace/base64.h"
#include "millrace/json.h"
#include "millrace/schema.h"
#include "millrace/text.h"

namespace millrace {
namespace {

constexpr std::string_view kBase64 = "base64";

void set_defaults(const RecordDefaults& defaults, RecordBatch& batch, Record& record) {
  record.topic = batch.arena().copy(defaults.topic);
  record.timestamp = defaults.timestamp;
  record.timestamp_type =
      defaults.timestamp == kNoTimestamp ? TimestampType::None : TimestampType::Create;
  record.partition = defaults.partition;
  record.offset = defaults.offset;
}

void set_origin(Record& record) {
  record.original_topic = record.topic;
  record.original_partition = record.partition;
}

/// The text of `{"base64": TEXT}`; null for anything else.
const Value* base64_text(const Value& value) {
  if (value.type() != Type::Map || value.size() != 1) return nullptr;
  const MapEntry& entry = value.as_map()[0];
  const bool is_form = entry.key.as_string() == kBase64 && entry.value.type() == Type::String;
  return is_form ? &entry.value : nullptr;
}

/// One line at a time.
class LineParser {
 public:
  LineParser(bool is_sink, RecordBatch& batch, Record& record)
      : is_sink_(is_sink), batch_(batch), record_(record) {}

  std::string parse(std::string_view line) {
    std::vector<JsonMember> members;
    std::string error;
    if (!parse_json_object(line, batch_.arena(), members, error)) return error;
    for (const JsonMember& member : members) {
      error = take(member);
      if (!error.empty()) return std::string(member.name) + ": " + error;
    }
    return {};
  }

 private:
  std::string take(const JsonMember& member) {
    const std::string_view name = member.name;
    if (name == "key") return take_data(member.scalar, record_.key, record_.key_wire);
    if (name == "value") return take_data(member.scalar, record_.value, record_.value_wire);
    if (name == "headers") return take_headers(member.scalar);
    if (name == "topic") return take_topic(member.scalar.value);
    if (name == "timestamp") return take_timestamp(member.scalar.value);
    if (name == "offset") return take_number(member.scalar.value, record_.offset);
    if (name == "partition") {
      int64_t number = record_.partition;
      std::string error = take_number(member.scalar.value, number);
      if (number > std::numeric_limits<int32_t>::max()) return "too large";
      record_.partition = static_cast<int32_t>(number);
      return error;
    }
    return name == "row" ? std::string() : "no such member of a record";
  }

  std::string take_data(const JsonScalar& scalar, SchemaAndValue& data, WireBytes& wire) {
    Value bytes;
    if (const Value* text = base64_text(scalar.value)) {
      std::string decoded;
      if (!decode_base64(text->as_string(), decoded)) return "this is not padded base64";
      const auto kept = batch_.arena().copy(decoded);
      bytes = Value::bytes({reinterpret_cast<const uint8_t*>(kept.data()), kept.size()});
    }
    if (!is_sink_) {
      data.value = bytes.is_null() ? scalar.value : bytes;
    } else if (!bytes.is_null()) {
      wire = {bytes.as_bytes().data(), bytes.size()};
    } else if (!scalar.value.is_null()) {
      wire = WireBytes::of(scalar.value.type() == Type::String ? scalar.value.as_string()
                                                               : scalar.text);
    }
    return {};
  }

  std::string take_topic(const Value& value) {
    if (value.is_null()) return {};
    if (value.type() != Type::String) return "a topic is a text";
    record_.topic = value.as_string();
    return {};
  }

  std::string take_timestamp(const Value& value) {
    record_.timestamp = kNoTimestamp;
    record_.timestamp_type = value.is_null() ? TimestampType::None : TimestampType::Create;
    return take_number(value, record_.timestamp);
  }

  static std::string take_number(const Value& value, int64_t& out) {
    if (value.is_null()) return {};
    if (value.type() != Type::Int64 || value.as_int() < 0) {
      return "this takes a whole number of at least 0";
    }
    out = value.as_int();
    return {};
  }

  // The text of each element, which a parsed list does not have, is what a sink consumes.
  std::string take_headers(const JsonScalar& list) {
    if (list.value.is_null()) return {};
    if (list.value.type() != Type::Array) return "headers are a list";
    const auto headers = batch_.arena().make_array<Header>(list.value.size());
    std::string_view rest = list.text.substr(1);
    for (size_t i = 0; i < headers.size(); ++i) {
      if (list.value.as_array()[i].type() != Type::Map) return "a header is an object";
      rest.remove_prefix(rest.find('{'));
      headers[i] = {};
      std::string error = take_header(rest, headers[i]);
      if (!error.empty()) return error;
      Value skipped;
      size_t size = 0;
      parse_json(rest, batch_.arena(), skipped, JsonNumbers::Double, &size);
      rest.remove_prefix(size);
    }
    record_.headers = headers.data();
    record_.header_count = static_cast<uint32_t>(headers.size());
    return {};
  }

  std::string take_header(std::string_view text, Header& header) {
    std::vector<JsonMember> members;
    std::string error;
    if (!parse_json_object(text, batch_.arena(), members, error)) return error;
    bool has_key = false;
    for (const JsonMember& member : members) {
      if (member.name == "key" && member.scalar.value.type() == Type::String) {
        header.key = member.scalar.value.as_string();
        has_key = true;
      } else if (member.name == "value") {
        error = take_data(member.scalar, header.data, header.wire);
        if (!error.empty()) return error;
      } else {
        return "a header has a text `key` and a `value`, not " + std::string(member.name);
      }
    }
    return has_key ? std::string() : "a header has no key";
  }

  bool is_sink_;
  RecordBatch& batch_;
  Record& record_;
};

}  // namespace

std::string read_value_line(std::string_view line, bool is_sink, const RecordDefaults& defaults,
                            RecordBatch& batch, Record& record) {
  set_defaults(defaults, batch, record);
  set_origin(record);
  if (is_sink) {
    record.value_wire = WireBytes::of(batch.arena().copy(line));
    return {};
  }
  if (line.ends_with('\r')) line.remove_suffix(1);
  record.value.schema = primitive_schema(Type::String).get();
  record.value.value = Value::string(valid_utf8(batch.arena().copy(line), batch.arena()));
  return {};
}

std::string read_record_line(std::string_view line, bool is_sink, const RecordDefaults& defaults,
                             RecordBatch& batch, Record& record) {
  set_defaults(defaults, batch, record);
  std::string error = LineParser(is_sink, batch, record).parse(batch.arena().copy(line));
  if (record.topic.empty() && error.empty()) error = "no topic; add `topic` or --topic";
  set_origin(record);
  return error;
}

}  // namespace millrace

#include "connectors/converters/json_codec.h"

#include <algorithm>

#include "connectors/converters/converter_type.h"
#include "connectors/converters/json_data.h"
#include "connectors/converters/json_schema.h"
#include "millrace/errors.h"

namespace millrace::converters {
namespace {

constexpr std::string_view kSchemaField = "schema";
constexpr std::string_view kPayloadField = "payload";

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool fail_syntax(CodecError& error, const std::string& why) {
  return error.fail_serialization(
      "Converting byte[] to Kafka Connect data failed due to serialization error: ", why);
}

bool fail_envelope(CodecError& error) {
  return error.fail(
      "JsonConverter with schemas.enable requires \"schema\" and \"payload\" fields and may not "
      "contain additional fields. If you are trying to deserialize plain JSON data, set "
      "schemas.enable=false in your converter configuration.");
}

}  // namespace

const ConfigDef<JsonOptions>& JsonOptions::def() {
  static const auto def =
      ConfigDef<JsonOptions>{}
          .optional(&JsonOptions::schemas_enable,
                    {.name = "schemas.enable",
                     .importance = Importance::High,
                     .doc = "Whether each message carries its schema in an envelope.",
                     .group = "Schemas",
                     .order = 0,
                     .width = Width::Medium,
                     .display_name = "Enable Schemas"})
          .optional(&JsonOptions::schemas_cache_size,
                    {.name = "schemas.cache.size",
                     .importance = Importance::High,
                     .doc = "Most schemas remembered, for each direction.",
                     .group = "Schemas",
                     .order = 1,
                     .width = Width::Medium,
                     .display_name = "Schema Cache Size"})
          .optional(&JsonOptions::decimal_format,
                    {.name = "decimal.format",
                     .importance = Importance::Low,
                     .doc = "How decimals are written: BASE64 or NUMERIC. Both are read.",
                     .validator = one_of_ignoring_case({"BASE64", "NUMERIC"}),
                     .group = "Serialization",
                     .order = 0,
                     .width = Width::Medium,
                     .display_name = "Decimal Format"})
          .optional(&JsonOptions::replace_null_with_default,
                    {.name = "replace.null.with.default",
                     .importance = Importance::Low,
                     .doc = "Whether null becomes the default value of a field that has one.",
                     .group = "Serialization",
                     .order = 1,
                     .width = Width::Medium,
                     .display_name = "Replace null with default"});
  return def;
}

const ConfigDefinition& JsonCodec::definition() {
  static const ConfigDefinition definition = with_converter_type(JsonOptions::def().definition());
  return definition;
}

// An extension, and so none of the keys that are shown as Kafka's.
JsonNumbers JsonCodec::free_numbers(const Properties& config) {
  constexpr const char* kKey = "millrace.big.integers";
  const std::string* text = find(config, kKey);
  if (text == nullptr || *text == "wrap") return JsonNumbers::Double;
  if (*text == "decimal") return JsonNumbers::Wide;
  throw ConfigException("Invalid value " + *text + " for configuration " + kKey +
                        ": String must be one of: wrap, decimal");
}

void JsonCodec::configure(const Properties& config, bool) {
  options_ = JsonOptions::def().parse(config);
  free_numbers_ = free_numbers(config);
  numeric_decimals_ = options_.decimal_format.size() == std::string_view("NUMERIC").size();
  const auto limit = static_cast<size_t>(std::max(options_.schemas_cache_size, 0));
  read_cache_.set_limit(limit);
  write_cache_.set_limit(limit);
}

bool JsonCodec::decode(WireBytes wire, RecordBatch& batch, SchemaAndValue& out,
                       CodecError& error) {
  out = SchemaAndValue{};
  if (wire.is_null()) return true;
  if (!options_.schemas_enable) {
    const std::string why = parse_json(wire.text(), batch.arena(), out.value,
                                       free_numbers_, nullptr, &order_);
    return why.empty() || fail_syntax(error, why);
  }
  bool done = false;
  const bool ok = decode_known(wire.text(), batch, out, error, done);
  return done ? ok : decode_envelope(wire.text(), batch, out, error);
}

// The same schema as the last message, byte for byte: only the payload is parsed.
bool JsonCodec::decode_known(std::string_view text, RecordBatch& batch, SchemaAndValue& out,
                             CodecError& error, bool& done) {
  if (last_prefix_.empty() || !text.starts_with(last_prefix_)) return false;
  text.remove_prefix(last_prefix_.size());
  Value payload;
  size_t end = 0;
  const auto numbers = last_read_.exact ? JsonNumbers::Exact : JsonNumbers::Wide;
  if (!parse_json(text, batch.arena(), payload, numbers, &end).empty() || end == 0) return false;
  const std::string_view raw = text.substr(0, end);
  while (end < text.size() && is_blank(text[end])) ++end;
  if (end == text.size() || text[end] != '}') return false;  // more members, or broken
  done = true;
  return read_payload(last_read_, &payload, raw, batch, out, error);
}

bool JsonCodec::decode_envelope(std::string_view text, RecordBatch& batch, SchemaAndValue& out,
                                CodecError& error) {
  std::string why;
  members_.clear();
  if (!parse_json_object(text, batch.arena(), members_, why, JsonNumbers::Wide)) {
    // No object, or no JSON at all: the whole document tells which.
    Value document;
    why = parse_json(text, batch.arena(), document);
    return why.empty() ? fail_envelope(error) : fail_syntax(error, why);
  }
  const JsonMember* schema = nullptr;
  const JsonMember* payload = nullptr;
  for (const JsonMember& member : members_) {
    if (member.name == kSchemaField) {
      schema = &member;
    } else if (member.name == kPayloadField) {
      payload = &member;
    } else {
      return fail_envelope(error);
    }
  }
  if (schema == nullptr || payload == nullptr) return fail_envelope(error);
  ReadSchema* known = schema_of(schema->scalar.text, error);
  if (known == nullptr) return false;
  const bool ok = read_payload(*known, known->exact ? nullptr : &payload->scalar.value,
                               payload->scalar.text, batch, out, error);
  last_prefix_.clear();
  if (members_.size() == 2 && schema < payload) {
    const char* from = text.data();
    last_prefix_.assign(from, static_cast<size_t>(payload->scalar.text.data() - from));
    last_read_ = *known;
  }
  return ok;
}

// `parsed` null: `text` is parsed for it.
bool JsonCodec::read_payload(ReadSchema& known, const Value* parsed, std::string_view text,
                             RecordBatch& batch, SchemaAndValue& out, CodecError& error) {
  out.schema = batch.keep(known.schema);
  JsonReader reader{batch.arena(), order_, options_.replace_null_with_default, error};
  if (parsed != nullptr) {
    if (reader.read(known.schema.get(), *parsed, out.value)) return true;
    if (!reader.needs_digits()) return false;
    known.exact = true;
  }
  Value exact;
  if (const std::string why = parse_json(text, batch.arena(), exact, JsonNumbers::Exact);
      !why.empty()) {
    return fail_syntax(error, why);
  }
  return JsonReader{batch.arena(), order_, options_.replace_null_with_default, error}.read(
      known.schema.get(), exact, out.value);
}

JsonCodec::ReadSchema* JsonCodec::schema_of(std::string_view text, CodecError& error) {
  if (ReadSchema* known = read_cache_.find(text)) return known;
  Arena arena;
  Value json;
  if (const std::string why = parse_json(text, arena, json, JsonNumbers::Exact); !why.empty()) {
    fail_syntax(error, why);
    return nullptr;
  }
  ReadSchema fresh;
  if (!read_schema(json, options_, fresh.schema, error)) return nullptr;
  return &read_cache_.insert(std::string(text), std::move(fresh));
}

const std::string* JsonCodec::schema_json(const Schema& schema, CodecError& error) {
  if (const WrittenSchema* known = write_cache_.find(&schema)) return &known->json;
  WrittenSchema fresh{schema.shared_from_this(), {}};
  if (!append_schema(fresh.json, schema, {}, numeric_decimals_, error)) return nullptr;
  return &write_cache_.insert(&schema, std::move(fresh)).json;
}

bool JsonCodec::encode(const SchemaAndValue& in, RecordBatch& batch, WireBytes& out,
                       CodecError& error) {
  out = WireBytes{};
  if (in.schema == nullptr && in.value.is_null()) return true;
  scratch_.clear();
  if (options_.schemas_enable) {
    scratch_ += "{\"schema\":";
    if (in.schema == nullptr) {
      scratch_ += "null";
    } else {
      const std::string* schema = schema_json(*in.schema, error);
      if (schema == nullptr) return false;
      scratch_ += *schema;
    }
    scratch_ += ",\"payload\":";
  }
  const JsonWriter writer{scratch_, options_.replace_null_with_default, numeric_decimals_, error};
  if (!writer.write(in.schema, in.value)) return false;
  if (options_.schemas_enable) scratch_ += '}';
  out = WireBytes::of(batch.arena().copy(scratch_));
  return true;
}

}  // namespace millrace::converters

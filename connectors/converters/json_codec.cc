#include "connectors/converters/json_codec.h"

#include <algorithm>

#include "connectors/converters/json_data.h"
#include "connectors/converters/json_schema.h"
#include "millrace/json.h"

namespace millrace::converters {
namespace {

constexpr const char* kSchemaField = "schema";
constexpr const char* kPayloadField = "payload";

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
                     .group = "Schemas",
                     .order = 2,
                     .width = Width::Medium,
                     .display_name = "Replace null with default"});
  return def;
}

void JsonCodec::configure(const Properties& config, bool) {
  options_ = JsonOptions::def().parse(config);
  numeric_decimals_ = options_.decimal_format.size() == std::string_view("NUMERIC").size();
}

bool JsonCodec::decode(WireBytes wire, RecordBatch& batch, SchemaAndValue& out,
                       CodecError& error) {
  out = SchemaAndValue{};
  if (wire.is_null()) return true;
  Value document;
  if (std::string why = parse_json(wire.text(), batch.arena(), document); !why.empty()) {
    return error.fail("Converting byte[] to Kafka Connect data failed due to serialization error: " +
                      why);
  }
  if (options_.schemas_enable) return decode_envelope(wire, document, batch, out, error);
  out.value = document;
  return true;
}

bool JsonCodec::decode_envelope(WireBytes wire, const Value& document, RecordBatch& batch,
                                SchemaAndValue& out, CodecError& error) {
  const Value* schema = member(document, kSchemaField);
  const Value* payload = member(document, kPayloadField);
  if (document.type() != Type::Map || document.size() != 2 || schema == nullptr ||
      payload == nullptr) {
    return error.fail(
        "JsonConverter with schemas.enable requires \"schema\" and \"payload\" fields and may not "
        "contain additional fields. If you are trying to deserialize plain JSON data, set "
        "schemas.enable=false in your converter configuration.");
  }
  const CachedSchema* known = schema_of(*schema, error);
  if (known == nullptr) return false;
  Value data = *payload;
  if (known->has_decimal) {
    // Decimals need the literal's digits; only schemas that have one pay for a second pass.
    Value exact;
    if (std::string why = parse_json(wire.text(), batch.arena(), exact, JsonNumbers::Exact);
        !why.empty()) {
      return error.fail(std::move(why));
    }
    data = *member(exact, kPayloadField);
  }
  out.schema = known->schema ? batch.keep(known->schema) : nullptr;
  const JsonReader reader{batch.arena(), options_.replace_null_with_default, error};
  return reader.read(known->schema.get(), data, out.value);
}

const JsonCodec::CachedSchema* JsonCodec::schema_of(const Value& json, CodecError& error) {
  if (last_read_ != nullptr && last_read_->json == json) return last_read_;
  const auto at = read_cache_.find(json);
  if (at != read_cache_.end()) return last_read_ = at->second.get();
  auto entry = std::make_unique<CachedSchema>();
  if (!read_schema(json, options_, entry->schema, error)) return nullptr;
  entry->json = copy_value(json, entry->arena);
  entry->has_decimal = entry->schema && contains_decimal(*entry->schema);
  if (read_cache_.size() >= static_cast<size_t>(std::max(options_.schemas_cache_size, 1))) {
    read_cache_.clear();
  }
  const Value key = entry->json;
  last_read_ = read_cache_.emplace(key, std::move(entry)).first->second.get();
  return last_read_;
}

const std::string& JsonCodec::schema_json(const Schema& schema) {
  if (last_written_ == &schema) return *last_written_json_;
  if (write_cache_.size() >= static_cast<size_t>(std::max(options_.schemas_cache_size, 1))) {
    write_cache_.clear();
  }
  const auto [at, is_new] = write_cache_.try_emplace(schema.shared_from_this());
  if (is_new) append_schema(at->second, schema, {}, numeric_decimals_);
  last_written_ = &schema;
  last_written_json_ = &at->second;
  return at->second;
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
      scratch_ += schema_json(*in.schema);
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

#pragma once
// JsonConverter: JSON with or without the schema envelope (connect-data.md §3.1).

#include <memory>
#include <string>
#include <unordered_map>

#include "connectors/converters/codec_converter.h"
#include "connectors/converters/json_options.h"

namespace millrace::converters {

class JsonCodec {
 public:
  static const ConfigDefinition& definition() { return JsonOptions::def().definition(); }
  void configure(const Properties& config, bool is_key);
  bool decode(WireBytes wire, RecordBatch& batch, SchemaAndValue& out, CodecError& error);
  bool encode(const SchemaAndValue& in, RecordBatch& batch, WireBytes& out, CodecError& error);

 private:
  /// A schema read from an envelope, with the JSON it was read from.
  struct CachedSchema {
    Arena arena;
    Value json;
    SchemaPtr schema;
    bool has_decimal = false;
  };
  struct HashValue {
    size_t operator()(const Value& value) const noexcept { return hash_value(value); }
  };

  bool decode_envelope(WireBytes wire, const Value& document, RecordBatch& batch,
                       SchemaAndValue& out, CodecError& error);
  const CachedSchema* schema_of(const Value& json, CodecError& error);
  const std::string& schema_json(const Schema& schema);

  JsonOptions options_;
  bool numeric_decimals_ = false;
  // Emptied when full: connectors have few schemas, and a full cache means there is no pattern.
  std::unordered_map<Value, std::unique_ptr<CachedSchema>, HashValue> read_cache_;
  std::unordered_map<SchemaPtr, std::string> write_cache_;
  const CachedSchema* last_read_ = nullptr;
  const Schema* last_written_ = nullptr;
  const std::string* last_written_json_ = nullptr;
  std::string scratch_;
};

}  // namespace millrace::converters

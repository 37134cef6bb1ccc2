#pragma once
// JsonConverter: JSON with or without the schema envelope (connect-data.md §3.1).

#include <string>
#include <string_view>
#include <vector>

#include "connectors/converters/codec_converter.h"
#include "connectors/converters/json_options.h"
#include "connectors/converters/lru_cache.h"
#include "millrace/json.h"

namespace millrace::converters {

class JsonCodec {
 public:
  static const ConfigDefinition& definition();
  void configure(const Properties& config, bool is_key);
  bool decode(WireBytes wire, RecordBatch& batch, SchemaAndValue& out, CodecError& error);
  bool encode(const SchemaAndValue& in, RecordBatch& batch, WireBytes& out, CodecError& error);

 private:
  struct ReadSchema {
    SchemaPtr schema;
    /// Set once a payload needed the digits of its numbers: then they are kept from the start.
    bool exact = false;
  };
  /// Text of a schema for the envelope, kept as long as the schema it belongs to.
  struct WrittenSchema {
    SchemaPtr schema;
    std::string json;
  };

  static JsonNumbers free_numbers(const Properties& config);
  bool decode_envelope(std::string_view text, RecordBatch& batch, SchemaAndValue& out,
                       CodecError& error);
  bool decode_known(std::string_view text, RecordBatch& batch, SchemaAndValue& out,
                    CodecError& error, bool& done);
  bool read_payload(ReadSchema& known, const Value* parsed, std::string_view text,
                    RecordBatch& batch, SchemaAndValue& out, CodecError& error);
  ReadSchema* schema_of(std::string_view text, CodecError& error);
  /// Null with the reason in `error` when the schema cannot be written.
  const std::string* schema_json(const Schema& schema, CodecError& error);

  JsonOptions options_;
  JavaMapOrder order_;
  bool numeric_decimals_ = false;
  JsonNumbers free_numbers_ = JsonNumbers::Double;  // without schemas
  LruCache<std::string, std::string_view, ReadSchema> read_cache_;
  LruCache<const Schema*, const Schema*, WrittenSchema> write_cache_;
  // Messages of one topic mostly start with the same bytes: `{"schema":...,"payload":`.
  std::string last_prefix_;
  ReadSchema last_read_;
  std::vector<JsonMember> members_;
  std::string scratch_;
};

}  // namespace millrace::converters

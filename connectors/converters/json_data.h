#pragma once
// Connect values as JSON, under a schema (connect-data.md §3.1 "Write", "Read").

#include <string>

#include "connectors/converters/codec_converter.h"
#include "millrace/schema.h"

namespace millrace::converters {

/// JSON to Connect. Scalars are coerced as Jackson does, never type-checked.
struct JsonReader {
  Arena& arena;
  bool replace_null_with_default;
  CodecError& error;

  /// `schema` null: the JSON value itself. False with the message of Java's DataException.
  bool read(const Schema* schema, const Value& json, Value& out) const;

 private:
  bool read_logical(const Schema& schema, const Value& json, Value& out) const;
  bool read_decimal(const Schema& schema, const Value& json, Value& out) const;
  bool read_bytes(const Value& json, Value& out) const;
  bool read_array(const Schema& schema, const Value& json, Value& out) const;
  bool read_map(const Schema& schema, const Value& json, Value& out) const;
  bool read_struct(const Schema& schema, const Value& json, Value& out) const;
};

/// Connect to JSON, appended to `out`.
struct JsonWriter {
  std::string& out;
  bool replace_null_with_default;
  bool numeric_decimals;
  CodecError& error;

  bool write(const Schema* schema, const Value& value) const;

 private:
  bool write_null(const Schema* schema) const;
  bool write_logical(const Schema& schema, const Value& value) const;
  bool write_decimal(const Schema& schema, const DecimalData& value) const;
  bool write_array(const Schema* schema, const Value& value) const;
  bool write_map(const Schema* schema, const Value& value) const;
  bool write_struct(const Schema* schema, const Value& value) const;
};

}  // namespace millrace::converters

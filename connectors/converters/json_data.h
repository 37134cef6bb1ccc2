#pragma once
// Connect values as JSON, under a schema (connect-data.md §3.1 "Write", "Read").

#include <string>

#include "connectors/converters/codec_converter.h"
#include "millrace/java_map_order.h"
#include "millrace/schema.h"

namespace millrace::converters {

/// JSON to Connect. Scalars are coerced as Jackson does, never type-checked. Reads documents parsed
/// with JsonNumbers::Wide or Exact.
class JsonReader {
 public:
  JsonReader(Arena& arena, JavaMapOrder& order, bool replace_null_with_default, CodecError& error)
      : arena_(arena), order_(order), replace_null_with_default_(replace_null_with_default), error_(error) {}

  /// `schema` null: the JSON value itself. False with the message of Java's DataException.
  bool read(const Schema* schema, const Value& json, Value& out);
  /// After a false: a number must be read again from its digits (JsonNumbers::Exact).
  bool needs_digits() const noexcept { return needs_digits_; }

 private:
  bool want_digits() noexcept {
    needs_digits_ = true;
    return false;
  }
  bool read_free(const Value& json, Value& out);
  bool read_integer(Type type, const Value& json, Value& out);
  bool read_real(Type type, const Value& json, Value& out);
  bool read_logical(const Schema& schema, const Value& json, Value& out);
  bool read_decimal(const Schema& schema, const Value& json, Value& out);
  bool read_bytes(const Value& json, Value& out);
  bool read_array(const Schema& schema, const Value& json, Value& out);
  bool read_map(const Schema& schema, const Value& json, Value& out);
  bool read_pair(const Schema& schema, const Value& json, MapEntry& out);
  bool read_struct(const Schema& schema, const Value& json, Value& out);

  Arena& arena_;
  JavaMapOrder& order_;
  bool replace_null_with_default_;
  CodecError& error_;
  bool needs_digits_ = false;
  bool made_null_ = false;  // something that was no null became one, which a struct must check
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

#pragma once
// One value of a row.

#include <cstdint>
#include <string_view>

namespace millrace::feature_store {

/// Trivially copyable; text and bytes point into the row.
struct Cell {
  enum class Kind : uint8_t {
    Null,
    Boolean,    // integer: 0, 1
    Integer,    // integer
    Float,      // real
    Double,     // real
    Decimal,    // bytes: unscaled, big-endian two's complement; the scale is the type's
    Date,       // integer: days since 1970-01-01
    Timestamp,  // integer: microseconds since the epoch
    Text,       // bytes: UTF-8
    Bytes,      // bytes
    Complex,    // bytes: Avro of the field's own schema, a nullable union as a rule
  };
  Kind kind = Kind::Null;
  union {
    int64_t integer = 0;
    double real;
  };
  std::string_view bytes = {};

  bool is_null() const noexcept { return kind == Kind::Null; }
};

}  // namespace millrace::feature_store

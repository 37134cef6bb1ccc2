#pragma once
// A Connect value in 16 bytes: type, size and a payload that is either the number itself or a
// pointer into the arena of the batch that owns the value (architecture: "arena rows").
// A Value is trivially copyable and owns nothing. It dies with its batch: keep one by copying it
// into another arena (copy_value in arena.h).

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace millrace {

class Schema;

/// In-memory class of a value. The first group equals Connect's Schema.Type; Decimal and Date are
/// the Java classes (BigDecimal, java.util.Date) behind the logical types (connect-data.md §1.5).
enum class Type : uint8_t {
  Null = 0,
  Int8,
  Int16,
  Int32,
  Int64,
  Float32,
  Float64,
  Boolean,
  String,
  Bytes,
  Array,
  Map,
  Struct,
  Decimal,  // unscaled integer and scale
  Date,     // instant, milliseconds since the epoch; the class of Date, Time and Timestamp
};

/// `INT8`, `STRING`, ... as Kafka prints a Schema.Type; `DECIMAL` and `DATE` for the last two.
std::string_view type_name(Type type) noexcept;
/// `class java.lang.Long`, ... as Java prints the class of such a value in messages.
std::string_view java_class(Type type) noexcept;

struct StructData;
struct DecimalData;
struct MapEntry;

class Value {
 public:
  constexpr Value() noexcept : type_(Type::Null), size_(0), payload_{.integer = 0} {}

  static constexpr Value int8(int8_t v) noexcept { return {Type::Int8, int64_t{v}}; }
  static constexpr Value int16(int16_t v) noexcept { return {Type::Int16, int64_t{v}}; }
  static constexpr Value int32(int32_t v) noexcept { return {Type::Int32, int64_t{v}}; }
  static constexpr Value int64(int64_t v) noexcept { return {Type::Int64, v}; }
  static constexpr Value float32(float v) noexcept { return {Type::Float32, double{v}}; }
  static constexpr Value float64(double v) noexcept { return {Type::Float64, v}; }
  static constexpr Value boolean(bool v) noexcept { return {Type::Boolean, int64_t{v}}; }
  static constexpr Value date(int64_t epoch_ms) noexcept { return {Type::Date, epoch_ms}; }
  /// UTF-8 text. The bytes must outlive the value: arena, message buffer or static storage.
  static constexpr Value string(std::string_view v) noexcept {
    return {Type::String, v.data() == nullptr ? "" : v.data(), v.size()};
  }
  static Value bytes(std::span<const uint8_t> v) noexcept {
    return {Type::Bytes, v.data(), v.size()};
  }
  static Value array(std::span<const Value> v) noexcept {
    return {Type::Array, v.data(), v.size()};
  }
  /// Entries in insertion order; keys are not checked for duplicates.
  static Value map(std::span<const MapEntry> v) noexcept;
  static Value structure(const StructData* v) noexcept;
  /// `v` followed in memory by `size` bytes of big-endian two's complement (see DecimalData).
  static Value decimal(const DecimalData* v) noexcept;

  constexpr Type type() const noexcept { return type_; }
  constexpr bool is_null() const noexcept { return type_ == Type::Null; }
  /// Bytes of a string or byte array, elements of an array, entries of a map, fields of a struct.
  constexpr uint32_t size() const noexcept { return size_; }

  /// Payload of Int8..Int64, Boolean (0/1) and Date.
  constexpr int64_t as_int() const noexcept { return payload_.integer; }
  constexpr double as_double() const noexcept { return payload_.real; }
  constexpr float as_float() const noexcept { return static_cast<float>(payload_.real); }
  constexpr bool as_bool() const noexcept { return payload_.integer != 0; }
  std::string_view as_string() const noexcept {
    return {static_cast<const char*>(payload_.pointer), size_};
  }
  std::span<const uint8_t> as_bytes() const noexcept {
    return {static_cast<const uint8_t*>(payload_.pointer), size_};
  }
  std::span<const Value> as_array() const noexcept {
    return {static_cast<const Value*>(payload_.pointer), size_};
  }
  std::span<const MapEntry> as_map() const noexcept;
  const StructData& as_struct() const noexcept {
    return *static_cast<const StructData*>(payload_.pointer);
  }
  const DecimalData& as_decimal() const noexcept {
    return *static_cast<const DecimalData*>(payload_.pointer);
  }
  /// Identity of the payload; equal pointers mean equal values (fast path of comparisons).
  const void* data() const noexcept { return payload_.pointer; }

 private:
  constexpr Value(Type type, int64_t v) noexcept : type_(type), size_(0), payload_{.integer = v} {}
  constexpr Value(Type type, double v) noexcept : type_(type), size_(0), payload_{.real = v} {}
  constexpr Value(Type type, const void* p, size_t size) noexcept
      : type_(type), size_(static_cast<uint32_t>(size)), payload_{.pointer = p} {}

  Type type_;
  uint32_t size_;
  union {
    int64_t integer;
    double real;
    const void* pointer;
  } payload_;
};
static_assert(sizeof(Value) == 16 && std::is_trivially_copyable_v<Value>);

struct MapEntry {
  Value key;
  Value value;
};

/// A struct: its schema and one value per field, in schema order. Null = not set.
struct StructData {
  const Schema* schema;
  const Value* values;
};

/// Header of a decimal; the unscaled big-endian two's complement bytes follow it directly.
struct DecimalData {
  int32_t scale;
  uint32_t length;  // bytes that follow, at least 1
  std::span<const uint8_t> unscaled() const noexcept {
    return {reinterpret_cast<const uint8_t*>(this + 1), length};
  }
};

inline Value Value::map(std::span<const MapEntry> v) noexcept {
  return {Type::Map, v.data(), v.size()};
}
inline Value Value::decimal(const DecimalData* v) noexcept {
  return {Type::Decimal, v, v->length};
}
inline std::span<const MapEntry> Value::as_map() const noexcept {
  return {static_cast<const MapEntry*>(payload_.pointer), size_};
}

/// Deep equality as Java's equals: types exact (int32 1 != int64 1), maps without order, NaN ==
/// NaN, -0.0 != 0.0, structs by schema and values, decimals by unscaled value and scale.
bool operator==(const Value& a, const Value& b) noexcept;
/// Hash consistent with operator==.
size_t hash_value(const Value& value) noexcept;

}  // namespace millrace

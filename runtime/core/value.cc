#include "millrace/value.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "millrace/schema.h"

namespace millrace {

std::string_view type_name(Type type) noexcept {
  static constexpr std::string_view kNames[] = {"NULL",    "INT8",    "INT16",   "INT32",   "INT64",
                                                "FLOAT32", "FLOAT64", "BOOLEAN", "STRING",  "BYTES",
                                                "ARRAY",   "MAP",     "STRUCT",  "DECIMAL", "DATE"};
  return kNames[static_cast<size_t>(type)];
}

std::string_view java_class(Type type) noexcept {
  static constexpr std::string_view kNames[] = {"null",
                                                "class java.lang.Byte",
                                                "class java.lang.Short",
                                                "class java.lang.Integer",
                                                "class java.lang.Long",
                                                "class java.lang.Float",
                                                "class java.lang.Double",
                                                "class java.lang.Boolean",
                                                "class java.lang.String",
                                                "class [B",
                                                "class java.util.ArrayList",
                                                "class java.util.HashMap",
                                                "class org.apache.kafka.connect.data.Struct",
                                                "class java.math.BigDecimal",
                                                "class java.util.Date"};
  return kNames[static_cast<size_t>(type)];
}

Value Value::structure(const StructData* v) noexcept {
  return {Type::Struct, v, v->schema->fields().size()};
}

namespace {

// Java's Double.equals: one NaN, and signed zeros differ.
bool same_double(double a, double b) noexcept {
  if (a != a) return b != b;
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

bool same_map(std::span<const MapEntry> a, std::span<const MapEntry> b) noexcept {
  if (a.size() != b.size()) return false;
  return std::all_of(a.begin(), a.end(), [b](const MapEntry& entry) {
    const auto same_key = [&](const MapEntry& other) { return other.key == entry.key; };
    const auto at = std::find_if(b.begin(), b.end(), same_key);
    return at != b.end() && at->value == entry.value;
  });
}

bool same_struct(const Value& a, const Value& b) noexcept {
  const StructData& x = a.as_struct();
  const StructData& y = b.as_struct();
  return same_schema(x.schema, y.schema) &&
         std::equal(x.values, x.values + a.size(), y.values, y.values + b.size());
}

size_t combine(size_t seed, size_t hash) noexcept {
  return seed * 31U + hash;
}

}  // namespace

bool operator==(const Value& a, const Value& b) noexcept {
  if (a.type() != b.type()) return false;
  switch (a.type()) {
    case Type::Null:
      return true;
    case Type::Float32:
    case Type::Float64:
      return same_double(a.as_double(), b.as_double());
    case Type::String:
      return a.as_string() == b.as_string();
    case Type::Bytes:
      return std::ranges::equal(a.as_bytes(), b.as_bytes());
    case Type::Array:
      return std::ranges::equal(a.as_array(), b.as_array());
    case Type::Map:
      return a.data() == b.data() ? a.size() == b.size() : same_map(a.as_map(), b.as_map());
    case Type::Struct:
      return a.data() == b.data() || same_struct(a, b);
    case Type::Decimal:
      return a.as_decimal().scale == b.as_decimal().scale &&
             std::ranges::equal(a.as_decimal().unscaled(), b.as_decimal().unscaled());
    default:
      return a.as_int() == b.as_int();
  }
}

size_t hash_value(const Value& value) noexcept {
  const auto type = static_cast<size_t>(value.type());
  switch (value.type()) {
    case Type::Null:
      return 0;
    case Type::Float32:
    case Type::Float64: {
      const double v = value.as_double();
      return combine(type, std::hash<uint64_t>{}(v != v ? 1 : std::bit_cast<uint64_t>(v)));
    }
    case Type::String:
      return combine(type, std::hash<std::string_view>{}(value.as_string()));
    case Type::Bytes: {
      const auto bytes = value.as_bytes();
      return combine(type, std::hash<std::string_view>{}(
                               {reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
    }
    case Type::Array: {
      size_t hash = type;
      for (const Value& element : value.as_array()) hash = combine(hash, hash_value(element));
      return hash;
    }
    case Type::Map: {
      size_t hash = type;  // a sum, because order does not count
      for (const MapEntry& e : value.as_map()) {
        hash += hash_value(e.key) ^ (hash_value(e.value) << 1U);
      }
      return hash;
    }
    case Type::Struct: {
      size_t hash = type;
      const StructData& data = value.as_struct();
      for (size_t i = 0; i < value.size(); ++i) hash = combine(hash, hash_value(data.values[i]));
      return hash;
    }
    case Type::Decimal: {
      size_t hash = combine(type, static_cast<size_t>(value.as_decimal().scale));
      for (const uint8_t byte : value.as_decimal().unscaled()) hash = combine(hash, byte);
      return hash;
    }
    default:
      return combine(type, std::hash<int64_t>{}(value.as_int()));
  }
}

}  // namespace millrace

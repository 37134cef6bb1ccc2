#pragma once
// Random values of all types, with their schemas, for property tests.

#include <algorithm>
#include <cmath>
#include <string>

#include "millrace/decimal.h"
#include "millrace/schema.h"
#include "tests/unit/core/support.h"

namespace millrace::core_test {

class RandomValues {
 public:
  explicit RandomValues(Random& random) : random_(random) {}

  /// Any type; containers nest at most `depth` deep.
  SchemaPtr schema(int depth) {
    if (depth == 0 || random_(3) != 0) return leaf();
    switch (random_(3)) {
      case 0:
        return SchemaBuilder::array(schema(depth - 1)).optional(random_.one_in(2)).build();
      case 1:
        return SchemaBuilder::map(leaf(), schema(depth - 1)).build();
      default:
        break;
    }
    auto builder = SchemaBuilder::structure();
    for (size_t i = random_(12); i > 0; --i) {
      builder.field("f" + std::to_string(i), schema(depth - 1));
    }
    return builder.optional(random_.one_in(2)).build();
  }

  /// A value that fits `schema`; null sometimes when it may be.
  Value value(const Schema& schema, Arena& arena) {
    if (schema.optional() && random_.one_in(4)) return {};
    switch (schema.value_class()) {
      case Type::Array: {
        const auto elements = arena.make_array<Value>(random_(4));
        for (Value& element : elements) element = value(*schema.value_schema(), arena);
        return Value::array(elements);
      }
      case Type::Map:
        return map(schema, arena);
      case Type::Struct: {
        const auto members = arena.make_array<Value>(schema.fields().size());
        for (const Field& field : schema.fields()) {
          members[field.index] = value(*field.schema, arena);
        }
        auto* data = arena.make<StructData>();
        *data = {&schema, members.data()};
        return Value::structure(data);
      }
      default:
        return scalar(schema.value_class(), arena);
    }
  }

  std::string text(size_t most) {
    static constexpr std::string_view kPool = "ab \n\"\\\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
    std::string out;
    for (size_t n = random_(most + 1); n > 0; --n) out += kPool[random_(kPool.size())];
    return out;
  }

 private:
  SchemaPtr leaf() {
    constexpr size_t kPrimitives = static_cast<size_t>(Type::Bytes);
    const bool optional = random_.one_in(2);
    switch (random_(kPrimitives + 4)) {
      case 0:
        return logical::decimal(static_cast<int32_t>(random_(20)) - 5).build();
      case 1:
        return logical::date().optional(optional).build();
      case 2:
        return logical::time().build();
      case 3:
        return logical::timestamp().build();
      default:
        return primitive_schema(static_cast<Type>(1 + random_(kPrimitives)), optional);
    }
  }

  int64_t integer() {
    const auto bits = static_cast<uint64_t>(random_.engine()()) << 32U | random_.engine()();
    return static_cast<int64_t>(bits) >> random_(64);
  }

  double real() {
    static constexpr double kInteresting[] = {0.0, -0.0, NAN, INFINITY, -INFINITY, 5e-324, 1.5};
    return random_.one_in(2) ? kInteresting[random_(std::size(kInteresting))]
                             : static_cast<double>(integer()) / 8;
  }

  Value scalar(Type type, Arena& arena) {
    switch (type) {
      case Type::Int8:
        return Value::int8(static_cast<int8_t>(integer()));
      case Type::Int16:
        return Value::int16(static_cast<int16_t>(integer()));
      case Type::Int32:
        return Value::int32(static_cast<int32_t>(integer()));
      case Type::Int64:
        return Value::int64(integer());
      case Type::Float32:
        return Value::float32(static_cast<float>(real()));
      case Type::Float64:
        return Value::float64(real());
      case Type::Boolean:
        return Value::boolean(random_.one_in(2));
      case Type::Date:
        return Value::date(integer());
      case Type::String:
        return Value::string(arena.copy(text(6)));
      default:
        break;
    }
    const std::string raw = text(5);
    const std::span<const uint8_t> bytes{reinterpret_cast<const uint8_t*>(raw.data()), raw.size()};
    if (type == Type::Bytes) return Value::bytes(arena.copy(bytes));
    return parse_decimal(std::to_string(integer()) + "e" + std::to_string(random_(9)), arena);
  }

  Value map(const Schema& schema, Arena& arena) {
    const auto entries = arena.make_array<MapEntry>(random_(4));
    size_t count = 0;
    for (size_t i = 0; i < entries.size(); ++i) {
      const Value key = value(*schema.key_schema(), arena);
      const auto same = [&key](const MapEntry& entry) { return entry.key == key; };
      if (std::any_of(entries.begin(), entries.begin() + static_cast<ptrdiff_t>(count), same)) {
        continue;
      }
      entries[count++] = {key, value(*schema.value_schema(), arena)};
    }
    return Value::map(entries.first(count));
  }

  Random& random_;
};

}  // namespace millrace::core_test

#include "tests/fuzz/fuzz_values.h"

#include <bit>
#include <cmath>

#include "millrace/decimal.h"
#include "millrace/utf8.h"

namespace millrace::fuzz {
namespace {

constexpr size_t kMostElements = 5;
constexpr size_t kMostText = 24;
constexpr size_t kMostDecimalBytes = 16;
constexpr int64_t kDayMs = 86'400'000;
constexpr double kHalf = 0.5;

/// JSON has no infinities, and Java reads its numbers as decimals, which have no -0.0.
bool survives(double value) noexcept {
  return std::isfinite(value) && (value != 0 || !std::signbit(value));
}

}  // namespace

SchemaPtr ValueMaker::leaf() {
  const bool optional = input_.flag();
  switch (const size_t choice = input_.choose(13); choice) {
    case 9:
      return logical::decimal(static_cast<int32_t>(input_.choose(20)) - 5).optional(optional).build();
    case 10:
      return logical::date().optional(optional).build();
    case 11:
      return logical::time().optional(optional).build();
    case 12:
      return logical::timestamp().optional(optional).build();
    default:
      return primitive_schema(static_cast<Type>(static_cast<size_t>(Type::Int8) + choice), optional);
  }
}

SchemaPtr ValueMaker::schema(int depth) {
  const size_t choice = depth == 0 ? 0 : input_.choose(6);
  if (choice == 1) return SchemaBuilder::array(schema(depth - 1)).optional(input_.flag()).build();
  if (choice == 2) {
    const SchemaPtr key = primitive_schema(input_.flag() ? Type::String : Type::Int32);
    return SchemaBuilder::map(key, schema(depth - 1)).build();
  }
  if (choice != 3) return leaf();
  SchemaBuilder builder = SchemaBuilder::structure();
  if (input_.flag()) builder.name("n" + utf8::sanitise(input_.take(input_.choose(4))));
  if (input_.flag()) builder.version(static_cast<int32_t>(input_.number()));
  if (input_.flag()) builder.doc(utf8::sanitise(input_.take(input_.choose(8))));
  if (input_.flag()) builder.parameter(utf8::sanitise(input_.take(3)), "p");
  for (size_t i = input_.choose(kMostElements); i > 0; --i) {
    builder.field(std::to_string(i) + utf8::sanitise(input_.take(input_.choose(4))),
                  schema(depth - 1));
  }
  return builder.optional(input_.flag()).build();
}

double ValueMaker::finite() {
  const auto value = std::bit_cast<double>(input_.number());
  return survives(value) ? value : kHalf;
}

Value ValueMaker::text() {
  return Value::string(arena_.copy(utf8::sanitise(input_.take(input_.choose(kMostText)))));
}

Value ValueMaker::map(const Schema& schema) {
  const auto entries = arena_.make_array<MapEntry>(input_.choose(kMostElements));
  for (size_t i = 0; i < entries.size(); ++i) {
    const bool is_text = schema.key_schema()->type() == Type::String;
    entries[i].key = is_text ? Value::string(arena_.copy(
                                   std::to_string(i) + utf8::sanitise(input_.take(3))))
                             : Value::int32(static_cast<int32_t>(i));
    entries[i].value = value(*schema.value_schema());
  }
  return Value::map(entries);
}

Value ValueMaker::scalar(const Schema& schema) {
  const auto number = static_cast<int64_t>(input_.number());
  switch (schema.value_class()) {
    case Type::Int8:
      return Value::int8(static_cast<int8_t>(number));
    case Type::Int16:
      return Value::int16(static_cast<int16_t>(number));
    case Type::Int32:
      return Value::int32(static_cast<int32_t>(number));
    case Type::Int64:
      return Value::int64(number);
    case Type::Float32: {
      const auto single = std::bit_cast<float>(static_cast<uint32_t>(number));
      return Value::float32(survives(double{single}) ? single : static_cast<float>(kHalf));
    }
    case Type::Float64:
      return Value::float64(finite());
    case Type::Boolean:
      return Value::boolean((number & 1) != 0);
    case Type::Bytes: {
      const auto bytes = arena_.copy(input_.take(input_.choose(kMostText)));
      return Value::bytes({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
    }
    case Type::Date: {
      if (*schema.name() == logical::kDate) {
        return Value::date(int64_t{static_cast<int32_t>(number)} * kDayMs);
      }
      const bool is_time = *schema.name() == logical::kTime;
      return Value::date(is_time ? static_cast<int64_t>(static_cast<uint64_t>(number) %
                                                        (kDayMs + 1))
                                 : number);
    }
    default:
      return text();
  }
}

Value ValueMaker::value(const Schema& schema) {
  if (schema.optional() && input_.choose(4) == 0) return {};
  switch (schema.value_class()) {
    case Type::Array: {
      const auto elements = arena_.make_array<Value>(input_.choose(kMostElements));
      for (Value& element : elements) element = value(*schema.value_schema());
      return Value::array(elements);
    }
    case Type::Map:
      return map(schema);
    case Type::Struct: {
      const auto members = arena_.make_array<Value>(schema.fields().size());
      for (const Field& field : schema.fields()) members[field.index] = value(*field.schema);
      auto* data = arena_.make<StructData>();
      *data = {&schema, members.data()};
      return Value::structure(data);
    }
    case Type::Decimal: {
      std::string unscaled(input_.take(1 + input_.choose(kMostDecimalBytes)));
      // Minimal two's complement, which is what a BigInteger has.
      const auto sign = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
      while (unscaled.size() > 1 && ((unscaled[0] == 0 && !sign(unscaled[1])) ||
                                     (unscaled[0] == '\xFF' && sign(unscaled[1])))) {
        unscaled.erase(0, 1);
      }
      if (unscaled.empty()) unscaled.push_back('\0');
      const int32_t scale = std::stoi(*schema.parameter(logical::kScaleParameter));
      return Value::decimal(make_decimal(
          scale, {reinterpret_cast<const uint8_t*>(unscaled.data()), unscaled.size()}, arena_));
    }
    default:
      return scalar(schema);
  }
}

Value ValueMaker::document(int depth) {
  switch (input_.choose(depth == 0 ? 5 : 7)) {
    case 0:
      return {};
    case 1:
      return Value::boolean(input_.flag());
    case 2:
      return Value::int64(static_cast<int64_t>(input_.number()));
    case 3:
      return Value::float64(finite());
    case 4:
      return text();
    case 5: {
      const auto elements = arena_.make_array<Value>(input_.choose(kMostElements));
      for (Value& element : elements) element = document(depth - 1);
      return Value::array(elements);
    }
    default: {
      const auto entries = arena_.make_array<MapEntry>(input_.choose(kMostElements));
      for (size_t i = 0; i < entries.size(); ++i) {
        entries[i].key =
            Value::string(arena_.copy(std::to_string(i) + utf8::sanitise(input_.take(3))));
        entries[i].value = document(depth - 1);
      }
      return Value::map(entries);
    }
  }
}

}  // namespace millrace::fuzz

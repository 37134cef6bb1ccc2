#include "connectors/transforms/cast_value.h"

#include <limits>

#include "connectors/transforms/java_numbers.h"
#include "millrace/text.h"
#include "millrace/values.h"

namespace millrace::transforms {
namespace {

constexpr int64_t kMsPerDay = 86'400'000;

/// Java's cast of a double: the fraction is cut off, NaN is 0, the rest goes to the nearest end.
template <class Integer>
Integer truncated(double v) noexcept {
  if (v != v) return 0;
  constexpr auto kEnd = static_cast<double>(std::numeric_limits<Integer>::max());
  if (v >= kEnd) return std::numeric_limits<Integer>::max();
  if (v <= static_cast<double>(std::numeric_limits<Integer>::min())) {
    return std::numeric_limits<Integer>::min();
  }
  return static_cast<Integer>(v);
}

/// Number.longValue, or Number.intValue for `target` below Int64; the caller narrows further.
int64_t whole_number(const Value& value, Type target) {
  switch (value.type()) {
    case Type::Float32:
    case Type::Float64:
      return target == Type::Int64 ? truncated<int64_t>(value.as_double())
                                   : truncated<int32_t>(value.as_double());
    case Type::Decimal: return decimal_to_int64(value.as_decimal());
    default: return value.as_int();
  }
}

Value integer(Type type, int64_t v) noexcept {
  switch (type) {
    case Type::Int8: return Value::int8(static_cast<int8_t>(v));
    case Type::Int16: return Value::int16(static_cast<int16_t>(v));
    case Type::Int32: return Value::int32(static_cast<int32_t>(v));
    default: return Value::int64(v);
  }
}

template <class Integer>
bool parse_as(std::string_view text, int64_t& out) {
  return parse_java_integer(text, std::numeric_limits<Integer>::min(),
                            std::numeric_limits<Integer>::max(), out);
}

bool parse_integer_text(Type type, std::string_view text, int64_t& out) {
  switch (type) {
    case Type::Int8: return parse_as<int8_t>(text, out);
    case Type::Int16: return parse_as<int16_t>(text, out);
    case Type::Int32: return parse_as<int32_t>(text, out);
    default: return parse_as<int64_t>(text, out);
  }
}

bool out_of_range(std::string_view text, Failure& failure) {
  return failure.fail("Value (" + std::string(text) + ") was out of range for requested data type");
}

bool unexpected(const Value& value, Failure& failure) {
  return failure.fail("Unexpected type in Cast transformation: " +
                      std::string(java_class(value.type())));
}

bool is_real(Type type) noexcept { return type == Type::Float32 || type == Type::Float64; }

bool is_number(Type type) noexcept {
  return (type >= Type::Int8 && type <= Type::Float64) || type == Type::Decimal;
}

bool to_integer(const Value& value, Type target, Value& out, Failure& failure) {
  int64_t v = 0;
  if (is_number(value.type())) {
    v = whole_number(value, target);
  } else if (value.type() == Type::Boolean) {
    v = value.as_int();
  } else if (value.type() != Type::String) {
    return unexpected(value, failure);
  } else if (!parse_integer_text(target, value.as_string(), v)) {
    return out_of_range(value.as_string(), failure);
  }
  out = integer(target, v);
  return true;
}

bool to_real(const Value& value, Type target, Value& out, Failure& failure) {
  const bool single = target == Type::Float32;
  double v = 0;
  if (value.type() == Type::Decimal) {
    v = single ? double{decimal_to_float(value.as_decimal())}
               : decimal_to_double(value.as_decimal());
  } else if (is_real(value.type())) {
    v = value.as_double();
  } else if (is_number(value.type()) || value.type() == Type::Boolean) {
    v = single ? double{static_cast<float>(value.as_int())} : static_cast<double>(value.as_int());
  } else if (value.type() != Type::String) {
    return unexpected(value, failure);
  } else if (!parse_java_real(value.as_string(), single, v)) {
    return out_of_range(value.as_string(), failure);
  }
  out = single ? Value::float32(static_cast<float>(v)) : Value::float64(v);
  return true;
}

bool is_true(std::string_view text) noexcept {
  constexpr std::string_view kTrue = "true";
  if (text.size() != kTrue.size()) return false;
  for (size_t i = 0; i < kTrue.size(); ++i) {
    if ((text[i] | 0x20) != kTrue[i]) return false;
  }
  return true;
}

bool to_boolean(const Value& value, Value& out, Failure& failure) {
  if (is_number(value.type())) {
    out = Value::boolean(whole_number(value, Type::Int64) != 0);
  } else if (value.type() == Type::Boolean) {
    out = value;
  } else if (value.type() == Type::String) {
    out = Value::boolean(is_true(value.as_string()));
  } else {
    return unexpected(value, failure);
  }
  return true;
}

bool to_string(const Value& value, Arena& arena, Value& out, Failure& failure) {
  if (value.type() == Type::String) {
    out = value;
    return true;
  }
  thread_local std::string text;  // keeps its memory from record to record
  text.clear();
  if (value.type() >= Type::Array && value.type() <= Type::Struct) {
    append_java_string(text, value);  // under a schema that is not its own
  } else if (std::string why = append_values_text(text, value); !why.empty()) {
    return failure.fail(std::move(why));
  }
  out = Value::string(arena.copy(text));
  return true;
}

/// The encoded form of Date, Time and Timestamp; other values as they are.
bool encode_logical(const Schema& schema, const Value& value, Value& out, Failure& failure) {
  out = value;
  if (!schema.name() || value.type() != Type::Date) return true;
  const int64_t ms = value.as_int();
  if (*schema.name() == logical::kDate) {
    if (ms % kMsPerDay != 0) {
      return failure.fail(
          "Kafka Connect Date type should not have any time fields set to non-zero values.");
    }
    out = Value::int32(static_cast<int32_t>(ms / kMsPerDay));
  } else if (*schema.name() == logical::kTime) {
    if (ms < 0 || ms > kMsPerDay) {
      return failure.fail(
          "Kafka Connect Time type should not have any date fields set to non-zero values.");
    }
    out = Value::int32(static_cast<int32_t>(ms));
  } else {
    out = Value::int64(ms);
  }
  return true;
}

}  // namespace

std::string_view cast_types(bool bytes) noexcept {
  return bytes ? "[INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING, BYTES]"
               : "[INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING]";
}

bool cast_value(const Schema* schema, const Value& value, Type target, Arena& arena, Value& out,
                Failure& failure) {
  out = value;
  if (value.is_null() || (schema == nullptr && value.type() == target)) return true;
  const Type type = schema == nullptr ? value.type() : schema->type();
  if (type > Type::Struct) {
    return failure.fail("Cast transformation was passed a value of type " +
                        std::string(java_class(type)) +
                        " which is not supported by Connect's data API");
  }
  if (type > Type::Bytes) {
    return failure.fail("Cast transformation does not support casting from " +
                        std::string(type_name(type)) + "; supported types are " +
                        std::string(cast_types(true)));
  }
  if (target == Type::String) return to_string(value, arena, out, failure);
  Value encoded = value;
  if (schema != nullptr && !encode_logical(*schema, value, encoded, failure)) return false;
  if (target == Type::Boolean) return to_boolean(encoded, out, failure);
  if (is_real(target)) return to_real(encoded, target, out, failure);
  return to_integer(encoded, target, out, failure);
}

}  // namespace millrace::transforms

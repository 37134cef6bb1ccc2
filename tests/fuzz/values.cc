// Values.parseString and convertToString: any text has a value, whose text gives it again where
// Kafka's rules say so.

#include "millrace/values.h"

#include <cmath>

#include "tests/fuzz/fuzz.h"

namespace {

using namespace millrace;
using fuzz::check;

constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kYear10000Ms = 253'402'300'800'000;  // its text is longer than a timestamp's

bool is_number(Type type) { return type >= Type::Int8 && type <= Type::Float64; }

double number_of(const Value& value) {
  return value.type() <= Type::Int64 ? static_cast<double>(value.as_int()) : value.as_double();
}

/// Whether `again` is what the text of `value` must give.
bool survives(const Value& value, const Value& again) {
  const Type type = value.type();
  if (type == Type::Null || type == Type::Boolean) return again == value;
  // 1.0 becomes an INT8, 1E39 stays a FLOAT64: the number is the same, to the digits of its type.
  if (type == Type::Float32) {
    return is_number(again.type()) && static_cast<float>(number_of(again)) == value.as_float();
  }
  if (is_number(type)) return is_number(again.type()) && number_of(again) == number_of(value);
  // Earlier dates are written as times of a day.
  if (type == Type::Date && value.as_int() >= kDayMs && value.as_int() < kYear10000Ms) {
    return again == value;
  }
  return true;
}

/// Elements whose list has a schema are of it.
void check_schema(const SchemaAndValue& data, std::string_view text) {
  if (data.schema == nullptr) return check(data.value.is_null(), "a value without schema", text);
  check(data.schema->value_class() == data.value.type() || data.value.is_null(),
        "a value of another class than its schema", text);
  if (data.schema->value_schema() == nullptr && data.schema->type() == Type::Array) return;
  if (data.schema->type() == Type::Map &&
      (data.schema->key_schema() == nullptr || data.schema->value_schema() == nullptr)) {
    return;
  }
  if (data.schema->type() != Type::Array && data.schema->type() != Type::Map) {
    const std::string error = validate_value(*data.schema, data.value, "value");
    check(error.empty(), "a value that does not fit its schema", error);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(data == nullptr ? "" : reinterpret_cast<const char*>(data), size);
  RecordBatch batch;
  const SchemaAndValue parsed = parse_values_text(text, batch);
  check_schema(parsed, text);
  std::string rendered;
  std::string embedded;
  check(append_values_text(rendered, parsed.value).empty(), "a parsed value has no text", text);
  check(append_values_text(embedded, parsed.value, true).empty(), "a parsed value has no text",
        text);
  const SchemaAndValue again = parse_values_text(rendered, batch);
  check_schema(again, rendered);
  check(survives(parsed.value, again.value), "the value changes", rendered);
  return 0;
}

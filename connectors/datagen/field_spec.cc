#include "connectors/datagen/field_spec.h"

#include <array>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <utility>

#include "millrace/errors.h"

namespace millrace::datagen {
namespace {

constexpr int64_t kDefaultLength = 8;
constexpr int64_t kMaxLength = 1'000'000;

constexpr std::array<std::pair<std::string_view, FieldKind>, 8> kKinds = {{
    {"sequence", FieldKind::Sequence},
    {"int32", FieldKind::Int32},
    {"int64", FieldKind::Int64},
    {"float64", FieldKind::Float64},
    {"boolean", FieldKind::Boolean},
    {"string", FieldKind::Text},
    {"choice", FieldKind::Choice},
    {"timestamp", FieldKind::Timestamp},
}};

[[noreturn]] void refuse(const std::string& text, const std::string& reason) {
  throw ConfigException("Invalid field " + text + ": " + reason);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

int64_t integer(const std::string& field, const std::string& text, int64_t least, int64_t most) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
    refuse(field, text + " is no integer of " + std::to_string(least) + ".." +
                      std::to_string(most));
  }
  return value;
}

double real(const std::string& field, const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0') refuse(field, text + " is no number");
  return value;
}

FieldKind kind_of(const std::string& field, const std::string& name) {
  std::string known;
  for (const auto& [text, kind] : kKinds) {
    if (text == name) return kind;
    known += (known.empty() ? "" : ", ") + std::string(text);
  }
  refuse(field, "no type \"" + name + "\"; there are " + known);
}

template <class Int>
void parse_range(const std::string& text, const std::vector<std::string>& arguments,
                 FieldSpec& field) {
  using Limits = std::numeric_limits<Int>;
  if (!arguments.empty()) field.least = integer(text, arguments[0], Limits::min(), Limits::max());
  if (arguments.size() > 1) {
    field.greatest = integer(text, arguments[1], Limits::min(), Limits::max());
  }
  if (field.least > field.greatest) refuse(text, "the least value is above the greatest");
}

void parse_arguments(const std::string& text, const std::vector<std::string>& arguments,
                     FieldSpec& field) {
  size_t most = 0;
  switch (field.kind) {
    case FieldKind::Int32:
      parse_range<int32_t>(text, arguments, field);
      most = 2;
      break;
    case FieldKind::Int64:
      parse_range<int64_t>(text, arguments, field);
      most = 2;
      break;
    case FieldKind::Float64:
      if (!arguments.empty()) field.from = real(text, arguments[0]);
      if (arguments.size() > 1) field.below = real(text, arguments[1]);
      if (!(field.from < field.below)) refuse(text, "the range is empty");
      most = 2;
      break;
    case FieldKind::Text:
      field.least = arguments.empty() ? kDefaultLength : integer(text, arguments[0], 0, kMaxLength);
      most = 1;
      break;
    case FieldKind::Choice:
      if (arguments.empty() || arguments[0].empty()) refuse(text, "choice needs texts, as A|B|C");
      field.choices = split(arguments[0], '|');
      most = 1;
      break;
    default:
      break;
  }
  if (arguments.size() > most) refuse(text, "too many arguments");
}

SchemaPtr schema_of(FieldKind kind) {
  switch (kind) {
    case FieldKind::Int32:
      return primitive_schema(Type::Int32);
    case FieldKind::Float64:
      return primitive_schema(Type::Float64);
    case FieldKind::Boolean:
      return primitive_schema(Type::Boolean);
    case FieldKind::Text:
    case FieldKind::Choice:
      return primitive_schema(Type::String);
    case FieldKind::Timestamp:
      return logical::timestamp().build();
    default:
      return primitive_schema(Type::Int64);
  }
}

uint64_t mix(uint64_t x) noexcept {  // SplitMix64's finaliser
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31U);
}

/// Uniform in [least, greatest]; the bias of the remainder is below 2^-32 for ranges of 32 bits.
int64_t in_range(uint64_t random, int64_t least, int64_t greatest) noexcept {
  const uint64_t width = static_cast<uint64_t>(greatest) - static_cast<uint64_t>(least) + 1;
  const uint64_t step = width == 0 ? random : random % width;
  return static_cast<int64_t>(static_cast<uint64_t>(least) + step);
}

Value letters(size_t length, RecordRandom& random, Arena& arena) {
  char* text = static_cast<char*>(arena.allocate(length, 1));
  uint64_t bits = 0;
  for (size_t i = 0; i < length; ++i) {
    constexpr size_t kPerDraw = 8;
    if (i % kPerDraw == 0) bits = random.next();
    text[i] = static_cast<char>('a' + (bits & 0xFFU) % 26);
    bits >>= 8U;
  }
  return Value::string({text, length});
}

}  // namespace

FieldSpec parse_field(const std::string& text) {
  std::vector<std::string> parts = split(text, ':');
  if (parts.size() < 2 || parts[0].empty()) refuse(text, "expected NAME:TYPE[:ARGUMENTS]");
  FieldSpec field;
  field.name = parts[0];
  field.kind = kind_of(text, parts[1]);
  parse_arguments(text, {parts.begin() + 2, parts.end()}, field);
  return field;
}

RecordRandom::RecordRandom(uint64_t seed, uint64_t number) noexcept
    : state_(mix(seed) ^ mix(number + 0x9E3779B97F4A7C15U)) {}

uint64_t RecordRandom::next() noexcept {
  state_ += 0x9E3779B97F4A7C15U;
  return mix(state_);
}

Value generate(const FieldSpec& field, int64_t number, int64_t now_ms, RecordRandom& random,
               Arena& arena) {
  switch (field.kind) {
    case FieldKind::Sequence:
      return Value::int64(number);
    case FieldKind::Int32:
      return Value::int32(
          static_cast<int32_t>(in_range(random.next(), field.least, field.greatest)));
    case FieldKind::Int64:
      return Value::int64(in_range(random.next(), field.least, field.greatest));
    case FieldKind::Float64: {
      constexpr double kUnit = 0x1p-53;
      const double unit = static_cast<double>(random.next() >> 11U) * kUnit;
      return Value::float64(field.from + unit * (field.below - field.from));
    }
    case FieldKind::Boolean:
      return Value::boolean((random.next() & 1U) != 0);
    case FieldKind::Text:
      return letters(static_cast<size_t>(field.least), random, arena);
    case FieldKind::Choice:
      return Value::string(field.choices[random.next() % field.choices.size()]);
    case FieldKind::Timestamp:
      return Value::date(now_ms);
  }
  return {};
}

SchemaPtr schema_of(const std::vector<FieldSpec>& fields) {
  SchemaBuilder builder = SchemaBuilder::structure();
  for (const FieldSpec& field : fields) builder.field(field.name, schema_of(field.kind));
  return builder.build();
}

}  // namespace millrace::datagen

#include "connectors/feature_store/wire/cell_parse.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "connectors/scalars/civil_time.h"
#include "connectors/scalars/decimal_bytes.h"
#include "connectors/scalars/iso_time.h"
#include "connectors/scalars/number_fit.h"
#include "millrace/base64.h"

namespace millrace::feature_store {
namespace {

constexpr const char* kNoNumber = "a number is expected";
constexpr const char* kRange = "a number is out of its type's range or has a fraction";

bool is_number(const Value& value) noexcept {
  switch (value.type()) {
    case Type::Int8:
    case Type::Int16:
    case Type::Int32:
    case Type::Int64:
    case Type::Float32:
    case Type::Float64:
    case Type::Decimal: return true;
    default: return false;
  }
}

const char* whole(const Value& value, int64_t least, int64_t most, int64_t& out) {
  if (!is_number(value)) return kNoNumber;
  if (to_whole(value, out) != NumberFit::Fits || out < least || out > most) return kRange;
  return nullptr;
}

template <typename Number>
const char* whole(const Value& value, Cell& out) {
  using Limits = std::numeric_limits<Number>;
  out.kind = Cell::Kind::Integer;
  return whole(value, Limits::min(), Limits::max(), out.integer);
}

const char* boolean(const Value& value, Cell& out) {
  out.kind = Cell::Kind::Boolean;
  if (value.type() == Type::Boolean) {
    out.integer = value.as_bool() ? 1 : 0;
    return nullptr;
  }
  return whole(value, 0, 1, out.integer) == nullptr ? nullptr : "true or false is expected";
}

const char* real(const Value& value, FeatureKind kind, Cell& out) {
  out.kind = kind == FeatureKind::Float ? Cell::Kind::Float : Cell::Kind::Double;
  if (!is_number(value)) return kNoNumber;
  double number = 0;
  if (to_real(value, number) != NumberFit::Fits) return kRange;
  if (kind == FeatureKind::Float) {
    const bool finite = std::isfinite(number);
    if (finite && std::fabs(number) > double{std::numeric_limits<float>::max()}) return kRange;
    number = double{static_cast<float>(number)};
  }
  out.real = number;
  return nullptr;
}

const char* decimal(const Value& value, const FeatureType& type, Arena& arena, Cell& out) {
  if (!is_number(value) && value.type() != Type::String) return kNoNumber;
  DecimalBytes bytes;
  switch (to_decimal(value, type.precision, type.scale, bytes)) {
    case NumberFit::Fits: break;
    case NumberFit::TooLarge: return "a decimal has more digits than its type";
    case NumberFit::NoNumber: return kNoNumber;
  }
  Int128 unscaled = 0;
  std::memcpy(&unscaled, bytes.data(), sizeof unscaled);
  out.kind = Cell::Kind::Decimal;
  out.bytes = arena.copy(std::string_view(decimal_bytes(unscaled)));
  return nullptr;
}

const char* date(const Value& value, Cell& out) {
  constexpr int64_t kMillisPerDay = kMicrosPerDay / 1'000;
  out.kind = Cell::Kind::Date;
  if (value.type() == Type::String) {
    const auto days = parse_iso_date(value.as_string());
    if (!days) return "a date is expected, such as 2026-01-02";
    out.integer = *days;
    return nullptr;
  }
  using Limits = std::numeric_limits<int32_t>;
  if (value.type() != Type::Date) return whole(value, Limits::min(), Limits::max(), out.integer);
  out.integer = floor_div(value.as_int(), kMillisPerDay);
  return out.integer < Limits::min() || out.integer > Limits::max() ? kRange : nullptr;
}

const char* timestamp(const Value& value, Cell& out) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 1'000;
  out.kind = Cell::Kind::Timestamp;
  if (value.type() == Type::String) {
    const auto micros = parse_iso_moment(value.as_string(), IsoOffset::Apply);
    if (!micros) return "a timestamp is expected, such as 2026-01-02 03:04:05";
    out.integer = *micros;
    return nullptr;
  }
  int64_t millis = value.type() == Type::Date ? value.as_int() : 0;
  if (value.type() != Type::Date) {
    if (const char* why = whole(value, -kMost, kMost, millis)) return why;
  }
  if (millis < -kMost || millis > kMost) return kRange;
  out.integer = millis * 1'000;
  return nullptr;
}

const char* binary(const Value& value, Arena& arena, Cell& out) {
  out.kind = Cell::Kind::Bytes;
  if (value.type() == Type::Bytes) {
    out.bytes = {reinterpret_cast<const char*>(value.as_bytes().data()), value.size()};
    return nullptr;
  }
  std::string bytes;
  if (value.type() != Type::String || !decode_base64(value.as_string(), bytes)) {
    return "base64 is expected";
  }
  out.bytes = arena.copy(std::string_view(bytes));
  return nullptr;
}

}  // namespace

const char* cell_of(const Value& value, const FeatureType& type, Arena& arena, Cell& out) {
  out = {};
  if (value.is_null()) return nullptr;
  switch (type.kind) {
    case FeatureKind::Boolean: return boolean(value, out);
    case FeatureKind::TinyInt: return whole<int8_t>(value, out);
    case FeatureKind::SmallInt: return whole<int16_t>(value, out);
    case FeatureKind::Int: return whole<int32_t>(value, out);
    case FeatureKind::BigInt: return whole<int64_t>(value, out);
    case FeatureKind::Float:
    case FeatureKind::Double: return real(value, type.kind, out);
    case FeatureKind::Decimal: return decimal(value, type, arena, out);
    case FeatureKind::Date: return date(value, out);
    case FeatureKind::Timestamp: return timestamp(value, out);
    case FeatureKind::Binary: return binary(value, arena, out);
    case FeatureKind::String:
      if (value.type() != Type::String) return "a text is expected";
      out.kind = Cell::Kind::Text;
      out.bytes = value.as_string();
      return nullptr;
    case FeatureKind::Complex: break;
  }
  return "a complex feature is no single value";
}

}  // namespace millrace::feature_store

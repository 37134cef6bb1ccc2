#include "connectors/feature_store/redis/feast_value.h"

#include "connectors/feature_store/redis/nested_feast.h"
#include "connectors/feature_store/redis/protobuf.h"
#include "connectors/feature_store/wire/scalar_text.h"
#include "connectors/scalars/civil_time.h"

namespace millrace::feature_store {
namespace {

constexpr int64_t kSecondsOfDay = 86'400;

uint32_t number(FeastField field) noexcept {
  return static_cast<uint32_t>(field);
}

bool append_decimal_value(std::string& out, const PlannedField& field, std::string_view unscaled) {
  std::string text;
  if (!append_plain_decimal(text, unscaled, field.type.scale)) return false;
  protobuf::put_bytes(out, number(FeastField::Decimal), text);
  return true;
}

}  // namespace

bool append_feast_value(std::string& out, const PlannedField& field, const Cell& cell) {
  switch (cell.kind) {
    case Cell::Kind::Null:
      return true;
    case Cell::Kind::Boolean:
      protobuf::put_number(out, number(FeastField::Boolean), cell.integer);
      return true;
    case Cell::Kind::Integer: {
      const bool wide = field.type.kind == FeatureKind::BigInt;
      protobuf::put_number(out, number(wide ? FeastField::Int64 : FeastField::Int32), cell.integer);
      return true;
    }
    case Cell::Kind::Float:
      protobuf::put_float(out, number(FeastField::Float), static_cast<float>(cell.real));
      return true;
    case Cell::Kind::Double:
      protobuf::put_double(out, number(FeastField::Double), cell.real);
      return true;
    case Cell::Kind::Decimal:
      return append_decimal_value(out, field, cell.bytes);
    case Cell::Kind::Date:
      protobuf::put_number(out, number(FeastField::UnixTimestamp), cell.integer * kSecondsOfDay);
      return true;
    case Cell::Kind::Timestamp:
      protobuf::put_number(out, number(FeastField::UnixTimestamp),
                           floor_div(cell.integer, kMicrosPerSecond));
      return true;
    case Cell::Kind::Text:
      protobuf::put_bytes(out, number(FeastField::String), cell.bytes);
      return true;
    case Cell::Kind::Bytes:
      protobuf::put_bytes(out, number(FeastField::Bytes), cell.bytes);
      return true;
    case Cell::Kind::Complex:
      return field.nested != nullptr && append_nested_feast(out, *field.nested, cell.bytes);
  }
  return false;
}

void append_feast_timestamp(std::string& out, int64_t micros) {
  const int64_t seconds = floor_div(micros, kMicrosPerSecond);
  const int64_t nanos = (micros - seconds * kMicrosPerSecond) * 1'000;
  if (seconds != 0) protobuf::put_number(out, 1, seconds);
  if (nanos != 0) protobuf::put_number(out, 2, nanos);
}

}  // namespace millrace::feature_store

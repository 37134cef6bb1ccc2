#include "connectors/scalars/civil_time.h"
#include "connectors/scalars/decimal_bytes.h"
#include "connectors/lakehouse/table/partition_spec.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

bool is_timestamp(TypeId id) noexcept {
  return id == TypeId::Timestamp || id == TypeId::Timestamptz;
}

bool has_buckets(TypeId id) noexcept {
  return id < TypeId::Struct && id != TypeId::Boolean && id != TypeId::Float &&
         id != TypeId::Double;
}

bool has_width(TypeId id) noexcept {
  return id == TypeId::Int || id == TypeId::Long || id == TypeId::Decimal || id == TypeId::String ||
         id == TypeId::Binary;
}

/// What `value` is above the next lower multiple of `width`.
template <class T>
T above_multiple(T value, int32_t width) noexcept {
  const T rest = value % width;
  return rest < 0 ? rest + width : rest;
}

Literal truncate(const Literal& value, int32_t width, const Type& source) {
  switch (source.id) {
    case TypeId::Int: {
      const int64_t number = std::get<int32_t>(value);
      return static_cast<int32_t>(number - above_multiple(number, width));
    }
    case TypeId::Long: {
      // Unsigned: below the lowest multiple it goes round, as in Java.
      const auto number = std::get<int64_t>(value);
      return static_cast<int64_t>(static_cast<uint64_t>(number) -
                                  static_cast<uint64_t>(above_multiple(number, width)));
    }
    case TypeId::Decimal: {
      const Int128 number = decimal_value(std::get<std::string>(value));
      return decimal_bytes(number - above_multiple(number, width));
    }
    case TypeId::String:
      return truncate_text(std::get<std::string>(value), width);
    default:
      return std::get<std::string>(value).substr(0, static_cast<size_t>(width));
  }
}

int64_t days_of(const Literal& value) {
  if (const auto* days = std::get_if<int32_t>(&value)) return *days;
  return floor_div(std::get<int64_t>(value), kMicrosPerDay);
}

int32_t time_part(TransformKind kind, const Literal& value) {
  if (kind == TransformKind::Hour) {
    return static_cast<int32_t>(floor_div(std::get<int64_t>(value), kMicrosPerHour));
  }
  const int64_t days = days_of(value);
  if (kind == TransformKind::Day) return static_cast<int32_t>(days);
  const CivilDay date = civil_day(days);
  const int64_t years = date.year - 1970;
  return static_cast<int32_t>(kind == TransformKind::Year ? years : years * 12 + date.month - 1);
}

}  // namespace

bool accepts(const Transform& transform, const Type& source) {
  switch (transform.kind) {
    case TransformKind::Identity:
      return source.is_primitive();
    case TransformKind::Bucket:
      return has_buckets(source.id);
    case TransformKind::Truncate:
      return has_width(source.id);
    case TransformKind::Year:
    case TransformKind::Month:
    case TransformKind::Day:
      return source.id == TypeId::Date || is_timestamp(source.id);
    case TransformKind::Hour:
      return is_timestamp(source.id);
    case TransformKind::Void:
      return true;
    case TransformKind::Unknown:
      break;
  }
  return false;
}

TypePtr result_type(const Transform& transform, const TypePtr& source) {
  switch (transform.kind) {
    case TransformKind::Bucket:
    case TransformKind::Year:
    case TransformKind::Month:
    case TransformKind::Hour:
      return primitive(TypeId::Int);
    case TransformKind::Day:
      return primitive(TypeId::Date);
    case TransformKind::Unknown:
      return primitive(TypeId::String);
    default:
      return source;
  }
}

Literal apply(const Transform& transform, const Literal& value, const Type& source) {
  if (is_null(value) || transform.kind == TransformKind::Void) return {};
  switch (transform.kind) {
    case TransformKind::Identity:
      return value;
    case TransformKind::Bucket:
      return static_cast<int32_t>((bucket_hash(value, source) & 0x7fffffffU) %
                                  static_cast<uint32_t>(transform.parameter));
    case TransformKind::Truncate:
      return truncate(value, transform.parameter, source);
    case TransformKind::Unknown:
      throw UnsupportedException("partition transform `" + transform.text +
                                 "` is not known: rows cannot be written under it");
    default:
      return time_part(transform.kind, value);
  }
}

bool PartitionSpec::has_unknown_transform() const noexcept {
  for (const PartitionField& field : fields) {
    if (field.transform.kind == TransformKind::Unknown) return true;
  }
  return false;
}

}  // namespace millrace::lakehouse

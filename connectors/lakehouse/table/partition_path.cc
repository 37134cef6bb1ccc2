// Partition values in the paths of data files. Readers do not parse them.

#include <fmt/format.h>

#include "connectors/scalars/civil_time.h"
#include "connectors/scalars/decimal_bytes.h"
#include "connectors/lakehouse/table/partition_spec.h"
#include "millrace/base64.h"
#include "millrace/errors.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

bool stays(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '*';
}

/// As Java's URLEncoder.
std::string url_encoded(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (stays(c)) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string java_text(const Value& value) {
  std::string text;
  append_java_string(text, value);
  return text;
}

std::string base64(std::string_view bytes) {
  std::string text;
  append_base64(text, {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  return text;
}

std::string timestamp_text(int64_t micros) {
  const int64_t days = floor_div(micros, kMicrosPerDay);
  return day_text(days) + 'T' + time_text(micros - days * kMicrosPerDay);
}

std::string value_text(const Literal& value, const Type& type) {
  switch (type.id) {
    case TypeId::Boolean:
      return std::get<bool>(value) ? "true" : "false";
    case TypeId::Int:
      return std::to_string(std::get<int32_t>(value));
    case TypeId::Long:
      return std::to_string(std::get<int64_t>(value));
    case TypeId::Float:
      return java_text(Value::float32(std::get<float>(value)));
    case TypeId::Double:
      return java_text(Value::float64(std::get<double>(value)));
    case TypeId::Date:
      return day_text(std::get<int32_t>(value));
    case TypeId::Time:
      return time_text(std::get<int64_t>(value));
    case TypeId::Timestamp:
      return timestamp_text(std::get<int64_t>(value));
    case TypeId::Timestamptz:
      return timestamp_text(std::get<int64_t>(value)) + 'Z';
    case TypeId::Decimal:
      return decimal_text(decimal_value(std::get<std::string>(value)), type.scale);
    case TypeId::Uuid:
      return uuid_text(std::get<std::string>(value));
    case TypeId::Fixed:
    case TypeId::Binary:
      return base64(std::get<std::string>(value));
    default:
      return std::get<std::string>(value);
  }
}

}  // namespace

std::string human_text(const Transform& transform, const Literal& value, const Type& source) {
  if (is_null(value)) return "null";
  switch (transform.kind) {
    case TransformKind::Bucket:
      return std::to_string(std::get<int32_t>(value));
    case TransformKind::Year:
      return fmt::format("{:04}", 1970 + int64_t{std::get<int32_t>(value)});
    case TransformKind::Month: {
      const int64_t months = std::get<int32_t>(value);
      const int64_t years = floor_div(months, 12);
      return fmt::format("{:04}-{:02}", 1970 + years, months - years * 12 + 1);
    }
    case TransformKind::Day:
      return day_text(std::get<int32_t>(value));
    case TransformKind::Hour: {
      const int64_t hours = std::get<int32_t>(value);
      const int64_t days = floor_div(hours, 24);
      return fmt::format("{}-{:02}", day_text(days), hours - days * 24);
    }
    default:
      return value_text(value, source);
  }
}

std::string partition_path(const PartitionSpec& spec, const TableSchema& schema,
                           const PartitionValues& values) {
  if (values.size() != spec.fields.size()) {
    throw DataException(fmt::format("partition spec {} has {} fields, but {} values are given",
                                    spec.id, spec.fields.size(), values.size()));
  }
  std::string path;
  for (size_t i = 0; i < values.size(); ++i) {
    const PartitionField& field = spec.fields[i];
    const NestedField* source = schema.field(field.source_id);
    if (source == nullptr && !is_null(values[i])) {
      throw DataException(fmt::format("partition field {}: column {} is not in schema {}",
                                      field.name, field.source_id, schema.id));
    }
    const std::string text =
        source == nullptr ? "null" : human_text(field.transform, values[i], *source->type);
    if (i > 0) path += '/';
    path += url_encoded(field.name) + '=' + url_encoded(text);
  }
  return path;
}

}  // namespace millrace::lakehouse

#include "connectors/lakehouse/table/manifest_partition.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "connectors/scalars/decimal_bytes.h"
#include "millrace/errors.h"
#include "millrace/utf8.h"

namespace millrace::lakehouse {
namespace {

constexpr size_t kUuidBytes = 16;

/// Bytes that every number of so many digits fits in.
size_t decimal_length(int32_t precision) {
  Int128 highest = 1;
  for (int32_t digit = 0; digit < precision; ++digit) highest *= 10;
  size_t length = 1;
  while (length < kMaxDecimalBytes && (highest - 1) >> (8 * length - 1) != 0) ++length;
  return length;
}

bool is_letter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }

void append_hex(std::string& out, char32_t point) {
  if (point <= 0xFFFF) {
    out += fmt::format("_x{:X}", static_cast<uint32_t>(point));
    return;
  }
  const auto rest = static_cast<uint32_t>(point) - 0x10000U;
  out += fmt::format("_x{:X}_x{:X}", 0xD800U + (rest >> 10U), 0xDC00U + (rest & 0x3FFU));
}

Json fixed_avro_type(const Type& type, std::set<std::string>& names, int32_t field_id) {
  Json json = {{"type", "fixed"}};
  if (type.id == TypeId::Decimal) {
    json["name"] = fmt::format("decimal_{}_{}", type.precision, type.scale);
    json["size"] = decimal_length(type.precision);
    json["logicalType"] = "decimal";
    json["precision"] = type.precision;
    json["scale"] = type.scale;
  } else if (type.id == TypeId::Uuid) {
    json["name"] = "uuid_fixed";
    json["size"] = kUuidBytes;
    json["logicalType"] = "uuid";
  } else {
    // As the specification says. Java (1.10) puts a length before such values, and expects it.
    json["name"] = fmt::format("fixed_{}", type.length);
    json["size"] = type.length;
  }
  // Some readers cannot refer to a type by name, others refuse one that is defined twice.
  if (!names.insert(json["name"]).second) json["namespace"] = fmt::format("f{}", field_id);
  return json;
}

Json avro_type(const Type& type, std::set<std::string>& names, int32_t field_id) {
  switch (type.id) {
    case TypeId::Boolean: return "boolean";
    case TypeId::Int: return "int";
    case TypeId::Long: return "long";
    case TypeId::Float: return "float";
    case TypeId::Double: return "double";
    case TypeId::String: return "string";
    case TypeId::Binary: return "bytes";
    case TypeId::Date: return {{"type", "int"}, {"logicalType", "date"}};
    case TypeId::Time: return {{"type", "long"}, {"logicalType", "time-micros"}};
    case TypeId::Timestamp:
    case TypeId::Timestamptz:
      return {{"type", "long"},
              {"logicalType", "timestamp-micros"},
              {"adjust-to-utc", type.id == TypeId::Timestamptz}};
    case TypeId::Uuid:
    case TypeId::Fixed:
    case TypeId::Decimal: return fixed_avro_type(type, names, field_id);
    default: break;
  }
  throw DataException(fmt::format("type {} cannot be a partition value", type_text(type)));
}

/// What to read values of `type` as; fixed ones by their bytes, as lengths may differ.
Json read_type(const Type& type) {
  std::set<std::string> names;
  const Json json = avro_type(type, names, 0);
  if (!json.is_object()) return json;
  return json["type"] == "fixed" ? Json("bytes") : json["type"];
}

/// What to read a field as that only its writer knows.
Json read_type(const avro::Node& written) {
  const avro::Node* node = &written;
  if (node->kind == avro::Kind::Union) {
    for (const avro::Node* branch : node->members) {
      if (branch->kind != avro::Kind::Null) node = branch;
    }
  }
  const bool is_simple = node->kind >= avro::Kind::Boolean && node->kind <= avro::Kind::String;
  return is_simple ? std::string(avro::kind_name(node->kind)) : "bytes";
}

const avro::Field* field_by_id(const avro::Node& record, int32_t id) {
  for (const avro::Field& field : record.fields) {
    if (avro::number(field.properties, kFieldIdKey) == id) return &field;
  }
  return nullptr;
}

avro::Value to_avro(const Literal& literal, const Type& type) {
  return std::visit(
      [&](const auto& value) -> avro::Value {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, std::string>) {
          if (type.id != TypeId::Decimal || value.empty()) return value;
          const size_t length = decimal_length(type.precision);
          const bool is_negative = (static_cast<uint8_t>(value[0]) & 0x80U) != 0;
          const size_t missing = length - std::min(length, value.size());
          return std::string(missing, is_negative ? '\xff' : '\0') + value;
        } else {
          return value;
        }
      },
      literal);
}

Literal from_avro(const avro::Value& value, const TypePtr& type) {
  return std::visit(
      [&](const auto& data) -> Literal {
        using T = std::remove_cvref_t<decltype(data)>;
        if constexpr (std::is_same_v<T, std::string>) {
          return type ? from_bytes(data, *type) : Literal(data);
        } else if constexpr (std::is_constructible_v<Literal, T>) {
          return data;
        } else {
          throw DataException("a partition value is no single value");
        }
      },
      value.data);
}

bool is_nan(const Literal& value) {
  if (const auto* real = std::get_if<float>(&value)) return std::isnan(*real);
  if (const auto* real = std::get_if<double>(&value)) return std::isnan(*real);
  return false;
}

/// `sign` for a zero, else the number itself.
Literal with_zero_sign(const Literal& value, double sign) {
  if (const auto* real = std::get_if<float>(&value); real != nullptr && *real == 0) {
    return std::copysign(0.0F, static_cast<float>(sign));
  }
  if (const auto* real = std::get_if<double>(&value); real != nullptr && *real == 0) {
    return std::copysign(0.0, sign);
  }
  return value;
}

/// Bytes whose unsigned order is the order of two signed halves.
Literal with_signed_halves(const Literal& uuid) {
  std::string bytes = std::get<std::string>(uuid);
  for (const size_t at : {size_t{0}, kUuidBytes / 2}) bytes[at] = static_cast<char>(bytes[at] ^ '\x80');
  return bytes;
}

void widen(Literal& lower, Literal& upper, const Literal& value, const Type& type) {
  if (is_null(lower) || compare(value, lower, type) < 0) lower = value;
  if (is_null(upper) || compare(value, upper, type) > 0) upper = value;
}

}  // namespace

std::string avro_name(const std::string& name) {
  std::string result;
  for (std::string_view rest = name; !rest.empty();) {
    const utf8::Decoded next = utf8::decode(rest);
    const char32_t point = next.code_point;
    rest.remove_prefix(next.length);
    if (is_letter(point) || (is_digit(point) && !result.empty())) {
      result.push_back(static_cast<char>(point));
    } else if (is_digit(point)) {
      result.push_back('_');
      result.push_back(static_cast<char>(point));
    } else {
      append_hex(result, point);
    }
  }
  return result.empty() ? "_" : result;
}

std::vector<TypePtr> partition_types(const TableSchema& schema, const PartitionSpec& spec) {
  std::vector<TypePtr> types;
  for (const PartitionField& field : spec.fields) {
    const NestedField* source = schema.field(field.source_id);
    const bool is_known = source != nullptr && field.transform.kind != TransformKind::Unknown;
    types.push_back(is_known ? result_type(field.transform, source->type) : nullptr);
  }
  return types;
}

Json partition_fields(const PartitionSpec& spec, const std::vector<TypePtr>& types) {
  Json fields = Json::array();
  std::set<std::string> type_names;
  std::set<std::string> field_names;
  for (size_t i = 0; i < spec.fields.size(); ++i) {
    const PartitionField& field = spec.fields[i];
    std::string name = avro_name(field.name);
    if (!field_names.insert(name).second) name += fmt::format("_{}", field.field_id);
    Json json = optional_avro_field(field.field_id, name,
                                    avro_type(*types[i], type_names, field.field_id));
    if (name != field.name) json["iceberg-field-name"] = field.name;
    fields.push_back(std::move(json));
  }
  return fields;
}

Json partition_read_fields(const PartitionSpec& spec, const std::vector<TypePtr>& types,
                           const avro::Node& written) {
  Json fields = Json::array();
  for (size_t i = 0; i < spec.fields.size(); ++i) {
    const int32_t id = spec.fields[i].field_id;
    const avro::Field* field = field_by_id(written, id);
    const Json type = types[i] ? read_type(*types[i])
                      : field != nullptr ? read_type(*field->type)
                                         : Json("bytes");
    fields.push_back(optional_avro_field(id, fmt::format("f{}", i), type));
  }
  return fields;
}

avro::Value partition_to_avro(const PartitionValues& values, const std::vector<TypePtr>& types) {
  if (values.size() != types.size()) {
    throw DataException(fmt::format("a data file has {} partition values, its partition spec {}",
                                    values.size(), types.size()));
  }
  avro::Record record;
  for (size_t i = 0; i < values.size(); ++i) record.fields.push_back(to_avro(promoted(values[i], *types[i]), *types[i]));
  return record;
}

PartitionValues partition_from_avro(const avro::Value& value, const std::vector<TypePtr>& types) {
  const auto& fields = value.as<avro::Record>().fields;
  PartitionValues values;
  for (size_t i = 0; i < fields.size(); ++i) values.push_back(from_avro(fields[i], types[i]));
  return values;
}

PartitionSummaries::PartitionSummaries(std::vector<TypePtr> types)
    : types_(std::move(types)), bounds_(types_.size()) {}

void PartitionSummaries::add(const PartitionValues& values) {
  for (size_t i = 0; i < values.size(); ++i) {
    Bounds& bounds = bounds_[i];
    if (is_null(values[i])) {
      bounds.contains_null = true;
    } else if (is_nan(values[i])) {
      bounds.contains_nan = true;
    } else {
      widen(bounds.lower, bounds.upper, promoted(values[i], *types_[i]), *types_[i]);
      if (types_[i]->id != TypeId::Uuid) continue;
      widen(bounds.signed_lower, bounds.signed_upper, with_signed_halves(values[i]), *types_[i]);
    }
  }
}

std::vector<PartitionSummary> PartitionSummaries::finish() const {
  std::vector<PartitionSummary> summaries;
  for (size_t i = 0; i < bounds_.size(); ++i) {
    const Bounds& bounds = bounds_[i];
    PartitionSummary summary;
    summary.contains_null = bounds.contains_null;
    summary.contains_nan = bounds.contains_nan;
    if (!is_null(bounds.lower)) {
      // Readers take a missing bound for a manifest of nulls only: all bounds or no summaries.
      if (types_[i]->id == TypeId::Uuid &&
          (with_signed_halves(bounds.lower) != bounds.signed_lower ||
           with_signed_halves(bounds.upper) != bounds.signed_upper)) {
        return {};
      }
      summary.lower_bound = to_bytes(with_zero_sign(bounds.lower, -1));
      summary.upper_bound = to_bytes(with_zero_sign(bounds.upper, 1));
    }
    summaries.push_back(std::move(summary));
  }
  return summaries;
}

}  // namespace millrace::lakehouse

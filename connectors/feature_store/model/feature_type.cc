#include "connectors/feature_store/model/feature_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "connectors/avro/limits.h"
#include "millrace/errors.h"
#include "millrace/text.h"

namespace millrace::feature_store {
namespace {

constexpr std::array<std::pair<std::string_view, FeatureKind>, 12> kSimple = {{
    {"boolean", FeatureKind::Boolean},
    {"tinyint", FeatureKind::TinyInt},
    {"smallint", FeatureKind::SmallInt},
    {"int", FeatureKind::Int},
    {"integer", FeatureKind::Int},
    {"bigint", FeatureKind::BigInt},
    {"float", FeatureKind::Float},
    {"double", FeatureKind::Double},
    {"date", FeatureKind::Date},
    {"timestamp", FeatureKind::Timestamp},
    {"string", FeatureKind::String},
    {"binary", FeatureKind::Binary},
}};
constexpr std::array<std::string_view, 4> kComplex = {"array", "map", "struct", "uniontype"};

std::string squeezed(std::string_view text) {
  std::string out = to_lower(text);
  std::erase_if(out, [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; });
  return out;
}

/// `precision,scale` of what stands between parentheses; the scale may be missing.
std::pair<int32_t, int32_t> digits_of(std::string_view inside, std::string_view whole) {
  const size_t comma = inside.find(',');
  const auto precision = whole_number<int32_t>(inside.substr(0, comma));
  const auto scale = comma == std::string_view::npos
                         ? std::optional<int32_t>(0)
                         : whole_number<int32_t>(inside.substr(comma + 1));
  if (!precision || !scale || *precision < 1 || *precision > 38 || *scale < 0 ||
      *scale > *precision) {
    throw DataException(fmt::format(
        "reading type {}: a decimal has 1 to 38 digits and at most as many behind the point", whole));
  }
  return {*precision, *scale};
}

/// Types may refer to themselves, or to others again and again: both would have no end, or none near.
class HiveText {
 public:
  void append(const avro::Node& type, int depth) {
    constexpr size_t kMaxText = size_t{64} << 10;
    if (depth > avro::kMaxValueDepth || text.size() > kMaxText) {
      throw DataException("reading a schema: a complex type refers to itself, or is too large");
    }
    switch (type.kind) {
      case avro::Kind::Array: return inside("array<", *type.members.at(0), depth);
      case avro::Kind::Map: return inside("map<string,", *type.members.at(0), depth);
      case avro::Kind::Record: break;
      default: text += feature_type_of(type).text; return;
    }
    text += "struct<";
    for (const avro::Field& field : type.fields) {
      if (text.back() != '<') text += ',';
      text += to_lower(field.name) + ":";
      append(without_null(*field.type), depth + 1);
    }
    text += '>';
  }

  std::string text = {};

 private:
  void inside(std::string_view open, const avro::Node& member, int depth) {
    text += open;
    append(without_null(member), depth + 1);
    text += '>';
  }
};

FeatureType simple(FeatureKind kind, std::string_view text) {
  return {.kind = kind, .text = std::string(text)};
}

FeatureType bytes_type(const avro::Node& type) {
  if (type.logical_type() != "decimal") return simple(FeatureKind::Binary, "binary");
  const int64_t precision = type.number("precision").value_or(0);
  const int64_t scale = type.number("scale").value_or(0);
  if (precision < 1 || precision > 38 || scale < 0 || scale > precision) {
    throw DataException(fmt::format("reading a schema: decimal({},{}) is not supported; it has 1 to 38 "
                                    "digits and at most as many behind the point",
                                    precision, scale));
  }
  return {.kind = FeatureKind::Decimal,
          .precision = static_cast<int32_t>(precision),
          .scale = static_cast<int32_t>(scale),
          .text = fmt::format("decimal({},{})", precision, scale)};
}

}  // namespace

FeatureType parse_feature_type(std::string_view hive) {
  const std::string text = squeezed(hive);
  const size_t end = std::min(text.find_first_of("(<"), text.size());
  const std::string_view name = std::string_view(text).substr(0, end);
  if (std::find(kComplex.begin(), kComplex.end(), name) != kComplex.end()) {
    if (text.size() > end && text[end] == '<' && text.back() == '>') {
      return {.kind = FeatureKind::Complex, .text = text};
    }
    throw DataException(fmt::format("reading type {}: {} needs <...> behind it", hive, name));
  }
  if (name == "decimal") {
    if (end == text.size()) return {FeatureKind::Decimal, 10, 0, "decimal(10,0)"};  // Hive's default
    if (text.back() != ')') throw DataException(fmt::format("reading type {}: no closing )", hive));
    const auto [precision, scale] =
        digits_of(std::string_view(text).substr(end + 1, text.size() - end - 2), hive);
    return {FeatureKind::Decimal, precision, scale, fmt::format("decimal({},{})", precision, scale)};
  }
  if (end == text.size()) {
    for (const auto& [known, kind] : kSimple) {
      if (known == name) return simple(kind, known == "integer" ? "int" : known);
    }
  }
  if (name == "varchar" || name == "char") return simple(FeatureKind::String, "string");
  throw DataException(fmt::format(
      "reading type {}: no such type; known are boolean, tinyint, smallint, int, bigint, float, double, "
      "decimal(p,s), date, timestamp, string, binary, array<>, map<>, struct<>",
      hive));
}

const avro::Node& without_null(const avro::Node& type) {
  if (type.kind != avro::Kind::Union) return type;
  const avro::Node* value = nullptr;
  for (const avro::Node* branch : type.members) {
    if (branch->kind == avro::Kind::Null) continue;
    if (value != nullptr) {
      throw DataException("reading a schema: a union of several types besides null is no feature");
    }
    value = branch;
  }
  if (value == nullptr) throw DataException("reading a schema: a field that is always null is no feature");
  return *value;
}

FeatureType feature_type_of(const avro::Node& field_type) {
  const avro::Node& type = without_null(field_type);
  const std::string_view logical = type.logical_type();
  switch (type.kind) {
    case avro::Kind::Boolean: return simple(FeatureKind::Boolean, "boolean");
    case avro::Kind::Int:
      return logical == "date" ? simple(FeatureKind::Date, "date") : simple(FeatureKind::Int, "int");
    case avro::Kind::Long:
      return logical.find("timestamp-mi") != std::string_view::npos
                 ? simple(FeatureKind::Timestamp, "timestamp")
                 : simple(FeatureKind::BigInt, "bigint");
    case avro::Kind::Float: return simple(FeatureKind::Float, "float");
    case avro::Kind::Double: return simple(FeatureKind::Double, "double");
    case avro::Kind::String: return simple(FeatureKind::String, "string");
    case avro::Kind::Bytes: return bytes_type(type);
    case avro::Kind::Array:
    case avro::Kind::Map:
    case avro::Kind::Record: {
      HiveText hive;
      hive.append(type, 0);
      return {.kind = FeatureKind::Complex, .text = std::move(hive.text)};
    }
    default:
      throw DataException(fmt::format("reading a schema: Avro's {} is no feature", kind_name(type.kind)));
  }
}

}  // namespace millrace::feature_store

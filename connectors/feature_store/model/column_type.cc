#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "connectors/feature_store/model/feature_type.h"
#include "millrace/errors.h"
#include "millrace/text.h"

namespace millrace::feature_store {
namespace {

struct KnownColumn {
  std::string_view name;
  ColumnKind kind;
  uint32_t cost;  // bytes of a row; of VarChar and VarBinary: of one character or byte
};
constexpr std::array<KnownColumn, 19> kColumns = {{
    {"boolean", ColumnKind::Boolean, 1},     {"bool", ColumnKind::Boolean, 1},
    {"tinyint", ColumnKind::TinyInt, 1},     {"smallint", ColumnKind::SmallInt, 2},
    {"int", ColumnKind::Int, 4},             {"integer", ColumnKind::Int, 4},
    {"bigint", ColumnKind::BigInt, 8},       {"float", ColumnKind::Float, 4},
    {"double", ColumnKind::Double, 8},       {"decimal", ColumnKind::Decimal, 16},
    {"date", ColumnKind::Date, 8},           {"timestamp", ColumnKind::Timestamp, 8},
    {"datetime", ColumnKind::Timestamp, 8},  {"varchar", ColumnKind::VarChar, 4},
    {"char", ColumnKind::VarChar, 4},        {"text", ColumnKind::Text, 256},
    {"varbinary", ColumnKind::VarBinary, 1}, {"binary", ColumnKind::VarBinary, 1},
    {"blob", ColumnKind::Blob, 256},
}};
constexpr uint32_t kDefaultLength = 100;  // of VARCHAR and VARBINARY
constexpr uint32_t kMaxLength = 65'535;

const KnownColumn& known(ColumnKind kind) noexcept {
  return *std::find_if(kColumns.begin(), kColumns.end(),
                       [kind](const KnownColumn& column) { return column.kind == kind; });
}

[[noreturn]] void refuse(std::string_view sql, std::string_view why) {
  throw DataException(fmt::format("reading column type {}: {}", sql, why));
}

ColumnType with_digits(ColumnType type, std::string_view inside, std::string_view sql) {
  const size_t comma = inside.find(',');
  const auto first = whole_number<uint32_t>(inside.substr(0, comma));
  const auto second = comma == std::string_view::npos
                          ? std::optional<uint32_t>(0)
                          : whole_number<uint32_t>(inside.substr(comma + 1));
  if (!first || !second) refuse(sql, "numbers belong between the parentheses");
  switch (type.kind) {
    case ColumnKind::Decimal:
      if (*first < 1 || *first > 65 || *second > *first) refuse(sql, "a decimal has 1 to 65 digits");
      type.precision = static_cast<int32_t>(*first);
      type.scale = static_cast<int32_t>(*second);
      return type;
    case ColumnKind::VarChar:
    case ColumnKind::VarBinary:
      if (*first < 1 || *first > kMaxLength) refuse(sql, "the length is from 1 to 65535");
      type.length = *first;
      return type;
    case ColumnKind::Timestamp:
      if (*first > 6) refuse(sql, "a fraction has at most 6 digits");
      type.length = *first;
      return type;
    default: return type;  // widths of display, as in tinyint(1)
  }
}

}  // namespace

std::string ColumnType::text() const {
  const std::string name(known(kind).name);
  switch (kind) {
    case ColumnKind::Decimal: return fmt::format("{}({},{})", name, precision, scale);
    case ColumnKind::VarChar:
    case ColumnKind::VarBinary: return fmt::format("{}({})", name, length);
    case ColumnKind::Timestamp: return length == 0 ? name : fmt::format("{}({})", name, length);
    default: return name;
  }
}

ColumnType parse_column_type(std::string_view sql) {
  std::string text = to_lower(sql);
  std::erase(text, ' ');
  const size_t open = std::min(text.find('('), text.size());
  const std::string_view name = std::string_view(text).substr(0, open);
  const auto at = std::find_if(kColumns.begin(), kColumns.end(),
                               [name](const KnownColumn& column) { return column.name == name; });
  if (at == kColumns.end()) refuse(sql, "no such type");
  ColumnType type{.kind = at->kind};
  if (type.kind == ColumnKind::Decimal) type.precision = 10;
  if (type.kind == ColumnKind::VarChar || type.kind == ColumnKind::VarBinary) type.length = kDefaultLength;
  if (open == text.size()) return type;
  if (text.back() != ')') refuse(sql, "no closing )");
  return with_digits(type, std::string_view(text).substr(open + 1, text.size() - open - 2), sql);
}

ColumnType default_column_type(const FeatureType& type) {
  switch (type.kind) {
    case FeatureKind::Boolean: return {.kind = ColumnKind::TinyInt};
    case FeatureKind::TinyInt: return {.kind = ColumnKind::TinyInt};
    case FeatureKind::SmallInt: return {.kind = ColumnKind::SmallInt};
    case FeatureKind::Int: return {.kind = ColumnKind::Int};
    case FeatureKind::BigInt: return {.kind = ColumnKind::BigInt};
    case FeatureKind::Float: return {.kind = ColumnKind::Float};
    case FeatureKind::Double: return {.kind = ColumnKind::Double};
    case FeatureKind::Decimal: return {ColumnKind::Decimal, 0, type.precision, type.scale};
    case FeatureKind::Date: return {.kind = ColumnKind::Date};
    case FeatureKind::Timestamp: return {.kind = ColumnKind::Timestamp};
    case FeatureKind::String: return {.kind = ColumnKind::VarChar, .length = kDefaultLength};
    case FeatureKind::Binary:
    case FeatureKind::Complex: break;
  }
  return {.kind = ColumnKind::VarBinary, .length = kDefaultLength};
}

uint32_t row_cost(const ColumnType& type) noexcept {
  const uint32_t cost = known(type.kind).cost;
  const bool by_length = type.kind == ColumnKind::VarChar || type.kind == ColumnKind::VarBinary;
  return by_length ? cost * type.length : cost;
}

}  // namespace millrace::feature_store

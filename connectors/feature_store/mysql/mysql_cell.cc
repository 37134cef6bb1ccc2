#include "connectors/feature_store/mysql/mysql_cell.h"

#include <cmath>

#include "connectors/feature_store/wire/cell_text.h"
#include "connectors/feature_store/wire/scalar_text.h"
#include "connectors/scalars/civil_time.h"

namespace millrace::feature_store {
namespace {

constexpr const char* kNoYear = "a date or time is out of range: years are 0 to 9999";

/// Cut, not rounded: servers differ in it.
int64_t cut(const PlannedField& field, int64_t micros) {
  if (field.column.kind != ColumnKind::Timestamp) return micros;
  int64_t unit = 1;
  for (uint32_t digit = field.column.length; digit < 6; ++digit) unit *= 10;
  return floor_div(micros, unit) * unit;
}

const char* append_decimal_text(BoundRows& out, const PlannedField& field,
                                std::string_view unscaled) {
  std::string& text = out.texts.emplace_back();
  if (!append_plain_decimal(text, unscaled, field.type.scale))
    return "a decimal has too many digits";
  out.parameters.text(text);
  return nullptr;
}

}  // namespace

const char* append_cell(BoundRows& out, const PlannedField& field, const Cell& cell) {
  Parameters& to = out.parameters;
  switch (cell.kind) {
    case Cell::Kind::Null:
      to.null();
      return nullptr;
    case Cell::Kind::Boolean:
    case Cell::Kind::Integer:
      to.whole(cell.integer);
      return nullptr;
    case Cell::Kind::Float:
    case Cell::Kind::Double:
      if (std::isfinite(cell.real))
        to.real(cell.real);
      else
        to.null();
      return nullptr;
    case Cell::Kind::Decimal:
      return append_decimal_text(out, field, cell.bytes);
    case Cell::Kind::Date:
      return to.date(cell.integer) ? nullptr : kNoYear;
    case Cell::Kind::Timestamp:
      return to.moment(cut(field, cell.integer)) ? nullptr : kNoYear;
    case Cell::Kind::Text:
      to.text(cell.bytes);
      return nullptr;
    case Cell::Kind::Bytes:
    case Cell::Kind::Complex:
      to.bytes(cell.bytes);
      return nullptr;
  }
  return "a value of no kind";
}

std::string server_text(const PlannedField& field, const Cell& cell) {
  switch (cell.kind) {
    case Cell::Kind::Boolean:
      return cell.integer != 0 ? "1" : "0";
    case Cell::Kind::Bytes:
      return std::string(cell.bytes);
    default:
      break;
  }
  std::string out;
  append_cell_text(out, field, cell);
  return out;
}

}  // namespace millrace::feature_store

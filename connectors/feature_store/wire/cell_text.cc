#include "connectors/feature_store/wire/cell_text.h"

#include "connectors/feature_store/wire/nested_json.h"
#include "connectors/feature_store/wire/scalar_text.h"
#include "millrace/json.h"

namespace millrace::feature_store {
namespace {

/// As many digits of the fraction as the column has; -1: as needed.
int fraction_digits(const PlannedField& field) noexcept {
  return field.column.kind == ColumnKind::Timestamp ? static_cast<int>(field.column.length) : -1;
}

/// Rounded down to `digits` of the fraction.
int64_t cut(int64_t micros, int digits) noexcept {
  int64_t unit = 1;
  for (int i = digits; i < 6 && digits >= 0; ++i) unit *= 10;
  const int64_t rest = micros % unit;
  const int64_t below = rest < 0 ? rest + unit : rest;
  return micros < INT64_MIN + below ? micros : micros - below;
}

void append_json_timestamp(std::string& out, const PlannedField& field, int64_t micros,
                           const JsonStyle& style) {
  const int digits = fraction_digits(field);
  out += '"';
  if (style.rfc3339) {
    append_timestamp(out, cut(micros, digits), 'T', -1);
    out += 'Z';
  } else {
    append_timestamp(out, micros, ' ', digits);
  }
  out += '"';
}

bool append_complex(std::string& out, const PlannedField& field, std::string_view bytes,
                    const JsonStyle& style) {
  if (field.nested != nullptr && append_nested_json(out, *field.nested, bytes, style)) return true;
  out += "null";
  return false;
}

bool append_json_decimal(std::string& out, const PlannedField& field, std::string_view unscaled) {
  if (append_plain_decimal(out, unscaled, field.type.scale)) return true;
  out += "null";
  return false;
}

}  // namespace

bool append_cell_json(std::string& out, const PlannedField& field, const Cell& cell,
                      const JsonStyle& style) {
  switch (cell.kind) {
    case Cell::Kind::Null: out += "null"; return true;
    case Cell::Kind::Boolean:
      if (style.numeric_booleans) out += cell.integer != 0 ? '1' : '0';
      else out += cell.integer != 0 ? "true" : "false";
      return true;
    case Cell::Kind::Integer: append_integer(out, cell.integer); return true;
    case Cell::Kind::Float: append_json_real(out, static_cast<float>(cell.real)); return true;
    case Cell::Kind::Double: append_json_real(out, cell.real); return true;
    case Cell::Kind::Decimal: return append_json_decimal(out, field, cell.bytes);
    case Cell::Kind::Date:
      out += '"';
      append_date(out, cell.integer);
      out += '"';
      return true;
    case Cell::Kind::Timestamp: append_json_timestamp(out, field, cell.integer, style); return true;
    case Cell::Kind::Text: append_json_text(out, cell.bytes); return true;
    case Cell::Kind::Bytes: append_json_base64(out, cell.bytes); return true;
    case Cell::Kind::Complex: return append_complex(out, field, cell.bytes, style);
  }
  return false;
}

void append_cell_text(std::string& out, const PlannedField& field, const Cell& cell) {
  switch (cell.kind) {
    case Cell::Kind::Null: break;
    case Cell::Kind::Float: append_java_float(out, static_cast<float>(cell.real)); break;
    case Cell::Kind::Double: append_java_double(out, cell.real); break;
    case Cell::Kind::Date: append_date(out, cell.integer); break;
    case Cell::Kind::Timestamp: append_timestamp(out, cell.integer, ' ', fraction_digits(field)); break;
    case Cell::Kind::Text: out += cell.bytes; break;
    case Cell::Kind::Bytes: append_base64_text(out, cell.bytes); break;
    default: append_cell_json(out, field, cell, {}); break;
  }
}

}  // namespace millrace::feature_store

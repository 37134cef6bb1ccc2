#pragma once
// Cells as JSON and text, and back (feature-store-sink.md §8, §13).

#include <string>
#include <string_view>

#include "connectors/feature_store/wire/cell.h"
#include "connectors/feature_store/wire/row_plan.h"

namespace millrace::feature_store {

struct JsonStyle {
  bool numeric_booleans = false;  // RonDB: 0 and 1
  bool rfc3339 = false;           // Feast: `2026-01-02T03:04:05Z`; else `2026-01-02 03:04:05[.f]`
};

/// Appends the value as JSON. Numbers that have none (NaN, infinities) are null; decimals are bare; binary is
/// base64; complex values are plain JSON without type tags. Timestamps have the digits that `field.column`
/// declares, cut (rfc3339: then as many groups of 3 as needed); those of complex values 0, 3 or 6 as needed.
/// False, with null appended, when the bytes of a complex value are not of its schema, or a decimal is
/// longer than kMaxDecimalTextBytes.
bool append_cell_json(std::string& out, const PlannedField& field, const Cell& cell,
                      const JsonStyle& style);

/// As text: what change notifications, Redis's `hash` layout and messages show. Null appends nothing, text
/// is as it is, bytes are base64, complex values are JSON.
void append_cell_text(std::string& out, const PlannedField& field, const Cell& cell);

/// `YYYY-MM-DD`, proleptic Gregorian; years beyond 9999 have more digits, those before 0 a minus.
void append_date(std::string& out, int64_t days);
/// `separator` between date and time; `digits` of the fraction 0 to 6, or -1: as many groups of 3 as needed.
void append_timestamp(std::string& out, int64_t micros, char separator, int digits);

}  // namespace millrace::feature_store

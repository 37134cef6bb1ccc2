#pragma once
// Cells and rows from what lookups, pushes and converters bring.

#include <span>
#include <string>

#include "connectors/feature_store/model/feature_type.h"
#include "connectors/feature_store/wire/cell.h"
#include "connectors/feature_store/wire/row_plan.h"
#include "millrace/arena.h"
#include "millrace/value.h"

namespace millrace::feature_store {

/// A JSON value (millrace/json.h, numbers Exact), or one of a converter, as a feature of `type`. Dates and
/// timestamps are texts (`2026-01-02`, `2026-01-02 03:04:05[.f]`, RFC 3339) or numbers (days; milliseconds),
/// booleans also 0 and 1, decimals also texts, binary is base64. What the cell points into is in `arena` or
/// in `value`. Null, or why not (static storage): wrong type, out of range. Complex features have no type
/// that says enough: RowEncoder::encode_complex.
const char* cell_of(const Value& value, const FeatureType& type, Arena& arena, Cell& out);

/// Writes rows: the bytes a Hopsworks client would send. For pushes, and tests. Immutable.
class RowEncoder {
 public:
  explicit RowEncoder(RowPlanPtr plan) : plan_(std::move(plan)) {}
  const RowPlan& plan() const noexcept { return *plan_; }

  /// Appends a row. `cells` in the order of the plan's fields; Complex cells hold nested Avro. Null, or why
  /// not (static storage), e.g. null where the schema has none; `out` is then as it was.
  const char* encode(std::span<const Cell> cells, std::string& out) const;
  /// Appends the nested Avro of a JSON value, the bytes of a Complex cell. Members of a struct that are
  /// missing are null, those it does not have are refused. On failure `out` is as it was.
  const char* encode_complex(size_t field, const Value& value, std::string& out) const;

 private:
  RowPlanPtr plan_;
};

}  // namespace millrace::feature_store

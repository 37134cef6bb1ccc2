#pragma once
// Cells from what lookups and pushes bring.

#include <string>
#include <string_view>

#include "connectors/feature_store/model/feature_type.h"
#include "connectors/feature_store/wire/cell.h"
#include "connectors/feature_store/wire/row_plan.h"
#include "millrace/value.h"

namespace millrace::feature_store {

/// Reads a JSON value (millrace/json.h, numbers Exact) as a feature of `type`. Dates and timestamps are texts
/// (`2026-01-02`, `2026-01-02 03:04:05[.f]`, RFC 3339) or numbers (days; milliseconds), binary is base64.
/// `scratch` holds what the cell points into and is not cleared. Null, or why not (static storage): wrong
/// type, out of range.
const char* cell_of(const Value& json, const FeatureType& type, std::string& scratch, Cell& out);

/// Writes rows: the bytes a Hopsworks client would send. For pushes, and tests. Immutable.
class RowEncoder {
 public:
  explicit RowEncoder(RowPlanPtr plan) : plan_(std::move(plan)) {}
  /// `cells` in the order of the plan's fields; Complex cells hold nested Avro. Null, or why not (static
  /// storage), e.g. null where the schema has none.
  const char* encode(std::span<const Cell> cells, std::string& out) const;
  /// Nested Avro of a JSON value, as a Complex cell.
  const char* encode_complex(size_t field, const Value& json, std::string& out) const;

 private:
  RowPlanPtr plan_;
};

}  // namespace millrace::feature_store

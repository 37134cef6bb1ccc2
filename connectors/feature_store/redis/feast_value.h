#pragma once
// Cells as `feast.types.Value` and moments as `google.protobuf.Timestamp` (feature-store-sink.md
// §8, §10).

#include <cstdint>
#include <string>

#include "connectors/feature_store/wire/cell.h"
#include "connectors/feature_store/wire/row_plan.h"

namespace millrace::feature_store {

/// Numbers of the fields of Feast's Value.
enum class FeastField : uint32_t {
  Bytes = 1,
  String = 2,
  Int32 = 3,
  Int64 = 4,
  Double = 5,
  Float = 6,
  Boolean = 7,
  UnixTimestamp = 8,
  Map = 20,
  MapList = 21,
  Struct = 34,
  StructList = 35,
  ValueList = 42,
  Decimal = 44,
  DecimalList = 45,
};

/// Appends the message. Null is the empty message, which is what Feast writes: its SDK for Python
/// takes `null_val` (19) for a 0. Arrays are lists of their items' type; those with nulls, which
/// such lists cannot hold, and arrays of arrays are lists of values (42). Dates and timestamps are
/// seconds, rounded down. False, with nothing appended, when complex bytes are not of the field's
/// schema or a decimal is too long.
bool append_feast_value(std::string& out, const PlannedField& field, const Cell& cell);

/// Appends the message of a moment in microseconds since the epoch.
void append_feast_timestamp(std::string& out, int64_t micros);

}  // namespace millrace::feature_store

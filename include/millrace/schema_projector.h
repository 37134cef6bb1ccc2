#pragma once
// Values written with one schema as values of another, as Connect's SchemaProjector does it
// (connect-data.md §1.6): numbers widen, fields come and go, defaults fill gaps.

#include <optional>

#include "millrace/arena.h"
#include "millrace/record.h"
#include "millrace/schema.h"

namespace millrace {

/// Makes of `value`, which fits `source`, a value of `target`. The schemas are compatible when their
/// types are equal or the first widens to the second along INT8, INT16, INT32, INT64, FLOAT32,
/// FLOAT64, and names and parameters are equal; versions and documentation do not matter. A struct
/// gets the fields of `target`: from `value`, whose fields use their own defaults, else left unset
/// when optional, else the default. `out` may share memory with `value` and `target`, both of which
/// must outlive it; the rest is in `arena`.
///
/// Returns nothing, or the error with Java's message: SchemaProjector (the reasons of nested fields
/// follow at once, where Java has causes), Data when a value does not fit its target field. `out`
/// means nothing then.
std::optional<RowError> project_value(const Schema& source, const Value& value,
                                      const Schema& target, Arena& arena, Value& out);

}  // namespace millrace

#pragma once
// Transformations and predicates (connect-data.md §4). The chain computes which rows are live and
// match the predicate, so that no transformation repeats that logic.

#include "millrace/properties.h"
#include "millrace/record.h"

namespace millrace {

/// Created per task; used by the task thread only.
class Transformation {
 public:
  virtual ~Transformation() = default;
  /// `config` has the `transforms.<alias>.` prefix removed. Throws ConfigException.
  virtual void configure(const Properties& config) = 0;
  /// Changes `rows` in place; drops one with batch.filter, fails one with batch.reject.
  virtual void apply(RecordBatch& batch, const RowSet& rows) = 0;
};

class Predicate {
 public:
  virtual ~Predicate() = default;
  virtual void configure(const Properties& config) = 0;
  virtual bool test(const Record& record) const = 0;
};

}  // namespace millrace

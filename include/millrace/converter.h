#pragma once
// Converters translate between Connect values and bytes in the log, a batch at a time
// (connect-data.md §3). One shape for both directions: change these rows of this batch in place.

#include <memory>

#include "millrace/config_def.h"
#include "millrace/properties.h"
#include "millrace/record.h"

namespace millrace {

/// Created per task and side; used by the task thread only.
class Converter {
 public:
  virtual ~Converter() = default;
  /// `config` has the `key.converter.`/`value.converter.` prefix removed and `converter.type`
  /// set. Throws ConfigException.
  virtual void configure(const Properties& config, Side side) = 0;
  /// wire(side) -> side(side) for `rows`; a row that cannot be read is rejected
  /// (stage and class name are filled in by the pipeline).
  virtual void to_connect_data(RecordBatch& batch, const RowSet& rows, Side side) = 0;
  /// side(side) -> wire(side) for `rows`. The wire form may point into the value's own memory.
  virtual void from_connect_data(RecordBatch& batch, const RowSet& rows, Side side) = 0;
};

/// Converts every header of the given rows.
class HeaderConverter {
 public:
  virtual ~HeaderConverter() = default;
  virtual void configure(const Properties& config) = 0;
  virtual void to_connect_headers(RecordBatch& batch, const RowSet& rows) = 0;
  virtual void from_connect_headers(RecordBatch& batch, const RowSet& rows) = 0;
};

}  // namespace millrace

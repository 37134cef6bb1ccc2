#pragma once
// What a record does to a table that rows are replaced in: its operation and the row it is about
// (iceberg-sink.md §8).

#include <optional>
#include <string>
#include <string_view>

#include "connectors/lakehouse/columns/reject.h"
#include "connectors/lakehouse/sink/upsert_buffer.h"
#include "millrace/record.h"

namespace millrace::lakehouse {

/// Where records say what they do. With none of it all records are appended.
struct ChangeOptions {
  bool upsert = false;                   // what adds a row replaces the one of its key
  std::optional<std::string> operation = {};  // path of the field that names the operation
  bool debezium = false;                 // values are Debezium's envelopes
  bool null_deletes = false;             // a record without a value deletes the row of its key

  bool any() const noexcept { return upsert || operation || debezium || null_deletes; }
};

/// A change of one row.
struct RowChange {
  ChangeKind kind = ChangeKind::Insert;
  SchemaAndValue row;  // of a Delete: an object with the key columns, or the value of the only one
};

/// Reads operations: `u...` is an update and `d...` a deletion, whatever the case; anything else, or
/// nothing, an insertion, as in the sink that Apache's came from. In an envelope `r`, a row of a snapshot,
/// is an update, since snapshots are taken again. Thread-safe.
class ChangeReader {
 public:
  explicit ChangeReader(ChangeOptions options) : options_(std::move(options)) {}
  const ChangeOptions& options() const noexcept { return options_; }
  /// False: `reject` says why it is none. A record without a value is a deletion when such ones delete,
  /// and else is not to be asked for. An envelope of something else than a row (a truncation) is rejected.
  bool read(const Record& record, RowChange& change, Reject& reject) const;
  /// Only the row: what to look at for new columns; a null value when there is none.
  SchemaAndValue row_of(const Record& record) const;

 private:
  bool read_envelope(const Record& record, RowChange& change, Reject& reject) const;

  ChangeOptions options_;
};

}  // namespace millrace::lakehouse

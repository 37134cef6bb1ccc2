#pragma once
// The rows of a commit that replaces and deletes rows by key: the newest of each key (iceberg-sink.md §8).

#include <cstdint>
#include <vector>

#include "connectors/lakehouse/columns/row_copy.h"
#include "connectors/lakehouse/columns/row_writer.h"
#include "connectors/lakehouse/sink/partition_writers.h"

namespace millrace::lakehouse {

/// What a record does to the row of its key.
enum class ChangeKind : uint8_t {
  Insert,  // adds it: there is none of that key in the table
  Upsert,  // puts it in the place of the one there may be
  Delete,
};

/// The columns that tell rows apart, as a schema of their own: top-level columns of the table, all of
/// them required, in the table's order.
TableSchemaPtr key_schema(const TableSchema& table, const std::vector<int32_t>& key_ids);

/// An equality delete does not touch rows of its own commit, so each key is written once in a commit:
/// everything waits here until then. Superseded rows are swept when they are the most. Used by one
/// thread; no allocation but to grow.
class UpsertBuffer {
 public:
  UpsertBuffer(TableSchemaPtr schema, TableSchemaPtr keys, bool ignore_case);

  /// The newest row of its key. `rows` writes rows of the schema. False: `reject` says why it is none.
  bool put(ChangeKind kind, const Record& record, RowWriter& rows, Reject& reject);
  /// The key's row is to go. `key` is an object with the key columns among its fields, or the value of
  /// the only one. False: `reject` says why not.
  bool erase(const SchemaAndValue& key, Reject& reject);

  /// All of it under the table's new schema.
  UpsertBuffer with_schema(TableSchemaPtr schema, TableSchemaPtr keys) const;
  /// Hands the rows to `data`, and the keys that may be in the table already to `deletes`, whose schemas
  /// are the table's and the keys'. Throws what storage throws: what they have then is of no use.
  void write_to(PartitionWriters& data, PartitionWriters& deletes) const;
  void clear();

  const TableSchemaPtr& keys() const noexcept { return keys_.schema(); }
  int64_t live_rows() const noexcept { return live_; }
  bool empty() const noexcept { return known_.empty(); }
  /// In use.
  int64_t bytes() const;
  /// Held, used or not.
  int64_t memory_bytes() const;

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  /// No sweep below so many superseded rows.
  static constexpr int64_t kLeastSweep = 16'384;

  struct Key {
    uint64_t hash = 0;
    uint32_t row = kNone;  // newest, in rows_; none: deleted
    bool in_table = false;  // it may be
  };

  bool take_key(const ColumnBatch& from, int64_t row, Reject& reject);
  uint32_t settle_key();
  uint64_t hash_of(int64_t key) const;
  bool same_key(int64_t one, int64_t other) const;
  void grow_index();
  void put_in_index(uint32_t key);
  void sweep();
  bool erase_object(const SchemaAndValue& key, Reject& reject);
  bool erase_single(const SchemaAndValue& key, Reject& reject);
  void mark_deleted();

  const bool ignore_case_;
  ColumnBatch rows_;
  ColumnBatch keys_;               // a row for each of `known_`, and the one that is looked up
  RowWriter key_writer_;           // of records that are keys
  RowCopy key_of_row_;             // columns of rows_ to those of keys_
  std::vector<uint32_t> of_row_;   // key by row
  std::vector<Key> known_;
  std::vector<uint32_t> index_;    // open addressing; a power of two, at most half full
  int64_t live_ = 0;
};

}  // namespace millrace::lakehouse

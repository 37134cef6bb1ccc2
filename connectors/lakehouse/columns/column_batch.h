#pragma once
// Rows of one table as columns in Arrow's layout, so that a Parquet writer takes them as they are.

#include <cassert>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "connectors/lakehouse/columns/buffer.h"
#include "connectors/lakehouse/table/data_file.h"
#include "connectors/lakehouse/table/types.h"

namespace millrace::lakehouse {

/// Values of one field at any depth. Which buffers are used follows the type:
/// - fixed width (4: Int, Date, Float; 8: Long, Double, Time, timestamps; 16: Uuid, and Decimal as
///   little-endian two's complement; `length`: Fixed; 1: Boolean, a byte each): `values`;
/// - String, Binary: `offsets` (rows + 1) into `values`;
/// - List, Map: `offsets` (rows + 1) into the rows of the children (`element`; `key`, `value`);
/// - Struct: children of as many rows.
/// A row that is null has a cleared bit in `validity`, and some value or an empty range all the
/// same; the children of a null struct have null rows, whether they are required or not.
/// Offsets end at 2 GiB or rows: an append beyond throws DataException and leaves the row to be
/// truncated. Hand a batch on long before. Movable only; used by one thread.
class Column {
 public:
  explicit Column(const NestedField& field);

  const NestedField& field() const noexcept { return field_; }
  int64_t rows() const noexcept { return rows_; }
  int64_t nulls() const noexcept { return nulls_; }
  /// Bits, least first; those beyond the rows are set.
  std::span<const uint8_t> validity() const noexcept {
    return {validity_.data(), validity_.size()};
  }
  std::span<const uint8_t> values() const noexcept { return {values_.data(), values_.size()}; }
  std::span<const int32_t> offsets() const noexcept { return {offsets_.data(), offsets_.size()}; }
  /// Bytes of a value of fixed width; 0 for others.
  uint32_t width() const noexcept { return width_; }
  std::vector<Column>& children() noexcept { return children_; }
  const std::vector<Column>& children() const noexcept { return children_; }
  /// Bytes in use, children included.
  size_t bytes() const noexcept;
  /// Bytes that are held, used or not, children included.
  size_t capacity() const noexcept;

  // One more row. The caller knows the type. Nothing is allocated but to grow twofold.
  void append_null();
  template <class T>
  void append_fixed(const T& value) {  // sizeof(T) is the width
    static_assert(std::is_trivially_copyable_v<T>);
    assert(sizeof(T) == width_);
    std::memcpy(values_.extend(sizeof(T)), &value, sizeof(T));
    push_valid();
  }
  void append_bytes(std::string_view value) {  // String, Binary; Fixed and Uuid: of the width
    assert(width_ == 0 || value.size() == width_);
    if (width_ == 0) push_offset(value.size());
    uint8_t* to = values_.extend(value.size());
    if (!value.empty()) std::memcpy(to, value.data(), value.size());
    push_valid();
  }
  void append_struct() { push_valid(); }  // then one row to each child
  void append_list(int32_t elements) {    // then so many rows to each child
    push_offset(static_cast<size_t>(elements));
    push_valid();
  }

  /// Drops rows from the end, of the children too, also those of a row that was left halfway.
  void truncate(int64_t rows);
  void clear() { truncate(0); }  // keeps the memory

 private:
  void push_valid() {
    // A new byte says that all eight are there.
    if ((rows_ & 7) == 0) validity_.push(0xff);
    ++rows_;
  }
  void push_offset(size_t more) {
    const size_t end = static_cast<size_t>(offsets_.back()) + more;
    if (end > static_cast<size_t>(INT32_MAX)) offsets_full();
    offsets_.push(static_cast<int32_t>(end));
  }
  [[noreturn]] void offsets_full() const;
  void forget_nulls(int64_t from);

  NestedField field_;
  uint32_t width_ = 0;  // of fixed-width types
  bool has_offsets_ = false;
  int64_t rows_ = 0;
  int64_t nulls_ = 0;
  Buffer<uint8_t> validity_;
  Buffer<uint8_t> values_;
  Buffer<int32_t> offsets_;
  std::vector<Column> children_;
};

/// Columns of equally many rows.
class ColumnBatch {
 public:
  explicit ColumnBatch(TableSchemaPtr schema);

  const TableSchemaPtr& schema() const noexcept { return schema_; }
  std::vector<Column>& columns() noexcept { return columns_; }
  const std::vector<Column>& columns() const noexcept { return columns_; }
  int64_t rows() const noexcept { return columns_.empty() ? 0 : columns_.front().rows(); }
  size_t bytes() const noexcept;
  size_t capacity() const noexcept;
  /// Back to so many rows: undoes a row that failed halfway.
  void truncate(int64_t rows);
  void clear();

 private:
  TableSchemaPtr schema_;
  std::vector<Column> columns_;
};

/// Which statistics a file keeps of a column (`write.metadata.metrics.*`, iceberg-sink.md §5.7).
enum class MetricsMode : uint8_t { None, Counts, Truncate, Full };
struct ColumnMetricsMode {
  MetricsMode mode = MetricsMode::Truncate;
  int32_t length = 16;
};
/// By field id, for every leaf. The first 100 are measured unless properties say otherwise; those
/// of a struct come before those of the structs in it. Throws ConfigException for a mode that is none.
std::map<int32_t, ColumnMetricsMode> metrics_modes(
    const TableSchema& schema, const std::map<std::string, std::string>& properties);

/// Counts and bounds of a file, one pass over each batch that goes into it. A leaf without a mode
/// is not measured. Values in lists and maps are counted but have no bounds, and uuids have none.
class MetricsCollector {
 public:
  MetricsCollector(TableSchemaPtr schema, std::map<int32_t, ColumnMetricsMode> modes);
  void add(const ColumnBatch& batch);
  /// Record, value, null and NaN counts and bounds, and begins anew; sizes and splits are the
  /// writer's.
  FileMetrics take();

 private:
  struct Leaf;
  void add_leaves(const NestedField& field, bool repeated);
  void add_column(const Column& column, size_t& leaf);

  TableSchemaPtr schema_;
  std::map<int32_t, ColumnMetricsMode> modes_;
  std::vector<std::unique_ptr<Leaf>> leaves_;  // in the order of the schema
  int64_t records_ = 0;

 public:
  ~MetricsCollector();
};

}  // namespace millrace::lakehouse

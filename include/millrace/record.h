#pragma once
// Records and batches: the unit of work of the data plane. Rows never move, so a row's index is
// its identity for offsets, delivery reports and errors (architecture: "arena rows").

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/arena.h"
#include "millrace/errors.h"
#include "millrace/schema.h"
#include "millrace/value.h"

namespace millrace {

/// Serialised form of a key, value or header. `data == nullptr` is Kafka's null (a tombstone when
/// it is the value); a non-null pointer with size 0 is empty.
struct WireBytes {
  const uint8_t* data = nullptr;
  uint32_t size = 0;

  bool is_null() const noexcept { return data == nullptr; }
  std::string_view text() const noexcept { return {reinterpret_cast<const char*>(data), size}; }
  static WireBytes of(std::string_view text) noexcept {
    return {reinterpret_cast<const uint8_t*>(text.data() == nullptr ? "" : text.data()),
            static_cast<uint32_t>(text.size())};
  }
};

/// A value with its schema; `schema` is null for schemaless data and then says nothing about it.
struct SchemaAndValue {
  const Schema* schema = nullptr;
  Value value;
};

struct Header {
  std::string_view key;
  SchemaAndValue data;  // Connect side
  WireBytes wire;       // Kafka side
};

/// Which half of a record a converter works on.
enum class Side : uint8_t { Key, Value };

enum class RowState : uint8_t {
  Live,
  Filtered,  // dropped on purpose (transformation returned nothing)
  Rejected,  // failed; the error is in RecordBatch::error(row)
};

enum class TimestampType : int8_t { None = -1, Create = 0, LogAppend = 1 };

inline constexpr int64_t kNoTimestamp = -1;
inline constexpr int32_t kNoPartition = -1;
inline constexpr uint32_t kNoError = UINT32_MAX;

/// One record, in both of its forms. A source task fills the Connect form, converters derive the
/// wire form; a consumer fills the wire form, converters derive the Connect form. All pointers
/// refer to memory of the batch (arena, message buffers, kept schemas) or to static storage.
struct Record {
  SchemaAndValue key;
  SchemaAndValue value;
  WireBytes key_wire;
  WireBytes value_wire;
  std::string_view topic;
  int32_t partition = kNoPartition;  // none: the producer's partitioner chooses
  TimestampType timestamp_type = TimestampType::None;
  RowState state = RowState::Live;
  int64_t timestamp = kNoTimestamp;  // milliseconds since the epoch
  Header* headers = nullptr;         // arena array
  uint32_t header_count = 0;
  uint32_t error_index = kNoError;  // into the batch's errors once it was Rejected

  // Source records only: string-keyed maps of primitive values. One map may serve many rows.
  Value source_partition;
  Value source_offset;

  // Sink records only: where it was consumed; transformations do not touch these.
  std::string_view original_topic;
  int32_t original_partition = kNoPartition;
  int64_t offset = -1;

  std::span<Header> header_span() const noexcept { return {headers, header_count}; }
  SchemaAndValue& side(Side s) noexcept { return s == Side::Key ? key : value; }
  const SchemaAndValue& side(Side s) const noexcept { return s == Side::Key ? key : value; }
  WireBytes& wire(Side s) noexcept { return s == Side::Key ? key_wire : value_wire; }
  const WireBytes& wire(Side s) const noexcept { return s == Side::Key ? key_wire : value_wire; }
};

/// Where in the pipeline a row failed (org.apache.kafka.connect.runtime.errors.Stage).
enum class Stage : uint8_t {
  TaskPoll,
  TaskPut,
  Transformation,
  KeyConverter,
  ValueConverter,
  HeaderConverter,
  KafkaProduce,
  KafkaConsume,
};
std::string_view stage_name(Stage stage) noexcept;  // TASK_POLL, ...

struct RowError {
  ErrorKind kind = ErrorKind::Data;
  Stage stage = Stage::TaskPut;
  std::string message = {};
  std::string_view class_name = {};  // Java name of the operation that failed; static storage
  ErrorCausePtr cause = {};          // null: none
  /// Headers of its dead letter beside the worker's own, names and UTF-8 text.
  std::vector<std::pair<std::string, std::string>> letter_headers = {};
};

/// Indices of the rows an operation works on, ascending.
class RowSet {
 public:
  void clear() noexcept { rows_.clear(); }
  void push_back(uint32_t row) { rows_.push_back(row); }
  size_t size() const noexcept { return rows_.size(); }
  bool empty() const noexcept { return rows_.empty(); }
  const uint32_t* begin() const noexcept { return rows_.data(); }
  const uint32_t* end() const noexcept { return rows_.data() + rows_.size(); }

 private:
  std::vector<uint32_t> rows_;
};

/// Something a batch keeps alive until it is reset, e.g. the client's message buffers.
class BatchResource {
 public:
  virtual ~BatchResource() = default;
};

/// Owns an arena, its records and what they point into. Used by one thread at a time; batches are
/// reset and reused from a small pool, which is also the back-pressure. Rows are never erased.
class RecordBatch {
 public:
  static constexpr uint32_t kDefaultLimit = 2000;

  explicit RecordBatch(uint32_t limit = kDefaultLimit) : limit_(limit) {}
  RecordBatch(const RecordBatch&) = delete;
  RecordBatch& operator=(const RecordBatch&) = delete;

  /// Most rows a producer of records may add.
  uint32_t limit() const noexcept { return limit_; }
  void set_limit(uint32_t limit) noexcept { limit_ = limit; }
  uint32_t size() const noexcept { return static_cast<uint32_t>(records_.size()); }
  bool empty() const noexcept { return records_.empty(); }
  bool full() const noexcept { return size() >= limit_; }

  /// Appends a default row. The reference is valid until the next add().
  Record& add() { return records_.emplace_back(); }
  Record& operator[](uint32_t row) noexcept { return records_[row]; }
  const Record& operator[](uint32_t row) const noexcept { return records_[row]; }
  std::span<Record> records() noexcept { return records_; }
  std::span<const Record> records() const noexcept { return records_; }

  Arena& arena() noexcept { return arena_; }
  /// Keeps `schema` alive until reset and returns it for Record fields. Cheap for repeats.
  const Schema* keep(const SchemaPtr& schema) {
    if (schema && (schemas_.empty() || schemas_.back() != schema)) keep_slow(schema);
    return schema.get();
  }
  void keep(std::unique_ptr<BatchResource> resource) { resources_.push_back(std::move(resource)); }

  /// Marks a row as failed. Control of what follows (fail, skip, dead letter) is the worker's. A
  /// later error of the same row, tried again, takes the place of the earlier one.
  void reject(uint32_t row, RowError error);
  /// Completes the error of a rejected row with the place it happened at.
  void locate_error(uint32_t row, Stage stage, std::string_view class_name) noexcept {
    RowError& error = errors_[records_[row].error_index];
    error.stage = stage;
    error.class_name = class_name;
  }
  void filter(uint32_t row) noexcept { records_[row].state = RowState::Filtered; }
  const RowError& error(uint32_t row) const noexcept { return errors_[records_[row].error_index]; }
  bool has_errors() const noexcept { return !errors_.empty(); }
  /// Live rows, in order, into `out` (cleared first).
  void live_rows(RowSet& out) const;

  /// Forgets all rows and releases resources; memory is kept for reuse.
  void reset() noexcept;

 private:
  void keep_slow(const SchemaPtr& schema);

  uint32_t limit_;
  Arena arena_;
  std::vector<Record> records_;
  std::vector<RowError> errors_;
  std::vector<SchemaPtr> schemas_;
  std::vector<std::unique_ptr<BatchResource>> resources_;
};

}  // namespace millrace

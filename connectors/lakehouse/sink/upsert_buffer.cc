#include "connectors/lakehouse/sink/upsert_buffer.h"

#include <algorithm>
#include <functional>

#include "connectors/lakehouse/columns/cell_read.h"
#include "connectors/lakehouse/columns/cell_writer.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

constexpr size_t kFirstIndex = 1024;

using Kind = ::millrace::Type;

}  // namespace

TableSchemaPtr key_schema(const TableSchema& table, const std::vector<int32_t>& key_ids) {
  auto keys = std::make_shared<TableSchema>();
  keys->id = table.id;
  for (const NestedField& field : table.fields) {
    if (std::find(key_ids.begin(), key_ids.end(), field.id) == key_ids.end()) continue;
    keys->fields.push_back(field);
    keys->fields.back().required = true;
  }
  return keys;
}

UpsertBuffer::UpsertBuffer(TableSchemaPtr schema, TableSchemaPtr keys, bool ignore_case)
    : ignore_case_(ignore_case),
      rows_(schema),
      keys_(keys),
      key_writer_(keys, {.ignore_case = ignore_case}),
      key_of_row_(*schema, *keys),
      index_(kFirstIndex, kNone) {}

bool UpsertBuffer::put(ChangeKind kind, const Record& record, RowWriter& rows, Reject& reject) {
  if (!rows.write(record, rows_, reject)) return false;
  const int64_t row = rows_.rows() - 1;
  if (!take_key(rows_, row, reject)) {
    rows_.truncate(row);
    return false;
  }
  const uint32_t at = settle_key();
  Key& key = known_[at];
  if (key.row == kNone) ++live_;
  key.row = static_cast<uint32_t>(row);
  key.in_table |= kind != ChangeKind::Insert;
  of_row_.push_back(at);
  const int64_t superseded = rows_.rows() - live_;
  if (superseded >= kLeastSweep && superseded > live_) sweep();
  return true;
}

bool UpsertBuffer::erase(const SchemaAndValue& key, Reject& reject) {
  const bool is_object = key.value.type() == Kind::Map || key.value.type() == Kind::Struct;
  return is_object ? erase_object(key, reject) : erase_single(key, reject);
}

bool UpsertBuffer::erase_object(const SchemaAndValue& key, Reject& reject) {
  Record record;
  record.value = key;
  if (!key_writer_.write(record, keys_, reject)) return false;
  mark_deleted();
  return true;
}

bool UpsertBuffer::erase_single(const SchemaAndValue& key, Reject& reject) {
  if (key.value.is_null() || keys_.columns().size() != 1) {
    reject = {key.value.is_null() ? RejectReason::NullValue : RejectReason::NotObject, "",
              "a record that deletes needs the key columns in its key"};
    return false;
  }
  const int64_t size = keys_.rows();
  if (append_value(keys_.columns().front(), key.value, {}, reject)) {
    mark_deleted();
    return true;
  }
  keys_.truncate(size);
  reject.field = keys_.schema()->fields.front().name;
  return false;
}

void UpsertBuffer::mark_deleted() {
  Key& key = known_[settle_key()];
  if (key.row != kNone) --live_;
  key.row = kNone;
  key.in_table = true;
}

// The last row of keys_ is then the key that is asked for.
bool UpsertBuffer::take_key(const ColumnBatch& from, int64_t row, Reject& reject) {
  key_of_row_.append(from, row, keys_);
  for (const Column& column : keys_.columns()) {
    if (!is_null_at(column, keys_.rows() - 1)) continue;
    reject = {RejectReason::MissingRequired, column.field().name, "the column is part of the key"};
    keys_.truncate(keys_.rows() - 1);
    return false;
  }
  return true;
}

// The number of the key that is last in keys_, which stays there when it is new.
uint32_t UpsertBuffer::settle_key() {
  const int64_t asked = keys_.rows() - 1;
  const uint64_t hash = hash_of(asked);
  const size_t mask = index_.size() - 1;
  for (size_t slot = hash & mask; index_[slot] != kNone; slot = (slot + 1) & mask) {
    const uint32_t key = index_[slot];
    if (known_[key].hash != hash || !same_key(key, asked)) continue;
    keys_.truncate(asked);
    return key;
  }
  const auto key = static_cast<uint32_t>(known_.size());
  known_.push_back({.hash = hash});
  if (known_.size() * 2 > index_.size()) {
    grow_index();
  } else {
    put_in_index(key);
  }
  return key;
}

void UpsertBuffer::put_in_index(uint32_t key) {
  const size_t mask = index_.size() - 1;
  size_t slot = known_[key].hash & mask;
  while (index_[slot] != kNone) slot = (slot + 1) & mask;
  index_[slot] = key;
}

void UpsertBuffer::grow_index() {
  index_.assign(index_.size() * 2, kNone);
  for (uint32_t key = 0; key < known_.size(); ++key) put_in_index(key);
}

uint64_t UpsertBuffer::hash_of(int64_t key) const {
  constexpr uint64_t kPrime = 0x9E37'79B9'7F4A'7C15;
  uint64_t hash = 0;
  for (const Column& column : keys_.columns()) {
    hash = (hash ^ std::hash<std::string_view>()(bytes_at(column, key))) * kPrime;
  }
  return hash ^ (hash >> 32);
}

bool UpsertBuffer::same_key(int64_t one, int64_t other) const {
  return std::all_of(keys_.columns().begin(), keys_.columns().end(), [&](const Column& column) {
    return bytes_at(column, one) == bytes_at(column, other);
  });
}

void UpsertBuffer::sweep() {
  const RowCopy same(*rows_.schema(), *rows_.schema());
  ColumnBatch kept(rows_.schema());
  std::vector<uint32_t> of_row;
  for (int64_t row = 0; row < rows_.rows(); ++row) {
    Key& key = known_[of_row_[static_cast<size_t>(row)]];
    if (key.row != static_cast<uint32_t>(row)) continue;
    key.row = static_cast<uint32_t>(kept.rows());
    of_row.push_back(of_row_[static_cast<size_t>(row)]);
    same.append(rows_, row, kept);
  }
  rows_ = std::move(kept);
  of_row_ = std::move(of_row);
}

UpsertBuffer UpsertBuffer::with_schema(TableSchemaPtr schema, TableSchemaPtr keys) const {
  UpsertBuffer moved(schema, keys, ignore_case_);
  const RowCopy copy_row(*rows_.schema(), *schema);
  const RowCopy copy_key(*keys_.schema(), *keys);
  for (size_t number = 0; number < known_.size(); ++number) {
    Key key = known_[number];
    copy_key.append(keys_, static_cast<int64_t>(number), moved.keys_);
    const uint32_t at = moved.settle_key();
    if (key.row != kNone) {
      copy_row.append(rows_, key.row, moved.rows_);
      key.row = static_cast<uint32_t>(moved.rows_.rows() - 1);
      moved.of_row_.push_back(at);
      ++moved.live_;
    }
    moved.known_[at].row = key.row;
    moved.known_[at].in_table = key.in_table;
  }
  return moved;
}

void UpsertBuffer::write_to(PartitionWriters& data, PartitionWriters& deletes) const {
  const RowCopy same_row(*rows_.schema(), *rows_.schema());
  const RowCopy same_key(*keys_.schema(), *keys_.schema());
  for (size_t number = 0; number < known_.size(); ++number) {
    const Key& key = known_[number];
    if (key.in_table) deletes.copy(same_key, keys_, static_cast<int64_t>(number));
  }
  // In the order the rows came.
  for (int64_t row = 0; row < rows_.rows(); ++row) {
    const bool is_newest = known_[of_row_[static_cast<size_t>(row)]].row == static_cast<uint32_t>(row);
    if (is_newest) data.copy(same_row, rows_, row);
  }
}

void UpsertBuffer::clear() {
  rows_.clear();
  keys_.clear();
  of_row_.clear();
  known_.clear();
  std::fill(index_.begin(), index_.end(), kNone);
  live_ = 0;
}

int64_t UpsertBuffer::bytes() const {
  return static_cast<int64_t>(rows_.bytes() + keys_.bytes() +
                              (of_row_.size() + index_.size()) * sizeof(uint32_t) +
                              known_.size() * sizeof(Key));
}

int64_t UpsertBuffer::memory_bytes() const {
  return static_cast<int64_t>(rows_.capacity() + keys_.capacity() +
                              (of_row_.capacity() + index_.capacity()) * sizeof(uint32_t) +
                              known_.capacity() * sizeof(Key));
}

}  // namespace millrace::lakehouse

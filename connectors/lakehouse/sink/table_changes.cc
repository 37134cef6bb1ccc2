// Rows of a table sink that are replaced or deleted by key (iceberg-sink.md §8).

#include "connectors/lakehouse/sink/table_sink.h"

#include "connectors/lakehouse/columns/value_path.h"

namespace millrace::lakehouse {

bool TableSink::write_row(const Record& record, Reject& reject) {
  const bool is_change = !record.value.value.is_null() || changes_.options().null_deletes;
  return changes_.options().any() && is_change ? write_change(record, reject)
                                               : writers().write(record, reject);
}

bool TableSink::write_change(const Record& record, Reject& reject) {
  RowChange change;
  if (!changes_.read(record, change, reject)) return false;
  if (!buffer_ && !open_buffer(change, reject)) return false;
  if (!buffer_) return true;  // a deletion from a table that has not got the key columns
  if (change.kind == ChangeKind::Delete) return buffer_->erase(change.row, reject);
  Record row = record;
  row.value = change.row;
  return buffer_->put(change.kind, row, writers().rows(), reject);
}

bool TableSink::open_buffer(const RowChange& change, Reject& reject) {
  const auto keys = parts_.setup->keys();
  if (keys) {
    const TableSchemaPtr& schema = writers().target().schema;
    buffer_ = std::make_unique<UpsertBuffer>(schema, key_schema(*schema, *keys), options_.ignore_case);
    return true;
  }
  if (change.kind == ChangeKind::Delete) return true;
  for (const std::string& name : parts_.setup->missing_keys()) {
    if (!member_with_schema(change.row, name).value.is_null()) continue;
    reject = {RejectReason::MissingRequired, name, "the column is part of the key"};
    return false;
  }
  reject = {RejectReason::UnknownField, parts_.setup->missing_keys().front(),
            "the table has no such column, which is part of the key"};
  return false;
}

// What is a row of the table in a record of changes.
Record TableSink::row_of(const Record& record) const {
  Record row = record;
  if (changes_.options().any()) row.value = changes_.row_of(record);
  return row;
}

// The other half is for the files that its rows become.
bool TableSink::buffer_is_large() const {
  return buffer_ && buffer_->bytes() >= options_.memory_bytes / 2 / static_cast<int64_t>(sharers_);
}

bool TableSink::is_full() const { return in_flight_ >= kMaxInFlight && buffer_is_large(); }

void TableSink::write_buffer(std::vector<DataFile>& files) {
  FileTarget target = parts_.setup->delete_target(parts_.task, buffer_->keys());
  take_share(target);
  deletes_ = std::make_unique<PartitionWriters>(std::move(target), RowOptions());
  buffer_->write_to(*writers_, *deletes_);
  files = deletes_->finish();
  deletes_.reset();
  buffer_->clear();
}

}  // namespace millrace::lakehouse

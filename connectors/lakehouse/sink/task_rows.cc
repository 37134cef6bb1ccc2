// Rows of a batch to the tables of a task (iceberg-sink.md §4.6).

#include "connectors/lakehouse/sink/lakehouse_task.h"

#include <algorithm>
#include <utility>

#include "connectors/support/record_place.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {

void LakehouseTask::write(RecordBatch& batch, uint32_t end) {
  destinations_->by_name() ? write_by_name(batch, end) : write_to_all(batch, end);
}

void LakehouseTask::write_to_all(RecordBatch& batch, uint32_t end) {
  uint32_t row = 0;
  for (; row < end; ++row) {
    if (batch[row].state != RowState::Live) continue;
    size_t at = 0;
    for (; at < destinations_->size(); ++at) {
      const Destination& destination = (*destinations_)[at];
      if (destinations_->goes_to(destination, batch[row])) write_row(destination, batch, row);
      if (batch[row].state == RowState::Rejected && !options_.tolerates_errors) break;
    }
    if (at == destinations_->size()) continue;
    // The worker is about to fail the task, which then commits exactly the rows before this one, and
    // this one where it is written already.
    note_positions(batch, row);
    const Record& record = batch[row];
    const TopicPartition partition = partition_of(record);
    for (size_t had = 0; had < at; ++had) {
      (*destinations_)[had].table->advance(partition, record.offset + 1);
    }
    return;
  }
  note_positions(batch, row);
}

void LakehouseTask::write_by_name(RecordBatch& batch, uint32_t end) {
  ++batch_;
  uint32_t row = 0;
  for (; row < end; ++row) {
    if (batch[row].state != RowState::Live || !is_ahead(batch[row])) continue;
    if (Destination* destination = find(batch, row)) write_row(*destination, batch, row);
    // As above.
    if (batch[row].state == RowState::Rejected && !options_.tolerates_errors) break;
  }
  note_positions(batch, row);
}

// What was dealt with comes again only when something goes back that is not of this task.
bool LakehouseTask::is_ahead(const Record& record) {
  last_ = find_partition(positions_, last_, record);
  return last_ != positions_.end() && record.offset >= raw(last_->second);
}

Destination* LakehouseTask::find(RecordBatch& batch, uint32_t row) {
  Destination* destination = nullptr;
  try {
    destination = destinations_->find(batch[row], positions_);
  } catch (const BadTableName& error) {
    reject(batch, row, error.what(), "");
  }
  if (destination == nullptr || std::exchange(destination->used, batch_) == batch_) return destination;
  destination->table->share_memory(destinations_->size());
  if (destination->table->clean()) destination->table->begin_rows(positions_);
  return destination;
}

void LakehouseTask::write_row(const Destination& destination, RecordBatch& batch, uint32_t row) {
  TableSink& table = *destination.table;
  Reject why;
  if (table.write(batch[row], why)) return;
  if (table.wants_columns()) {
    for (uint32_t next = row; next < batch.size(); ++next) {
      const bool counts =
          batch[next].state == RowState::Live && destinations_->goes_to(destination, batch[next]);
      if (counts) table.collect(batch[next]);
    }
    table.add_columns();
    if (table.write(batch[row], why)) return;
  }
  reject(batch, row, why.message(), ", table " + table.name().to_string());
}

void LakehouseTask::reject(RecordBatch& batch, uint32_t row, const std::string& why,
                           const std::string& table) {
  const Record& record = batch[row];
  batch.reject(row, {.kind = ErrorKind::Data,
                     .stage = Stage::TaskPut,
                     .message = why + " (" + std::string(record.original_topic) + "-" +
                                std::to_string(record.original_partition) + ", offset " +
                                std::to_string(record.offset) + table + ")"});
}

// Filtered and rejected rows count: they have been dealt with. Rows of a partition come in runs.
void LakehouseTask::note_positions(const RecordBatch& batch, uint32_t end) {
  for (uint32_t row = 0; row < end; ++row) {
    const Record& record = batch[row];
    if (row + 1 < end && is_in_run(record, batch[row + 1])) continue;
    const TopicPartition partition = partition_of(record);
    if (destinations_->by_name()) {
      const auto at = positions_.find(partition);
      if (at != positions_.end()) at->second = std::max(at->second, Offset{record.offset + 1});
      continue;
    }
    for (const auto& destination : *destinations_) {
      destination->table->advance(partition, record.offset + 1);
    }
  }
}

}  // namespace millrace::lakehouse

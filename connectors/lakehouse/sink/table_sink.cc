#include "connectors/lakehouse/sink/table_sink.h"

#include <algorithm>

#include "connectors/support/record_place.h"
#include "millrace/errors.h"
#include "millrace/log.h"

namespace millrace::lakehouse {
namespace {

constexpr std::string_view kLogger = "millrace.lakehouse.TableSink";

}  // namespace

TableSink::TableSink(Parts parts, const SinkOptions& options)
    : parts_(std::move(parts)), options_(options), changes_(options.changes) {}

TableSink::~TableSink() = default;

void TableSink::close(std::span<const TopicPartition> partitions) {
  last_ = progress_.end();
  for (const TopicPartition& partition : partitions) {
    progress_.erase(partition);
    committed_.erase(partition);
    settled_.erase(partition);
  }
  if (moved()) return;  // rows of other partitions; flush() left none of these
  writers_.reset();
  buffer_.reset();
}

PartitionWriters& TableSink::writers() {
  if (!writers_) make_writers();
  return *writers_;
}

void TableSink::make_writers() {
  RowOptions rows = options_.rows;
  // The first records make the columns of a new table, whether it evolves later or not.
  evolves_ = options_.evolve_schema || parts_.setup->is_bare();
  rows.collect_unknown = evolves_;
  rows.reject_unknown = rows.reject_unknown && !evolves_;
  FileTarget target = parts_.setup->file_target(parts_.task);
  for (const PartitionField& field : target.spec->fields) rows.taken_names.push_back(field.name);
  take_share(target);
  writers_ = std::make_unique<PartitionWriters>(std::move(target), std::move(rows));
}

const TableSink::Progress* TableSink::progress_of(const Record& record) {
  last_ = find_partition(progress_, last_, record);
  return last_ == progress_.end() ? nullptr : &last_->second;
}

void TableSink::take_share(FileTarget& target) const {
  target.memory_bytes = std::max(kLeastMemory, target.memory_bytes / sharers_);
}

bool TableSink::write(const Record& record, Reject& reject) {
  const Progress* progress = progress_of(record);
  if (progress == nullptr || record.offset < progress->next) return true;
  if (record.value.value.is_null() && options_.null_values == "skip") return true;
  wrote_ = true;  // also a part of a row, when this throws
  if (!write_row(record, reject)) {
    RowWriter& rows = writers().rows();  // says, too, whether the table evolves
    wants_columns_ = evolves_ && rows.wishes().wants(row_of(record), reject);
    if (!wants_columns_) ++rejected_[reject.reason];
    return false;
  }
  newest_ms_ = std::max(newest_ms_, record.timestamp);
  return true;
}

void TableSink::add_columns() {
  wants_columns_ = false;
  parts_.setup->evolve(writers().rows().wishes().take());
  const TableMetadata& metadata = parts_.setup->table().metadata;
  // Nothing to add: the files go on, lest each such row ended them.
  if (metadata.current_schema().id == writers_->target().schema->id &&
      metadata.default_spec().id == writers_->target().spec->id) {
    return;
  }
  // What is in files of the schema before stays as it is: readers find columns by id.
  for (DataFile& file : writers_->finish()) ended_.push_back(std::move(file));
  make_writers();
  if (!buffer_) return;
  const auto keys = parts_.setup->keys();
  if (!keys) throw RetriableException("replacing rows in " + name().to_string() + ": a key column is gone");
  const TableSchemaPtr& schema = writers_->target().schema;
  buffer_ = buffer_->with_schema(schema, key_schema(*schema, *keys));
}

void TableSink::advance(const TopicPartition& partition, int64_t next) {
  const auto at = progress_.find(partition);
  if (at != progress_.end()) at->second.next = std::max(at->second.next, next);
}

bool TableSink::moved() const {
  if (parts_.by_rows) return wrote_;
  return std::any_of(progress_.begin(), progress_.end(),
                     [](const auto& entry) { return entry.second.next > entry.second.begin; });
}

bool TableSink::flush_due(Clock::time_point now) const {
  if (!moved() || in_flight_ >= kMaxInFlight) return false;
  if (const auto by = due(); by && now >= *by) return true;
  if (buffer_ && (buffer_is_large() || buffer_->live_rows() >= options_.flush_rows)) return true;
  return writers_ && (writers_->row_count() >= options_.flush_rows ||
                      writers_->file_bytes() >= options_.flush_bytes);
}

std::optional<TableSink::Clock::time_point> TableSink::due() const {
  if (!moved() || in_flight_ >= kMaxInFlight) return std::nullopt;
  return last_flush_ + std::chrono::milliseconds(options_.commit_interval_ms);
}

void TableSink::flush() {
  last_flush_ = Clock::now();
  if (!moved()) return;
  WrittenBatch batch;
  if (writers_) {
    batch.schema = writers_->target().schema;
    if (buffer_) write_buffer(batch.files);
    for (DataFile& file : writers_->finish()) batch.files.push_back(std::move(file));
  } else {
    batch.schema = std::make_shared<TableSchema>(parts_.setup->table().metadata.current_schema());
  }
  batch.files.insert(batch.files.begin(), ended_.begin(), ended_.end());
  ended_.clear();
  wrote_ = false;
  for (auto& [partition, progress] : progress_) {
    if (progress.next == progress.begin) continue;
    batch.steps[partition] = {progress.begin, progress.next};
    progress.begin = progress.next;
  }
  submit(std::move(batch));
}

void TableSink::submit(WrittenBatch batch) {
  batch.cluster = parts_.cluster;
  batch.connector = parts_.connector;
  batch.task = parts_.task;
  batch.newest_ms = std::exchange(newest_ms_, -1);
  ++in_flight_;
  OutcomeInbox::Entry entry{generation_, batch.steps, 0, batch.newest_ms, {}};
  for (const DataFile& file : batch.files) entry.rows += file.metrics.record_count;
  committer_->submit(std::move(batch), [inbox = inbox_, entry](const BatchOutcome& outcome) {
    OutcomeInbox::Entry answered = entry;
    answered.outcome = outcome;
    inbox->put(std::move(answered));
  });
}

OffsetMap TableSink::settle() {
  bool fenced = false;
  for (const OutcomeInbox::Entry& entry : inbox_->take()) {
    if (entry.generation != generation_) continue;  // from before a restart
    --in_flight_;
    const BatchOutcome& outcome = entry.outcome;
    dropped_ = dropped_ || outcome.fate != BatchFate::Committed;
    if (outcome.fate == BatchFate::Committed) {
      fences_ = 0;
      rows_ += entry.rows;
      newest_committed_ms_ = std::max(newest_committed_ms_, entry.newest_ms);
      for (const auto& [partition, step] : entry.steps) {
        const auto at = committed_.find(partition);
        if (at != committed_.end()) at->second = Offset{step.end};
      }
    } else if (outcome.fate == BatchFate::Fenced) {
      fenced = true;
      log(LogLevel::Warn, kLogger, "A batch for " + name().to_string() + " was fenced: " + outcome.reason +
                                       "; reading again from the table's offsets");
    } else {
      // The committer has tried as long as it may: whatever the error is called, the task fails.
      throw ConnectException("committing to " + name().to_string() + ": " + describe(outcome.error));
    }
  }
  if (!fenced) return {};
  if (++fences_ >= kMaxFences) {
    throw ConnectException("committing to " + name().to_string() + ": " + std::to_string(fences_) +
                           " batches in a row were fenced; another connector or worker group writes "
                           "the same topic into this table");
  }
  return restart();
}

bool TableSink::look_due(Clock::time_point now) const {
  const auto every = std::max<Clock::duration>(kIdleCheck,
                                               std::chrono::milliseconds(options_.commit_interval_ms));
  return !progress_.empty() && now >= last_look_ + every;
}

OffsetMap TableSink::look_again(Clock::time_point now) {
  if (!look_due(now)) return {};
  last_look_ = now;
  const bool at_rest = !moved() && idle();  // else a batch on its way may have moved offsets forward
  const StoredPositions stored = read_positions(parts_.setup->load().metadata, parts_.setup->branch());
  for (const auto& [partition, progress] : progress_) {
    const auto next = stored.positions.next(parts_.cluster, partition);
    const int64_t has = next.value_or(OffsetStep::kUnknown);
    const int64_t expected = at_rest ? progress.begin : raw(committed_.at(partition));
    if (has == expected || (!at_rest && has > expected)) continue;
    log(LogLevel::Warn, kLogger, "Table " + name().to_string() + " has " +
                                     (next ? "offset " + std::to_string(*next) : "no offset") + " for " +
                                     partition.to_string() + " in place of " +
                                     std::to_string(expected) + "; reading again from there");
    return restart();
  }
  return {};
}

// Best effort: what stays behind is for the removal of orphan files.
void TableSink::drop_files() {
  wrote_ = false;
  if (writers_) {
    for (DataFile& file : writers_->take_ended()) ended_.push_back(std::move(file));
    writers_.reset();  // the open files go with them
  }
  if (deletes_) {
    for (DataFile& file : deletes_->take_ended()) ended_.push_back(std::move(file));
    deletes_.reset();
  }
  buffer_.reset();
  for (const DataFile& file : std::exchange(ended_, {})) {
    try {
      parts_.setup->table().files->remove(file.path);
    } catch (const std::exception& error) {
      log(LogLevel::Debug, kLogger, std::string("removing a file of a dropped batch: ") + error.what());
    }
  }
}

OffsetMap TableSink::restart() {
  dropped_ = !clean();
  ++generation_;
  in_flight_ = 0;
  drop_files();
  std::vector<TopicPartition> partitions;
  for (const auto& [partition, progress] : progress_) partitions.push_back(partition);
  OffsetMap begin = open(partitions);
  if (!std::exchange(dropped_, false) || !parts_.by_rows) return begin;
  for (const auto& [partition, offset] : settled_) {
    begin.try_emplace(partition, std::max(offset, committed_.at(partition)));
  }
  return begin;
}

}  // namespace millrace::lakehouse

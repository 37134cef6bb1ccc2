#include "connectors/lakehouse/sink/table_sink.h"

#include <algorithm>

#include "connectors/lakehouse/columns/value_path.h"
#include "connectors/lakehouse/commit/crash_point.h"
#include "millrace/errors.h"
#include "millrace/log.h"

namespace millrace::lakehouse {
namespace {

constexpr std::string_view kLogger = "millrace.lakehouse.TableSink";
constexpr std::chrono::minutes kPinLimit{5};  // for the committer's answer

/// nullopt: of none of the partitions is the end known.
std::optional<int64_t> lag_records(const OffsetMap& ends, const OffsetMap& settled) {
  std::optional<int64_t> lag;
  for (const auto& [partition, offset] : settled) {
    const auto end = ends.find(partition);
    if (end == ends.end()) continue;
    lag = lag.value_or(0) + std::max<int64_t>(0, raw(end->second) - std::max<int64_t>(0, raw(offset)));
  }
  return lag;
}

double seconds_since(int64_t ms) {
  using std::chrono::duration;
  const duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  return std::max(0.0, now.count() - static_cast<double>(ms) / 1'000);
}

}  // namespace

void OutcomeInbox::put(Entry entry) {
  const std::lock_guard lock(mutex_);
  entries_.push_back(std::move(entry));
  changed_.notify_all();
}

std::vector<OutcomeInbox::Entry> OutcomeInbox::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(entries_, {});
}

bool OutcomeInbox::wait(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [this] { return !entries_.empty(); });
}

TableSink::TableSink(Parts parts, const SinkOptions& options)
    : parts_(std::move(parts)), options_(options), changes_(options.changes) {}

TableSink::~TableSink() = default;

StoredPositions TableSink::load_positions() {
  const LoadedTable& table = parts_.setup->load();
  StoredPositions stored = read_positions(table.metadata, parts_.setup->branch());
  if (stored.rolled_back && options_.on_rollback == "fail") {
    throw ConnectException("opening " + name().to_string() +
                           ": the table was rolled back to before all offsets it had; set the "
                           "connector's offsets, or lakehouse.on.rollback=policy");
  }
  committer_ = parts_.setup->committer();
  return stored;
}

std::map<TopicPartition, Start> TableSink::find_starts(std::span<const TopicPartition> partitions) {
  const StoredPositions stored = load_positions();
  return resolve_starts(stored.positions, parts_.cluster, partitions, options_.start, *parts_.log);
}

OffsetMap TableSink::open(std::span<const TopicPartition> partitions) {
  if (parts_.by_rows) return open_as_stored(partitions);
  auto starts = find_starts(partitions);
  for (int attempt = 1; !pin(starts); ++attempt) {
    if (attempt >= kPinTries) {
      throw RetriableException("pinning offsets in " + name().to_string() +
                               ": other tasks were faster each time");
    }
    starts = find_starts(partitions);
  }
  OffsetMap offsets;
  for (const TopicPartition& partition : partitions) {
    const Start& start = starts.at(partition);
    progress_[partition] = {start.offset, start.offset};
    offsets[partition] = committed_[partition] = Offset{start.offset};
  }
  return offsets;
}

OffsetMap TableSink::open_as_stored(std::span<const TopicPartition> partitions) {
  const StoredPositions stored = load_positions();
  OffsetMap back;
  for (const TopicPartition& partition : partitions) {
    const int64_t next = stored.positions.next(parts_.cluster, partition).value_or(OffsetStep::kUnknown);
    const auto [known, is_new] = committed_.try_emplace(partition, Offset{next});
    if (!is_new && next >= 0 && Offset{next} < known->second) back[partition] = Offset{next};
    known->second = Offset{next};
    progress_[partition] = {next, std::max<int64_t>(next, 0)};
  }
  return back;
}

void TableSink::begin_rows(const OffsetMap& positions) {
  for (const auto& [partition, offset] : positions) {
    if (progress_.contains(partition)) settled_.insert_or_assign(partition, offset);
  }
}

OffsetMap TableSink::settled(const OffsetMap& positions) const {
  if (!parts_.by_rows) return committed_;
  if (clean()) return positions;
  OffsetMap settled = settled_;
  for (auto& [partition, offset] : settled) {
    const auto committed = committed_.find(partition);
    if (committed != committed_.end()) offset = std::max(offset, committed->second);
  }
  return settled;
}

void TableSink::expect(std::span<const TopicPartition> partitions) {
  for (const TopicPartition& partition : partitions) progress_.try_emplace(partition);
}

// Latest is not durable by itself: after a crash it would be another place (trap 1).
bool TableSink::pin(const std::map<TopicPartition, Start>& starts) {
  WrittenBatch batch;
  for (const auto& [partition, start] : starts) {
    if (start.must_pin) batch.steps[partition] = {start.stored, start.offset};
  }
  if (batch.steps.empty()) return true;
  batch.cluster = parts_.cluster;
  batch.schema = std::make_shared<TableSchema>(parts_.setup->table().metadata.current_schema());
  batch.connector = parts_.connector;
  batch.task = parts_.task;
  const auto outcome = committer_->submit_and_wait(std::move(batch), kPinLimit);
  if (!outcome) throw RetriableException("pinning offsets in " + name().to_string() + ": no answer");
  if (outcome->fate == BatchFate::Fenced) return false;
  crash_point("pin");
  return true;
}

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
  target.memory_bytes = std::max(kLeastMemory, target.memory_bytes / sharers_);
  writers_ = std::make_unique<PartitionWriters>(std::move(target), std::move(rows));
}

// Rows of a partition come in runs: mostly it is that of the row before.
const TableSink::Progress* TableSink::progress_of(const Record& record) {
  const bool is_last = last_ != progress_.end() &&
                       last_->first.partition == record.original_partition &&
                       last_->first.topic == record.original_topic;
  if (!is_last) {
    last_ = progress_.find({std::string(record.original_topic), record.original_partition});
  }
  return last_ == progress_.end() ? nullptr : &last_->second;
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

// The other half is for the files that its rows become.
bool TableSink::buffer_is_large() const {
  return buffer_ && buffer_->bytes() >= options_.memory_bytes / 2 / static_cast<int64_t>(sharers_);
}

bool TableSink::is_full() const { return in_flight_ >= kMaxInFlight && buffer_is_large(); }

int64_t TableSink::memory_bytes() const {
  return (writers_ ? writers_->memory_bytes() : 0) + (buffer_ ? buffer_->memory_bytes() : 0);
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

void TableSink::write_buffer(std::vector<DataFile>& files) {
  deletes_ = std::make_unique<PartitionWriters>(
      parts_.setup->delete_target(parts_.task, buffer_->keys()), RowOptions());
  buffer_->write_to(*writers_, *deletes_);
  files = deletes_->finish();
  deletes_.reset();
  buffer_->clear();
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

std::vector<TaskMetric> TableSink::metrics(const OffsetMap& ends, const OffsetMap& positions) const {
  using Kind = TaskMetric::Kind;
  const std::vector<std::pair<std::string, std::string>> table{{"table", name().to_string()}};
  std::vector<TaskMetric> metrics;
  const auto add = [&](const char* metric, const char* help, Kind kind, double value) {
    metrics.push_back({std::string("lakehouse_") + metric, help, kind, table, value});
  };
  add("committed_rows_total", "Rows of this task that are in the table.", Kind::Counter,
      static_cast<double>(rows_));
  add("open_bytes", "Bytes in files that are not committed.", Kind::Gauge,
      static_cast<double>(writers_ ? writers_->file_bytes() : 0));
  add("memory_bytes", "Memory of rows and encoders.", Kind::Gauge, static_cast<double>(memory_bytes()));
  if (const auto lag = lag_records(ends, settled(positions))) {
    add("lag_records", "Records of the task's partitions behind what the table has, for whichever table.",
        Kind::Gauge, static_cast<double>(*lag));
    if (*lag == 0 || newest_committed_ms_ >= 0) {
      add("lag_seconds", "Age of the newest record of this task that is in the table; 0 without a lag.",
          Kind::Gauge, *lag == 0 ? 0.0 : seconds_since(newest_committed_ms_));
    }
  }
  for (const auto& [reason, count] : rejected_) {
    metrics.push_back({"lakehouse_rejected_rows_total", "Records that are no rows of the table.",
                       Kind::Counter,
                       {table[0], {"reason", std::string(reject_code(reason))}},
                       static_cast<double>(count)});
  }
  if (!committer_) return metrics;
  const CommitterStats stats = committer_->stats();
  add("commits_total", "Snapshots that this process made of the table.", Kind::Counter,
      static_cast<double>(stats.commits));
  add("commit_conflicts_total", "Commits that were tried again, since others were faster.", Kind::Counter,
      static_cast<double>(stats.conflicts));
  add("fenced_batches_total", "Batches that the table's offsets refused.", Kind::Counter,
      static_cast<double>(stats.fenced_batches));
  add("committed_files_total", "Files that this process added to the table.", Kind::Counter,
      static_cast<double>(stats.files));
  add("committed_bytes_total", "Their bytes.", Kind::Counter, static_cast<double>(stats.bytes));
  add("last_commit_seconds", "How long the last commit took, tries included.", Kind::Gauge,
      stats.last_commit_seconds);
  return metrics;
}

}  // namespace millrace::lakehouse

#include "connectors/lakehouse/sink/lakehouse_task.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "connectors/lakehouse/columns/value_path.h"
#include "connectors/lakehouse/commit/crash_point.h"
#include "millrace/errors.h"
#include "millrace/log.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

using Clock = std::chrono::steady_clock;
using Millis = std::chrono::milliseconds;

constexpr std::string_view kLogger = "millrace.lakehouse.LakehouseTask";
constexpr Millis kRestartWait{1'000};
constexpr Millis kMetricsEvery{1'000};

void take_smaller(OffsetMap& into, const OffsetMap& offsets) {
  for (const auto& [partition, offset] : offsets) {
    const auto [at, is_new] = into.try_emplace(partition, offset);
    if (!is_new) at->second = std::min(at->second, offset);
  }
}

}  // namespace

void LakehouseTask::start(const Properties& config, SinkTaskContext& context) {
  context_ = &context;
  options_ = SinkOptions::parse(config);
  const auto catalog = make_catalog(options_.catalog_name, options_.catalog);
  const std::string catalog_key = options_.catalog_key();
  const TableSink::Parts parts{nullptr, context.log().cluster_id(), context.id().connector,
                               std::to_string(context.id().task), &context.log()};
  for (const std::string& name : options_.tables.value_or(std::vector<std::string>())) {
    TableSink::Parts own = parts;
    own.setup = std::make_shared<TableSetup>(catalog, catalog_key, name, options_);
    Destination& destination = destinations_.emplace_back();
    destination.table = std::make_unique<TableSink>(std::move(own), options_);
    const TableOptions table = options_.table(name);
    if (table.route_regex && options_.route_field) destination.route.emplace(*table.route_regex);
  }
}

void LakehouseTask::open(std::span<const TopicPartition> partitions) {
  OffsetMap begin;
  try {
    for (Destination& destination : destinations_) {
      take_smaller(begin, destination.table->open(partitions));
    }
  } catch (const Error& error) {
    if (!error.retriable()) throw;
    // An error here would fail the task; put() opens them again until the catalog is well.
    log(LogLevel::Warn, kLogger, "Opening tables failed; trying again: " + describe(error));
    for (Destination& destination : destinations_) destination.table->expect(partitions);
    must_restart_ = true;
    return;
  }
  read_from(begin);
}

void LakehouseTask::read_from(const OffsetMap& offsets) {
  for (const auto& [partition, offset] : offsets) {
    context_->offset(partition, offset);
    next_[partition] = raw(offset);
  }
}

void LakehouseTask::put(RecordBatch& batch, std::stop_token) {
  context_->timeout(kTick.count());
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  if (std::exchange(offsets_given_, false)) crash_point("offsets.after");
  if (must_restart_) return restart_all();
  must_restart_ = true;  // should an exception come: what is half done must not be committed
  const bool reads_again = settle();
  if (!reads_again) {
    const uint32_t end = rows_that_follow(batch);
    try {
      write(batch, end);
    } catch (const Error& error) {
      if (!error.retriable()) throw;
      log(LogLevel::Warn, kLogger, "Writing rows failed; they are read again: " + describe(error));
      context_->timeout(kRestartWait.count());
      return;
    }
    if (end < batch.size()) return begin_behind_loss();
  }
  must_restart_ = false;
  if (reads_again) return;
  ask_for_commit();
  hold_back();
  show_metrics();
}

// How many rows come before the first one that cannot be what is next in its partition. What compaction and
// transactions leave out is skipped by consumers, but so is what the log has lost: they begin anew
// where the log does, and say nothing.
uint32_t LakehouseTask::rows_that_follow(const RecordBatch& batch) {
  std::set<TopicPartition> known;  // the log has what was expected, so it has what comes behind it
  int64_t* next = nullptr;
  for (uint32_t row = 0; row < batch.size(); ++row) {
    const Record& record = batch[row];
    const bool in_run = row > 0 && batch[row - 1].original_partition == record.original_partition &&
                        batch[row - 1].original_topic.data() == record.original_topic.data();
    if (!in_run) {
      const TopicPartition partition{std::string(record.original_topic), record.original_partition};
      next = &next_.try_emplace(partition, record.offset).first->second;
    }
    const int64_t expected = std::exchange(*next, record.offset + 1);
    if (record.offset == expected) continue;
    const TopicPartition partition{std::string(record.original_topic), record.original_partition};
    if (record.offset > expected && known.contains(partition)) continue;
    const auto ranges = context_->log().ranges(std::span(&partition, 1));
    const auto range = ranges.find(partition);
    const bool is_hole = record.offset > expected && range != ranges.end() &&
                         expected >= raw(range->second.begin);
    if (!is_hole) {
      log(LogLevel::Warn, kLogger, "The log went on with offset " + std::to_string(record.offset) +
                                       " of " + partition.to_string() + " in place of " +
                                       std::to_string(expected) + ": looking where it begins");
      return row;
    }
    known.insert(partition);
  }
  return batch.size();
}

// With the rows before it safe, what the options say of it holds as it does for a table that is opened.
void LakehouseTask::begin_behind_loss() {
  drain();
  restart_all();
}

// Rows that replace others wait in memory for their commit.
void LakehouseTask::hold_back() {
  const bool full = std::any_of(destinations_.begin(), destinations_.end(),
                                [](const Destination& one) { return one.table->is_full(); });
  if (full == paused_) return;
  paused_ = full;
  const std::vector<TopicPartition> partitions = context_->assignment();
  full ? context_->pause(partitions) : context_->resume(partitions);
  log(LogLevel::Info, kLogger, full ? "Reading pauses: rows that replace others wait for their commit"
                                    : "Reading goes on");
}

void LakehouseTask::restart_all() {
  OffsetMap begin;
  for (Destination& destination : destinations_) take_smaller(begin, destination.table->restart());
  read_from(begin);
  must_restart_ = false;
}

// True when partitions are to be read again.
bool LakehouseTask::settle() {
  OffsetMap again;
  for (Destination& destination : destinations_) take_smaller(again, destination.table->settle());
  try {
    const auto now = Clock::now();
    for (Destination& destination : destinations_) {
      take_smaller(again, destination.table->look_again(now));
    }
  } catch (const Error& error) {
    if (!error.retriable()) throw;
    log(LogLevel::Warn, kLogger, "Looking at a table failed: " + describe(error));
  }
  read_from(again);
  return !again.empty();
}

void LakehouseTask::write(RecordBatch& batch, uint32_t end) {
  uint32_t row = 0;
  for (; row < end; ++row) {
    if (batch[row].state != RowState::Live) continue;
    size_t at = 0;
    for (; at < destinations_.size(); ++at) {
      if (goes_to(destinations_[at], batch[row])) write_row(destinations_[at], batch, row);
      if (batch[row].state == RowState::Rejected && !options_.tolerates_errors) break;
    }
    if (at == destinations_.size()) continue;
    // The worker is about to fail the task, which then commits exactly the rows before this one, and
    // this one where it is written already.
    note_positions(batch, row);
    const Record& record = batch[row];
    const TopicPartition partition{std::string(record.original_topic), record.original_partition};
    for (size_t had = 0; had < at; ++had) {
      destinations_[had].table->advance(partition, record.offset + 1);
    }
    return;
  }
  note_positions(batch, row);
}

void LakehouseTask::write_row(Destination& destination, RecordBatch& batch, uint32_t row) {
  TableSink& table = *destination.table;
  Reject reject;
  if (table.write(batch[row], reject)) return;
  if (table.wants_columns()) {
    for (uint32_t next = row; next < batch.size(); ++next) {
      const bool counts = batch[next].state == RowState::Live && goes_to(destination, batch[next]);
      if (counts) table.collect(batch[next]);
    }
    table.add_columns();
    if (table.write(batch[row], reject)) return;
  }
  const Record& record = batch[row];
  batch.reject(row, {.kind = ErrorKind::Data,
                     .stage = Stage::TaskPut,
                     .message = reject.message() + " (" + std::string(record.original_topic) + "-" +
                                std::to_string(record.original_partition) + ", offset " +
                                std::to_string(record.offset) + ", table " +
                                table.name().to_string() + ")"});
}

bool LakehouseTask::goes_to(const Destination& destination, const Record& record) const {
  if (!options_.route_field || !destination.route) return !options_.route_field;
  const Value* value = value_at(record.value.value, *options_.route_field);
  if (value == nullptr || value->is_null()) return false;
  std::string text;
  append_java_string(text, *value);
  return destination.route->matches(text);
}

// Filtered and rejected rows count: they have been dealt with. Rows of a partition come in runs.
void LakehouseTask::note_positions(const RecordBatch& batch, uint32_t end) {
  for (uint32_t row = 0; row < end; ++row) {
    const Record& record = batch[row];
    if (row + 1 < end && batch[row + 1].original_partition == record.original_partition &&
        batch[row + 1].original_topic.data() == record.original_topic.data()) {
      continue;
    }
    const TopicPartition partition{std::string(record.original_topic), record.original_partition};
    for (Destination& destination : destinations_) {
      destination.table->advance(partition, record.offset + 1);
    }
  }
}

void LakehouseTask::ask_for_commit() {
  const auto now = Clock::now();
  for (const Destination& destination : destinations_) {
    if (!destination.table->flush_due(now)) continue;
    flush_asked_ = true;
    context_->request_commit();
  }
}

OffsetMap LakehouseTask::pre_commit(const OffsetMap& current) {
  try {
    if (!must_restart_ && std::exchange(flush_asked_, false)) flush_due();
    if (!must_restart_) {
      must_restart_ = true;  // as in put()
      settle();
      must_restart_ = false;
    }
  } catch (const Error& error) {
    // The worker passes over what is thrown here, again and again: put() fails the task.
    if (!error.retriable()) failure_ = std::current_exception();
    log(LogLevel::Warn, kLogger, "Committing failed: " + describe(error));
    return {};
  }
  OffsetMap safe;
  for (const Destination& destination : destinations_) {
    take_smaller(safe, destination.table->committed());
  }
  OffsetMap answer;
  for (const auto& [partition, offset] : safe) {
    const auto position = current.find(partition);
    if (position != current.end()) answer.emplace(partition, std::min(offset, position->second));
  }
  if (!answer.empty()) {
    crash_point("offsets.before");
    offsets_given_ = true;
  }
  return answer;
}

void LakehouseTask::flush_due() {
  const auto now = Clock::now();
  must_restart_ = true;
  try {
    for (Destination& destination : destinations_) {
      if (destination.table->flush_due(now)) destination.table->flush();
    }
  } catch (const Error& error) {
    if (!error.retriable()) throw;
    log(LogLevel::Warn, kLogger, "Ending files failed; their rows are read again: " + describe(error));
    return;
  }
  must_restart_ = false;
}

// Whoever has these partitions next begins where the table says. What cannot be committed in time is
// written again there; should it land all the same, the other's batch is fenced, and read again.
void LakehouseTask::close(std::span<const TopicPartition> partitions) {
  try {
    if (!must_restart_) drain();
  } catch (const std::exception& error) {
    must_restart_ = true;  // files have rows of partitions that go
    log(LogLevel::Warn, kLogger,
        "Committing at the end of partitions failed; their rows are read again: " + describe(error));
  }
  for (Destination& destination : destinations_) destination.table->close(partitions);
  for (const TopicPartition& partition : partitions) next_.erase(partition);
  show_metrics();
}

/// Commits what there is, if that takes no longer than kCloseLimit.
void LakehouseTask::drain() {
  const auto deadline = Clock::now() + kCloseLimit;
  for (Destination& destination : destinations_) destination.table->flush();
  for (Destination& destination : destinations_) {
    while (!destination.table->idle() && Clock::now() < deadline) {
      destination.table->wait(std::chrono::ceil<Millis>(deadline - Clock::now()));
      // The partitions that stay are to be read again, and nobody has told the consumer.
      if (!destination.table->settle().empty()) must_restart_ = true;
    }
  }
}

void LakehouseTask::stop() noexcept { destinations_.clear(); }

void LakehouseTask::show_metrics() {
  const auto now = Clock::now();
  if (now < next_metrics_) return;
  next_metrics_ = now + kMetricsEvery;
  std::vector<TaskMetric> all;
  for (const Destination& destination : destinations_) {
    for (TaskMetric& metric : destination.table->metrics()) all.push_back(std::move(metric));
  }
  context_->show_metrics(std::move(all));
}

}  // namespace millrace::lakehouse

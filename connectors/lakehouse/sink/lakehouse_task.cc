#include "connectors/lakehouse/sink/lakehouse_task.h"

#include <algorithm>
#include <utility>

#include "connectors/support/crash_point.h"
#include "connectors/lakehouse/sink/group_start.h"
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
                               std::to_string(context.id().task), &context.log(), options_.dynamic};
  destinations_.emplace(options_, [this, parts, catalog, catalog_key](const std::string& name) {
    TableSink::Parts own = parts;
    own.setup = std::make_shared<TableSetup>(catalog, catalog_key, name, options_);
    return std::make_unique<TableSink>(std::move(own), options_);
  });
  context.timeout(kTick.count());
}

void LakehouseTask::open(std::span<const TopicPartition> partitions) {
  if (destinations_->by_name()) {
    pending_.insert(partitions.begin(), partitions.end());
    try {
      begin_pending();
    } catch (const Error& error) {
      if (!error.retriable()) throw;
      log(LogLevel::Info, kLogger, "Beginning to read is tried again: " + describe(error));
      must_restart_ = true;
    }
    return;
  }
  OffsetMap begin;
  try {
    for (const auto& destination : *destinations_) {
      take_smaller(begin, destination->table->open(partitions));
    }
  } catch (const Error& error) {
    if (!error.retriable()) throw;
    // An error here would fail the task; put() opens them again until the catalog is well.
    log(LogLevel::Warn, kLogger, "Opening tables failed; trying again: " + describe(error));
    for (const auto& destination : *destinations_) destination->table->expect(partitions);
    must_restart_ = true;
    return;
  }
  read_from(begin);
}

// The group says where; the tables say what they have of it.
void LakehouseTask::begin_pending() {
  if (pending_.empty()) return;
  const std::vector<TopicPartition> partitions(pending_.begin(), pending_.end());
  const GroupStart start = find_group_start(context_->group_offsets(), partitions, options_.start,
                                            context_->log());
  try {
    if (!start.to_commit.empty()) {
      context_->commit_now(start.to_commit);
      crash_point("pin");
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::Authorization) throw;
    // Such as a group that is about to share its partitions anew.
    throw RetriableException("committing where to begin: " + describe(error));
  }
  destinations_->close_clean(0);
  std::vector<TopicPartition> begun;
  for (const auto& [partition, offset] : start.begin) begun.push_back(partition);
  for (const auto& destination : *destinations_) {
    destination->table->open(begun);
    destination->table->begin_rows(start.begin);
  }
  for (const auto& [partition, offset] : start.begin) {
    positions_[partition] = offset;
    pending_.erase(partition);
  }
  read_from(start.begin);
  if (start.waits_for.empty()) return;
  throw RetriableException("beginning a topic that is new to the group: waiting for the tasks that have " +
                           start.waits_for.front().to_string() + " and " +
                           std::to_string(start.waits_for.size() - 1) + " more partitions");
}

void LakehouseTask::read_from(const OffsetMap& offsets) {
  for (const auto& [partition, offset] : offsets) {
    context_->offset(partition, offset);
    offsets_.expect(partition, raw(offset));
  }
}

void LakehouseTask::put(RecordBatch& batch, std::stop_token) {
  context_->timeout(kTick.count());
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  if (std::exchange(offsets_given_, false)) crash_point("offsets.after");
  if (must_restart_) {
    context_->timeout(kRestartWait.count());  // should it throw
    try {
      restart_all();
    } catch (const Error& error) {
      note_trouble(cannot_open_, error);
      throw;
    }
    cannot_open_.reset();
    return context_->timeout(0);
  }
  must_restart_ = true;  // should an exception come: what is half done must not be committed
  const bool reads_again = settle();
  if (!reads_again) {
    const uint32_t end = offsets_.rows_that_follow(batch, context_->log());
    try {
      write(batch, end);
    } catch (const Error& error) {
      if (!error.retriable()) throw;
      note_trouble(cannot_write_, error);
      log(LogLevel::Warn, kLogger, "Writing rows failed; they are read again: " + describe(error));
      context_->timeout(kRestartWait.count());
      return;
    }
    if (end < batch.size()) return begin_behind_loss();
  }
  must_restart_ = false;
  if (reads_again) return;
  hold_back();
  ask_for_commit();
  show_metrics();
}

// Fails the task when what may pass has not passed for so long that it must be shown.
void LakehouseTask::note_trouble(Since& since, const Error& error) const {
  if (!error.retriable()) return;
  if (!since) since = Clock::now();
  if (Clock::now() - *since < Millis(options_.retry_timeout_ms)) return;
  throw ConnectException("trying again for lakehouse.retry.timeout.ms=" +
                         std::to_string(options_.retry_timeout_ms) + ": " + describe(error));
}

// With the rows before it safe, what the options say of it holds as it does where reading begins.
void LakehouseTask::begin_behind_loss() {
  drain();
  if (destinations_->by_name()) {
    context_->commit_now(low_watermark());
    for (const auto& [partition, offset] : positions_) pending_.insert(partition);
    positions_.clear();
    last_ = positions_.end();
  }
  restart_all();
}

// Rows that replace others wait in memory for their commit, and of tables with rows only a commit makes one
// that can go. Rows that the client has fetched still come.
void LakehouseTask::hold_back() {
  too_many_ = destinations_->by_name() &&
              !destinations_->close_clean(static_cast<size_t>(options_.tables_max));
  const bool waits = too_many_ || std::any_of(destinations_->begin(), destinations_->end(),
                                              [](const auto& one) { return one->table->is_full(); });
  const bool was_waiting = std::exchange(paused_, waits);
  if (waits) context_->pause(context_->assignment());  // partitions may have come
  if (was_waiting && !waits) context_->resume(context_->assignment());
  if (was_waiting == waits) return;
  log(destinations_->by_name() ? LogLevel::Debug : LogLevel::Info, kLogger,
      waits ? "Reading pauses: rows wait for their commit" : "Reading goes on");
}

void LakehouseTask::restart_all() {
  OffsetMap begin = positions_;
  for (const auto& destination : *destinations_) {
    const OffsetMap back = destination->table->restart();
    take_smaller(begin, back);
    go_back(back);
  }
  begin_pending();
  take_smaller(begin, positions_);
  read_from(begin);
  must_restart_ = false;
}

// True when partitions are to be read again. All of them are: of the batch at hand nothing is written.
bool LakehouseTask::settle() {
  OffsetMap again;
  for (const auto& destination : *destinations_) {
    const bool was_idle = destination->table->idle();
    const OffsetMap back = destination->table->settle();
    take_smaller(again, back);
    go_back(back);
    if (!was_idle && destination->table->idle() && destinations_->by_name()) context_->request_commit();
  }
  try {
    const auto now = Clock::now();
    for (const auto& destination : *destinations_) {
      if (destinations_->by_name()) {
        if (now < next_look_) break;
        if (!destination->table->look_due(now)) continue;
        next_look_ = now + kLookGap;
      }
      const OffsetMap back = destination->table->look_again(now);
      take_smaller(again, back);
      go_back(back);
    }
  } catch (const Error& error) {
    if (!error.retriable()) throw;
    log(LogLevel::Warn, kLogger, "Looking at a table failed: " + describe(error));
  }
  if (!again.empty()) take_smaller(again, positions_);
  read_from(again);
  return !again.empty();
}

void LakehouseTask::advance(TableSink& table) {
  for (const auto& [partition, offset] : positions_) table.advance(partition, raw(offset));
}

// Tables with rows have them up to where the task is: read again, they are skipped.
void LakehouseTask::go_back(const OffsetMap& offsets) {
  if (!destinations_->by_name() || offsets.empty()) return;
  for (const auto& destination : *destinations_) {
    if (!destination->table->clean()) advance(*destination->table);
  }
  for (const auto& [partition, offset] : offsets) {
    const auto at = positions_.find(partition);
    if (at != positions_.end()) at->second = std::min(at->second, offset);
  }
}

OffsetMap LakehouseTask::low_watermark() const {
  OffsetMap low = positions_;
  for (const auto& destination : *destinations_) {
    take_smaller(low, destination->table->settled(positions_));
  }
  return low;
}

void LakehouseTask::ask_for_commit() {
  const auto now = Clock::now();
  for (const auto& destination : *destinations_) {
    if (!destination->table->flush_due(now) && !(too_many_ && destination->table->idle())) continue;
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
  OffsetMap answer = safe_offsets(current);
  if (!answer.empty()) {
    crash_point("offsets.before");
    offsets_given_ = true;
  }
  return answer;
}

OffsetMap LakehouseTask::safe_offsets(const OffsetMap& current) const {
  const bool by_name = destinations_->by_name();
  OffsetMap safe = by_name ? low_watermark() : OffsetMap();
  for (const auto& destination : *destinations_) {
    if (!by_name) take_smaller(safe, destination->table->committed());
  }
  OffsetMap answer;
  for (const auto& [partition, offset] : safe) {
    const auto position = current.find(partition);
    if (position == current.end()) continue;
    // Before the worker has gone to where the task told it to: as a watermark that would be wrong.
    if (by_name && position->second < offset) continue;
    answer.emplace(partition, std::min(offset, position->second));
  }
  return answer;
}

void LakehouseTask::flush_due() {
  const auto now = Clock::now();
  must_restart_ = true;
  try {
    for (const auto& destination : *destinations_) {
      TableSink& table = *destination->table;
      if (!table.flush_due(now) && !(too_many_ && table.idle())) continue;
      advance(table);
      table.flush();
      cannot_write_.reset();
    }
  } catch (const Error& error) {
    if (!error.retriable()) throw;
    note_trouble(cannot_write_, error);
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
  for (const auto& destination : *destinations_) destination->table->close(partitions);
  for (const TopicPartition& partition : partitions) {
    positions_.erase(partition);
    pending_.erase(partition);
    offsets_.forget(partition);
  }
  last_ = positions_.end();
  cannot_write_.reset();  // what is not written is read again by whoever has the partitions next
  show_metrics();
}

// Commits what there is, if that takes no longer than kCloseLimit.
void LakehouseTask::drain() {
  const auto deadline = Clock::now() + kCloseLimit;
  for (const auto& destination : *destinations_) {
    advance(*destination->table);
    destination->table->flush();
  }
  for (const auto& destination : *destinations_) {
    while (!destination->table->idle() && Clock::now() < deadline) {
      destination->table->wait(std::chrono::ceil<Millis>(deadline - Clock::now()));
      // The partitions that stay are to be read again, and nobody has told the consumer.
      const OffsetMap back = destination->table->settle();
      go_back(back);
      if (!back.empty()) must_restart_ = true;
    }
  }
}

void LakehouseTask::stop() noexcept { destinations_.reset(); }

void LakehouseTask::show_metrics() {
  const auto now = Clock::now();
  if (now < next_metrics_) return;
  next_metrics_ = now + kMetricsEvery;
  OffsetMap ends;
  for (const TopicPartition& partition : context_->assignment()) {
    if (const auto end = context_->known_end(partition)) ends.emplace(partition, *end);
  }
  std::vector<TaskMetric> all = destinations_->metrics();
  for (const auto& destination : *destinations_) {
    for (TaskMetric& metric : destination->table->metrics(ends, positions_)) {
      all.push_back(std::move(metric));
    }
  }
  context_->show_metrics(std::move(all));
}

}  // namespace millrace::lakehouse

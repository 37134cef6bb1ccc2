// Offset commits and rebalances of the sink loop (connect-tasks.md §4.2, §4.3).

#include <algorithm>

#include "millrace/errors.h"
#include "runtime/metrics/log.h"
#include "runtime/worker/sink_task_context.h"
#include "runtime/worker/sink_task_runner.h"

namespace millrace {
namespace {

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.runtime.WorkerSinkTask");
  return instance;
}

}  // namespace

void SinkTaskRunner::commit_when_due() {
  const auto now = Clock::now();
  if (!committing_ && (context_->take_commit_request() || now >= next_commit_)) {
    next_commit_ = now + services_.limits.offset_flush_interval;
    commit(assigned(), false);
  }
  if (committing_ && now >= commit_started_ + services_.limits.offset_flush_timeout) {
    logger().warn("WorkerSinkTask{{id={}}} Commit of offsets timed out", spec_.id.to_string());
    committing_ = false;
  }
}

void SinkTaskRunner::commit(const std::vector<TopicPartition>& partitions, bool closing) {
  OffsetMap current;
  for (const TopicPartition& partition : partitions) {
    if (const auto at = current_.find(partition); at != current_.end()) current.insert(*at);
  }
  if (current.empty()) return;
  const bool written_safe = written_is_durable(closing);
  if (!written_safe && !closing) return;
  metrics_->commit_attempt(++commit_sequence_);
  OffsetMap safe;
  bool failed = false;
  try {
    const Busy busy(*this);
    safe = task_->pre_commit(current);
  } catch (...) {
    failed = true;
    metrics_->committed(false);
    logger().error("WorkerSinkTask{{id={}}} Offset commit failed, {}: {}", spec_.id.to_string(),
                   closing ? "closing anyway" : "rewinding to last committed offsets",
                   describe_current_exception());
  }
  if (closing) {
    const Busy busy(*this);
    task_->close(partitions);
  }
  if (failed && !closing) {
    for (const TopicPartition& partition : partitions) {
      const Offset offset = last_committed_.at(partition);
      consumer_->seek(partition, offset);
      current_[partition] = offset;
      consumed_.erase(partition);
    }
    // Rows of a batch that waits for redelivery come again from the log.
    drop_rows(partitions);
    note_offsets_changed();
  }
  if (failed || cancelled() || !written_safe) return;
  OffsetMap offsets = acceptable(safe, current);
  if (offsets.empty()) return metrics_->committed(true);
  closing ? commit_sync(offsets) : commit_async(std::move(offsets));
}

// Offsets are committed after the dead letters of the records they cover, and after what the task wrote.
bool SinkTaskRunner::written_is_durable(bool closing) {
  bool durable = true;
  for (Outbox* outbox : outboxes()) {
    durable = outbox->await_for_commit(spec_.id.to_string(), services_.limits.offset_flush_timeout,
                                       closing) &&
              durable;
  }
  return durable;
}

OffsetMap SinkTaskRunner::acceptable(const OffsetMap& returned, const OffsetMap& current) const {
  OffsetMap accepted;
  bool changed = false;
  for (const auto& [partition, offset] : returned) {
    const auto position = current.find(partition);
    if (position == current.end()) {
      logger().error("WorkerSinkTask{{id={}}} Ignoring invalid task provided offset {}/{} -- "
                     "partition not assigned or not requested", spec_.id.to_string(),
                     partition.to_string(), raw(offset));
    } else if (raw(offset) > raw(position->second)) {
      logger().error("WorkerSinkTask{{id={}}} Ignoring invalid task provided offset {}/{} -- not "
                     "yet consumed, taskOffset={} currentOffset={}", spec_.id.to_string(),
                     partition.to_string(), raw(offset), raw(offset), raw(position->second));
    } else {
      accepted.insert_or_assign(partition, offset);
      const auto last = last_committed_.find(partition);
      changed = changed || last == last_committed_.end() || last->second != offset;
    }
  }
  // Partitions the task left out keep their last committed offsets; equal to those: no request.
  if (!changed) accepted.clear();
  return accepted;
}

void SinkTaskRunner::commit_async(OffsetMap offsets) {
  committing_ = true;
  commit_started_ = Clock::now();
  const uint64_t sequence = commit_sequence_;
  const auto done = [this, sequence, offsets](std::optional<RowError> error) {
    on_committed(sequence, offsets, error ? error->message : std::string());
  };
  consumer_->commit_async(offsets, done);
}

void SinkTaskRunner::commit_sync(const OffsetMap& offsets) {
  try {
    consumer_->commit_sync(offsets, services_.limits.offset_flush_timeout);
    on_committed(commit_sequence_, offsets, {});
  } catch (const std::exception& error) {
    on_committed(commit_sequence_, offsets, error.what());
  }
}

void SinkTaskRunner::on_committed(uint64_t sequence, const OffsetMap& offsets,
                                  const std::string& error) {
  if (sequence != commit_sequence_) {
    logger().debug("WorkerSinkTask{{id={}}} Received out of order commit callback for sequence "
                   "number {}, but most recent sequence number is {}", spec_.id.to_string(),
                   sequence, commit_sequence_);
    metrics_->commit_skipped();
    return;
  }
  committing_ = false;
  metrics_->committed(error.empty());
  if (!error.empty()) {
    logger().error("WorkerSinkTask{{id={}}} Commit of offsets threw an unexpected exception for "
                   "sequence number {}: {}", spec_.id.to_string(), sequence, error);
    return;
  }
  for (const auto& [partition, offset] : offsets) {
    const auto at = last_committed_.find(partition);
    if (at != last_committed_.end()) at->second = offset;
  }
  note_offsets_changed();
}

template <class Call>
void SinkTaskRunner::guard_listener(const Call& call) noexcept {
  try {
    call();
  } catch (...) {
    if (!listener_error_) listener_error_ = std::current_exception();
  }
}

void SinkTaskRunner::on_assigned(const OffsetMap& positions) {
  guard_listener([&] { open(positions); });
}

void SinkTaskRunner::open(const OffsetMap& positions) {
  for (const auto& [partition, offset] : positions) {
    last_committed_.insert_or_assign(partition, offset);
    current_.insert_or_assign(partition, offset);
  }
  context_->set_assignment(assigned());
  note_offsets_changed();
  fix_pauses();
  if (positions.empty() || listener_error_) return;
  std::vector<TopicPartition> partitions;
  for (const auto& [partition, offset] : positions) partitions.push_back(partition);
  {
    const Busy busy(*this);
    task_->open(partitions);
  }
  rewind();
}

void SinkTaskRunner::on_revoked(std::span<const TopicPartition> partitions) {
  guard_listener([&] {
    std::vector<TopicPartition> owned;
    for (const TopicPartition& partition : partitions) {
      if (last_committed_.contains(partition)) owned.push_back(partition);
    }
    if (owned.empty()) return;
    commit(owned, true);
    for (const TopicPartition& partition : owned) {
      last_committed_.erase(partition);
      current_.erase(partition);
      consumed_.erase(partition);
    }
    drop_rows(owned);
    note_offsets_changed();
    context_->set_assignment(assigned());
  });
}

void SinkTaskRunner::on_lost(std::span<const TopicPartition> partitions) {
  guard_listener([&] { close_lost(partitions); });
}

void SinkTaskRunner::close_lost(std::span<const TopicPartition> partitions) {
  std::vector<TopicPartition> owned;
  for (const TopicPartition& partition : partitions) {
    if (last_committed_.erase(partition) == 0) continue;
    current_.erase(partition);
    consumed_.erase(partition);
    owned.push_back(partition);
  }
  if (owned.empty()) return;
  drop_rows(owned);
  note_offsets_changed();
  context_->set_assignment(assigned());
  const Busy busy(*this);
  task_->close(owned);
}

}  // namespace millrace

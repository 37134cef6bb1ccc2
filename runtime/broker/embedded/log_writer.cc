// The writer's thread, and what is done when the store does not take writes, e.g. on a full disk.

#include <utility>

#include "millrace/clock.h"
#include "millrace/errors.h"
#include "millrace/log.h"
#include "runtime/broker/embedded/log_folder.h"
#include "runtime/broker/embedded/log_keys.h"
#include "runtime/broker/embedded/log_store.h"
#include "runtime/core/thread_name.h"

namespace millrace::embedded {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kLogger = "millrace.embedded.log";
constexpr Millis kAppendRetryWait{500};
constexpr int kTriesBeforeReopen = 3;  // the store often heals by itself once there is space

}  // namespace

void LogStore::append(Append append) {
  queued_bytes_.fetch_add(append.chunk.size());
  const std::lock_guard lock(queue_mutex_);
  queue_.push_back(std::move(append));
  queue_changed_.notify_all();
}

void LogStore::write_loop() {
  set_thread_name("embedded-log");
  const Millis interval{options_.retention_check_interval_ms};
  auto next_retention = Clock::now() + interval;
  std::unique_lock lock(queue_mutex_);
  while (true) {
    queue_changed_.wait_until(lock, next_retention,
                              [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty() && stopping_) return;
    std::deque<Append> appends = std::exchange(queue_, {});
    lock.unlock();
    if (!appends.empty()) write(std::move(appends));
    if (Clock::now() >= next_retention) {
      apply_retention(wall_clock_ms());
      next_retention = Clock::now() + interval;
    }
    lock.lock();
  }
}

void LogStore::write(std::deque<Append> appends) {
  rocksdb::WriteBatch batch;
  States ends;  // once this batch is durable
  std::vector<int64_t> bases;
  size_t bytes = 0;
  {
    const std::lock_guard lock(state_mutex_);
    for (const Append& append : appends) {
      const uint32_t topic = topics_.at(append.partition.topic).id;
      const int32_t number = append.partition.partition;
      const auto [at, first] = ends.try_emplace(append.partition, states_.at(append.partition));
      PartitionState& end = at->second;
      if (first && littered_.contains(append.partition)) {
        batch.DeleteRange(chunk_key(topic, number, end.next), chunks_end(topic, number));
      }
      const std::string key = chunk_key(topic, number, end.next);
      std::string position;
      put_be(position, static_cast<uint64_t>(end.end_position), kPositionSize);
      const rocksdb::Slice key_part(key);
      const rocksdb::Slice value_parts[] = {position, append.chunk};
      batch.Put(rocksdb::SliceParts(&key_part, 1), rocksdb::SliceParts(value_parts, 2));
      bases.push_back(end.next);
      end.next += append.count;
      end.end_position += static_cast<int64_t>(append.chunk.size());
      bytes += append.chunk.size();
    }
  }
  std::string error;
  const bool written = write_until_timeout(batch, error);
  if (written) {
    const std::lock_guard lock(state_mutex_);
    for (const auto& [partition, end] : ends) {
      states_[partition].next = end.next;
      states_[partition].end_position = end.end_position;
      littered_.erase(partition);
    }
  } else {
    // The bytes may have reached the disk although the write failed, and be there when the store is
    // opened again. Offsets are given anew, so what lies there must go first.
    for (const auto& [partition, end] : ends) littered_.insert(partition);
  }
  queued_bytes_.fetch_sub(bytes);
  for (size_t i = 0; i < appends.size(); ++i) appends[i].done(written ? bases[i] : -1, error);
  if (written) announce_change();
}

bool LogStore::write_until_timeout(rocksdb::WriteBatch& batch, std::string& error) {
  const auto deadline = Clock::now() + Millis{options_.append_timeout_ms};
  for (int attempt = 1;; ++attempt) {
    // A repeated write puts the same bytes under the same keys, so one that had got through
    // although it was reported as failed does no harm.
    const rocksdb::Status status = write_once(batch, true);
    if (status.ok()) {
      if (attempt > 1) log(LogLevel::Info, kLogger, "the embedded log takes appends again");
      return true;
    }
    error = writing_failed(status, "appending");
    if (attempt == 1) {
      log(LogLevel::Error, kLogger,
          error + " (trying again for " + std::to_string(options_.append_timeout_ms) + " ms)");
    }
    {
      std::unique_lock lock(queue_mutex_);
      const auto wait = std::min(deadline, Clock::now() + kAppendRetryWait);
      queue_changed_.wait_until(lock, wait, [this] { return stopping_; });
      if (stopping_) return false;
    }
    heal(attempt >= kTriesBeforeReopen || Clock::now() >= deadline);
    if (Clock::now() >= deadline) return false;
  }
}

rocksdb::Status LogStore::write_once(rocksdb::WriteBatch& batch, bool synced) {
  rocksdb::WriteOptions options;
  options.sync = synced;
  const std::lock_guard write_lock(write_mutex_);
  const std::shared_lock lock(db_mutex_);
  if (!db_) return rocksdb::Status::IOError("the store could not be opened anew after an error");
  return db_->Write(options, &batch);
}

void LogStore::write_now(rocksdb::WriteBatch& batch, const std::string& action) {
  rocksdb::Status status = write_once(batch, true);
  if (status.ok()) return;
  heal(false);
  status = write_once(batch, true);
  if (status.ok()) return;
  heal(true);  // for the next one
  throw TimeoutException(writing_failed(status, action));
}

std::string LogStore::writing_failed(const rocksdb::Status& status,
                                     const std::string& action) const {
  return action + " in the embedded log " + options_.dir + ": " + status.ToString() +
         ". Look after the disk; the log goes on by itself once it can write";
}

void LogStore::heal(bool hard) {
  {
    const std::shared_lock lock(db_mutex_);
    if (db_ && db_->Resume().ok()) return;
    if (db_ && !hard) return;
  }
  // Opening writes out what is in the write-ahead log. Without room for it the store would stay
  // closed and could not be read either.
  if (folder_has_room(options_.dir, options_.memory_bytes)) reopen();
}

void LogStore::reopen() {
  {
    const std::unique_lock lock(db_mutex_);
    if (db_) db_->Close();
    db_.reset();
    try {
      open(false);
    } catch (const Error& error) {
      log(LogLevel::Error, kLogger, error.what());
      return;
    }
  }
  log(LogLevel::Info, kLogger, "opened the embedded log " + options_.dir + " anew after an error");
  announce_change();  // readers had to wait
}

}  // namespace millrace::embedded

#include "runtime/worker/offset_committer.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "millrace/errors.h"

namespace millrace {

struct OffsetCommitter::Flush {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  std::exception_ptr error;
  std::function<void()> wake;  // emptied when the committer loses interest
};

OffsetCommitter::OffsetCommitter(OffsetStore& store, std::function<void()> wake)
    : store_(store), wake_(std::move(wake)) {}

OffsetCommitter::~OffsetCommitter() { cancel(); }

void OffsetCommitter::stage(OffsetEntries entries) {
  for (auto& [key, value] : entries) staged_.insert_or_assign(key, std::move(value));
}

bool OffsetCommitter::begin_flush() {
  if (staged_.empty()) return false;
  writing_ = std::exchange(staged_, {});
  flush_ = std::make_shared<Flush>();
  flush_->wake = wake_;
  store_.set(writing_, [flush = flush_](std::exception_ptr error) {
    const std::lock_guard lock(flush->mutex);
    flush->done = true;
    flush->error = std::move(error);
    flush->changed.notify_all();
    if (flush->wake) flush->wake();
  });
  return true;
}

void OffsetCommitter::give_back() {
  // Staged values are newer and stay.
  staged_.merge(writing_);
  writing_.clear();
}

OffsetCommitter::Result OffsetCommitter::poll() {
  if (!flush_) return Result::Idle;
  std::exception_ptr error;
  {
    const std::lock_guard lock(flush_->mutex);
    if (!flush_->done) return Result::Running;
    error = flush_->error;
  }
  flush_.reset();
  if (!error) {
    writing_.clear();
    return Result::Succeeded;
  }
  give_back();
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    reason_ = e.what();
  }
  return Result::Failed;
}

OffsetCommitter::Result OffsetCommitter::await(std::chrono::milliseconds timeout) {
  if (!flush_) return Result::Idle;
  {
    std::unique_lock lock(flush_->mutex);
    flush_->changed.wait_for(lock, timeout, [this] { return flush_->done; });
  }
  const Result result = poll();
  if (result != Result::Running) return result;
  cancel();
  reason_ = "no answer from the offset store within " + std::to_string(timeout.count()) + " ms";
  return Result::Failed;
}

void OffsetCommitter::cancel() {
  if (!flush_) return;
  {
    const std::lock_guard lock(flush_->mutex);
    flush_->wake = nullptr;
  }
  flush_.reset();
  give_back();
}

}  // namespace millrace

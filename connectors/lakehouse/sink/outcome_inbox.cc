#include "connectors/lakehouse/sink/outcome_inbox.h"

#include <utility>

namespace millrace::lakehouse {

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

}  // namespace millrace::lakehouse

#pragma once
// Answers of committers on their way to a task.

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <vector>

#include "connectors/lakehouse/commit/written_batch.h"

namespace millrace::lakehouse {

/// What became of a batch, from the committer's thread to the task's.
class OutcomeInbox {
 public:
  struct Entry {
    uint64_t generation = 0;  // of the sink that handed the batch over
    std::map<TopicPartition, OffsetStep> steps;
    int64_t rows = 0;
    int64_t newest_ms = -1;  // record timestamp
    BatchOutcome outcome;
  };
  void put(Entry entry);
  std::vector<Entry> take();
  /// Waits until there is something; false when the time is over.
  bool wait(std::chrono::milliseconds limit);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Entry> entries_;
};

}  // namespace millrace::lakehouse

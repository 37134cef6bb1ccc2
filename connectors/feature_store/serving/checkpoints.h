#pragma once
// Copies of the store that operators ask for over HTTP.

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "connectors/feature_store/serving/call.h"
#include "connectors/feature_store/serving/row_source.h"

namespace millrace::feature_store {

/// Thread-safe. A copy is made by a thread of its own, one at a time, while lookups and the writer go on.
class Checkpoints {
 public:
  static constexpr size_t kMaxName = 100;
  /// An answer waits no longer than this beside the serving threads.
  static constexpr std::chrono::minutes kMostWait{10};

  Checkpoints(std::shared_ptr<RowSource> rows, std::string folder);

  /// Begins the copy `name`. Throws RequestError: 400 for a name that is none, 409 for one that is there, 503 while
  /// another copy is being made.
  std::shared_ptr<Job> begin(std::string_view name);
  /// Of a job of begin(): `{"name":...,"path":...,"offsets":[...]}`. Waits for it. Throws what the copy did.
  static void append_answer(std::string& out, Job& job);

 private:
  std::shared_ptr<RowSource> rows_;
  const std::string folder_;  // absolute
  std::shared_ptr<std::atomic<bool>> busy_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace millrace::feature_store

#pragma once
// Writes a task's committable offsets to the store without blocking the task (connect-tasks.md
// §2.2): at most one flush runs; one that fails or takes too long gives its entries back, under
// newer values.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "runtime/storage/offset_store.h"

namespace millrace {

/// Task thread only; `wake` is called from the store's thread when a flush ends.
class OffsetCommitter {
 public:
  enum class Result { Idle, Running, Succeeded, Failed };

  OffsetCommitter(OffsetStore& store, std::function<void()> wake);
  ~OffsetCommitter();

  /// Adds offsets to the next flush; newer values win.
  void stage(OffsetEntries entries);
  /// True when staged entries are now being written, false when there was nothing to write.
  /// Only when no flush runs.
  bool begin_flush();
  /// Result of the flush that runs; Succeeded and Failed are returned once. A failed flush was
  /// given back already; `reason()` tells why.
  Result poll();
  /// Blocks until the flush ends or `timeout` has passed; a timeout cancels it and counts as Failed.
  Result await(std::chrono::milliseconds timeout);
  /// Gives the entries of a running flush back and ignores its outcome.
  void cancel();
  bool flushing() const noexcept { return flush_ != nullptr; }
  const std::string& reason() const noexcept { return reason_; }

 private:
  struct Flush;
  void give_back();

  OffsetStore& store_;
  std::function<void()> wake_;
  OffsetEntries staged_;
  OffsetEntries writing_;
  std::shared_ptr<Flush> flush_;
  std::string reason_;
};

}  // namespace millrace

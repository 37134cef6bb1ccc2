#pragma once
// The offset store of one source connector: the worker's, or one in a topic of its own
// (`offsets.storage.topic`, connect-cluster.md §1.5).

#include <memory>
#include <stop_token>

#include "runtime/worker/services.h"

namespace millrace {

/// Made, used and gone on one thread, which may wait: not the control thread.
class ConnectorOffsets {
 public:
  /// Longest wait for the topic to be made and read.
  static constexpr std::chrono::minutes kOpenLimit{5};
  /// Longest wait for the control thread at the end.
  static constexpr std::chrono::seconds kCloseLimit{10};

  /// Throws when the topic cannot be used or read.
  ConnectorOffsets(WorkerServices& services, const ConnectorTaskId& id, const Properties& connector,
                   const std::stop_token& stop = {});
  ~ConnectorOffsets();
  ConnectorOffsets(const ConnectorOffsets&) = delete;
  ConnectorOffsets& operator=(const ConnectorOffsets&) = delete;

  /// Of a topic of its own it must be kept() by callbacks of writes that may come after this is gone.
  OffsetStore& store() const noexcept;
  std::shared_ptr<void> keep() const noexcept { return own_; }
  /// Of a topic of its own; the worker gives up what goes to the one that is shared.
  void abandon_writes() noexcept;

 private:
  struct Own;
  void open(const std::stop_token& stop);
  void close() noexcept;

  WorkerServices& services_;
  const std::string connector_;
  std::shared_ptr<Own> own_;  // null: the worker's store is the only one
};

}  // namespace millrace

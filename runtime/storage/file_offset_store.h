#pragma once
// The standalone offset file, in Java's own format, replaced atomically on every flush. A file that
// cannot be understood is refused and never overwritten.

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

#include "runtime/storage/memory_offset_store.h"

namespace millrace {

/// Writes happen on a thread of its own; all writes that wait are joined into one and succeed or
/// fail together. Readers see entries only once they are in the file, so a failed write (a full
/// disk) leaves no trace and its caller may try again.
class FileOffsetStore final : public MemoryOffsetStore {
 public:
  /// Writes that may wait; above it, and while the store is not started, set() fails at once.
  static constexpr size_t kMaxWaitingWrites = 10'000;

  explicit FileOffsetStore(std::filesystem::path file) : file_(std::move(file)) {}
  ~FileOffsetStore() override;
  /// A missing or empty file is an empty store. Throws ConnectException for one that is damaged,
  /// truncated, foreign or unreadable.
  void start() override;
  void stop() noexcept override;
  void set(OffsetEntries entries, WriteCallback done) override;

 private:
  struct Write {
    OffsetEntries entries;
    WriteCallback done;
  };
  void load();
  void write_loop();
  void write_all(const std::deque<Write>& writes);

  std::filesystem::path file_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Write> waiting_;
  bool running_ = false;
  std::thread thread_;
};

}  // namespace millrace

#pragma once
// Numbers that one thread writes and another reads while they change: no locks, and a reader sees
// several of them as they were at one moment.

#include <atomic>
#include <cstdint>

namespace millrace {

/// A number with one writer. Ordinary loads and stores on common processors.
template <class T>
class Cell {
 public:
  Cell() noexcept : value_(T{}) {}
  explicit Cell(T initial) noexcept : value_(initial) {}
  /// Writer only.
  void set(T value) noexcept { value_.store(value, std::memory_order_release); }
  void add(T more) noexcept { set(value_.load(std::memory_order_relaxed) + more); }
  /// Any thread.
  T get() const noexcept { return value_.load(std::memory_order_acquire); }

 private:
  std::atomic<T> value_;
};

/// Marks writes that belong together. A version is odd while its writer is at work, so a reader
/// knows that it must look again. The order of the cells' stores and loads makes fences needless.
class WriteVersion {
 public:
  /// One group of writes; the writer's thread only, not nested.
  class Section {
   public:
    explicit Section(WriteVersion& owner) noexcept : version_(owner.version_) { step(); }
    ~Section() { step(); }
    Section(const Section&) = delete;
    Section& operator=(const Section&) = delete;

   private:
    void step() noexcept {
      version_.store(version_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }
    std::atomic<uint64_t>& version_;
  };

  /// Calls `read` until nothing was written meanwhile, at most kAttempts times: a writer that is
  /// interrupted in the middle must not stop the reader, and its numbers are each whole anyway.
  template <class Read>
  void read(const Read& read) const {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      const uint64_t before = version_.load(std::memory_order_acquire);
      read();
      if (before % 2 == 0 && version_.load(std::memory_order_relaxed) == before) return;
    }
  }

 private:
  static constexpr int kAttempts = 16;
  std::atomic<uint64_t> version_ = 0;
};

}  // namespace millrace

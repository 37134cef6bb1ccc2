#pragma once
// An eventfd that queues of the client library and wakeup() write to.

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <system_error>

namespace millrace::kafka {

class WakeEvent {
 public:
  /// What a queue of the client library writes to fd() when it stops being empty.
  static constexpr uint64_t kOne = 1;

  WakeEvent() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "opening an eventfd");
  }
  ~WakeEvent() { ::close(fd_); }
  WakeEvent(const WakeEvent&) = delete;
  WakeEvent& operator=(const WakeEvent&) = delete;

  int fd() const noexcept { return fd_; }
  /// Any thread.
  void set() noexcept {
    [[maybe_unused]] const auto n = ::write(fd_, &kOne, sizeof kOne);
  }
  /// Returns once set, at most after `timeout`, and clears it.
  void wait(std::chrono::milliseconds timeout) noexcept {
    pollfd wait{fd_, POLLIN, 0};
    ::poll(&wait, 1, static_cast<int>(timeout.count()));
    uint64_t drained = 0;
    [[maybe_unused]] const auto n = ::read(fd_, &drained, sizeof drained);
  }

 private:
  int fd_;
};

}  // namespace millrace::kafka

#pragma once
// System calls of local files, with errors that name the action and the path. The worker's own
// helpers are not for plugins.

#include <unistd.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace millrace::lakehouse {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    reset();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }

  int get() const noexcept { return fd_; }
  bool is_open() const noexcept { return fd_ >= 0; }
  void reset() noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

/// Throws for `error` (an errno): NotFoundException, RetriableException for what may pass by
/// itself, else ConnectException.
[[noreturn]] void fail(const std::string& action, const std::string& path, int error);

void write_all(const Descriptor& file, std::span<const uint8_t> bytes, const std::string& path);
std::string read_all(const std::string& path);
/// The folder a path is in; `.` for a bare name.
std::string folder_of(const std::string& path);
/// Makes a folder and those above it; durable.
void make_folders(const std::string& folder);
/// The names in a folder are durable.
void sync_folder(const std::string& folder);

}  // namespace millrace::lakehouse

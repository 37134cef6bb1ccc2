#include "runtime/cli/line_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "millrace/errors.h"

namespace millrace {
namespace {

constexpr size_t kBufferBytes = size_t{64} * 1024;

int open_input(const std::string& path) {
  if (path.empty()) return STDIN_FILENO;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw ConnectException("opening " + path + ": " + std::strerror(errno));
  return fd;
}

}  // namespace

LineReader::LineReader(std::string path, size_t max_line_bytes)
    : path_(std::move(path)),
      max_line_bytes_(max_line_bytes),
      fd_(open_input(path_)),
      buffer_(kBufferBytes) {}

LineReader::~LineReader() {
  if (fd_ != STDIN_FILENO) ::close(fd_);
}

bool LineReader::fill() {
  ssize_t count = 0;
  do {
    count = ::read(fd_, buffer_.data(), buffer_.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    throw ConnectException("reading " + (path_.empty() ? "standard input" : path_) + ": " +
                           std::strerror(errno));
  }
  at_ = 0;
  end_ = static_cast<size_t>(count);
  return count > 0;
}

bool LineReader::has_input() const noexcept {
  if (at_ != end_) return true;
  pollfd ready{fd_, POLLIN, 0};
  return ::poll(&ready, 1, 0) > 0;
}

LineReader::Result LineReader::next(std::string& line) {
  line.clear();
  bool too_long = false;
  bool any = false;
  while (true) {
    if (at_ == end_ && !fill()) {
      if (!any) return Result::End;
      break;
    }
    any = true;
    const char* start = buffer_.data() + at_;
    const void* feed = std::memchr(start, '\n', end_ - at_);
    const size_t size =
        feed != nullptr ? static_cast<size_t>(static_cast<const char*>(feed) - start) : end_ - at_;
    too_long = too_long || line.size() + size > max_line_bytes_;
    if (!too_long) line.append(start, size);
    at_ += size + (feed != nullptr ? 1 : 0);
    if (feed != nullptr) break;
  }
  ++number_;
  return too_long ? Result::TooLong : Result::Line;
}

}  // namespace millrace

#include "connectors/feature_store/metadata/watched_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "connectors/feature_store/model/json_object.h"
#include "millrace/clock.h"
#include "millrace/errors.h"

namespace millrace::feature_store {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& why) {
  throw ConfigException(fmt::format("reading {}: {}", path, why));
}

class Descriptor {
 public:
  // A pipe must not keep us waiting.
  explicit Descriptor(const std::string& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

struct stat status_of(int descriptor, const std::string& path) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) fail(path, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) fail(path, "it is no regular file");
  return status;
}

std::string read_all(int descriptor, const std::string& path) {
  std::string text;
  char bytes[65'536];
  while (true) {
    const ssize_t count = ::read(descriptor, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path, std::strerror(errno));
    if (count == 0) return text;
    text.append(bytes, static_cast<size_t>(count));
    if (text.size() > kMaxDocumentBytes) {
      fail(path, fmt::format("it has more than {} bytes", kMaxDocumentBytes));
    }
  }
}

}  // namespace

WatchedFile::Signature WatchedFile::seen(int descriptor) const {
  const struct stat status = status_of(descriptor, path_);
  return {status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

std::optional<std::string> WatchedFile::changed() {
  const Descriptor file(path_);
  if (file.get() < 0) {
    last_ = {};
    fail(path_, std::strerror(errno));
  }
  const Signature now = seen(file.get());
  if (settled_ && now == last_) return std::nullopt;
  last_ = now;
  settled_ = now.seconds + kSettledSeconds < wall_clock_ms() / 1'000;
  std::string text = read_all(file.get(), path_);
  if (text_ && *text_ == text) return std::nullopt;
  text_ = std::move(text);
  return text_;
}

std::optional<std::string> read_small_file(const std::string& path) {
  const Descriptor file(path);
  if (file.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    fail(path, std::strerror(errno));
  }
  status_of(file.get(), path);
  return read_all(file.get(), path);
}

}  // namespace millrace::feature_store

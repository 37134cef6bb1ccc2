#include "runtime/core/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "millrace/errors.h"

namespace millrace {
namespace {

[[noreturn]] void fail(const std::string& action, const std::filesystem::path& path) {
  throw ConnectException(action + " " + path.string() + ": " + std::strerror(errno));
}

/// File descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

void write_all(int fd, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("writing", path);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

void write_temporary(const std::filesystem::path& path, std::string_view bytes) {
  constexpr mode_t kMode = 0644;
  const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode));
  if (fd.get() < 0) fail("creating", path);
  write_all(fd.get(), bytes, path);
  if (::fsync(fd.get()) != 0) fail("syncing", path);
}

void sync_folder(const std::filesystem::path& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) fail("opening", folder);
  if (::fsync(fd.get()) != 0) fail("syncing", folder);
}

}  // namespace

void replace_file(const std::filesystem::path& path, std::string_view bytes) {
  // A link is followed: the file it points to is replaced, the link stays.
  std::error_code ignored;
  std::filesystem::path target = path;
  if (std::filesystem::is_symlink(path, ignored)) target = std::filesystem::canonical(path);
  const std::filesystem::path temporary = target.string() + ".tmp";
  try {
    write_temporary(temporary, bytes);
    if (::rename(temporary.c_str(), target.c_str()) != 0) fail("replacing", target);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  sync_folder(target.has_parent_path() ? target.parent_path() : std::filesystem::path("."));
}

bool read_file(const std::filesystem::path& path, std::string& out) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) {
    if (errno == ENOENT) return false;
    fail("opening", path);
  }
  out.clear();
  constexpr size_t kChunk = size_t{64} * 1024;
  while (true) {
    const size_t old = out.size();
    out.resize(old + kChunk);
    const ssize_t n = ::read(fd.get(), out.data() + old, kChunk);
    if (n < 0 && errno == EINTR) {
      out.resize(old);
      continue;
    }
    if (n < 0) fail("reading", path);
    out.resize(old + static_cast<size_t>(n));
    if (n == 0) return true;
  }
}

}  // namespace millrace

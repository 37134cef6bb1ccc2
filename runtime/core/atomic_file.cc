#include "runtime/core/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

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

/// `mode`: exact permissions of the file; none: what the umask leaves of the usual ones.
void write_temporary(const std::filesystem::path& path, std::string_view bytes,
                     std::optional<mode_t> mode) {
  constexpr mode_t kUsual = 0644;
  // What a crash left is removed, not reused: its permissions may differ, or it may be a link.
  ::unlink(path.c_str());
  // Created closed, so that a file that is to be private never is readable for a moment.
  const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                             mode ? S_IRUSR | S_IWUSR : kUsual));
  if (fd.get() < 0) fail("creating", path);
  if (mode && ::fchmod(fd.get(), *mode) != 0) fail("setting the permissions of", path);
  write_all(fd.get(), bytes, path);
  if (::fsync(fd.get()) != 0) fail("syncing", path);
}

void sync_folder(const std::filesystem::path& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) fail("opening", folder);
  if (::fsync(fd.get()) != 0) fail("syncing", folder);
}

/// The file that links lead to; a link to nothing leads to the file to be created.
std::filesystem::path resolve_links(std::filesystem::path path) {
  constexpr int kMaxLinks = 40;  // as Linux
  std::error_code ignored;
  for (int i = 0; i < kMaxLinks && std::filesystem::is_symlink(path, ignored); ++i) {
    const std::filesystem::path next = std::filesystem::read_symlink(path, ignored);
    if (next.empty()) break;
    path = path.parent_path() / next;
  }
  return path;
}

std::optional<mode_t> mode_of(const std::filesystem::path& path) noexcept {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  constexpr mode_t kPermissions = 0777;
  return info.st_mode & kPermissions;
}

}  // namespace

void replace_file(const std::filesystem::path& path, std::string_view bytes) {
  const std::filesystem::path target = resolve_links(path);
  const std::filesystem::path temporary = target.string() + ".tmp";
  try {
    write_temporary(temporary, bytes, mode_of(target));
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

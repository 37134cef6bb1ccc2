#include "connectors/lakehouse/storage/posix_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

/// What may pass by itself or by an operator's hand, while the same work is tried again.
bool may_pass(int error) noexcept {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:  // a limit of the process or of a quota; files here are far below a file system's
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EAGAIN:
    case EINTR:
    case EIO:
    case ESTALE:  // network file systems
    case ETIMEDOUT:
      return true;
    default:
      return false;
  }
}

}  // namespace

void fail(const std::string& action, const std::string& path, int error) {
  const std::string message = action + " " + path + ": " + std::strerror(error);
  if (error == ENOENT) throw NotFoundException(message);
  if (may_pass(error)) throw RetriableException(message);
  throw ConnectException(message);
}

void write_all(const Descriptor& file, std::span<const uint8_t> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("writing", path, errno);
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
}

std::string read_all(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  // A file where a folder should be: what is asked for is not there either.
  if (!file.is_open()) fail("opening", path, errno == ENOTDIR ? ENOENT : errno);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) fail("reading", path, errno);
  // One more than the size, so that the end is seen by the first read.
  std::string out(static_cast<size_t>(info.st_size) + 1, '\0');
  size_t used = 0;
  while (true) {
    if (used == out.size()) out.resize(out.size() * 2);
    const ssize_t n = ::read(file.get(), out.data() + used, out.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("reading", path, errno);
    if (n == 0) break;
    used += static_cast<size_t>(n);
  }
  out.resize(used);
  return out;
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

void make_folders(const std::string& folder) {
  constexpr mode_t kUsual = 0777;  // the umask takes from it
  if (::mkdir(folder.c_str(), kUsual) == 0) return sync_folder(folder_of(folder));
  if (errno == ENOENT) {
    make_folders(folder_of(folder));
    return make_folders(folder);
  }
  const int error = errno;
  struct stat info {};
  // Another thread may have been faster; a root that is read-only answers EROFS, not EEXIST.
  if (::stat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return;
  fail("making the folder", folder, error);
}

void sync_folder(const std::string& folder) {
  const Descriptor file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.is_open()) fail("opening the folder", folder, errno);
  if (::fsync(file.get()) != 0) fail("syncing the folder", folder, errno);
}

}  // namespace millrace::lakehouse

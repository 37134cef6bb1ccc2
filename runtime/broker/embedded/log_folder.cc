#include "runtime/broker/embedded/log_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "millrace/errors.h"
#include "runtime/core/atomic_file.h"

namespace millrace::embedded {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kReadyText =
    "# Folder of an embedded log of Millrace. Do not edit.\nformat=1\n";
constexpr const char* kTemporary = "millrace-log.properties.tmp";  // of replace_file
constexpr const char* kProbe = "millrace-room.tmp";

[[noreturn]] void fail(const std::string& dir, const std::string& reason) {
  throw ConnectException("embedded.log.dir " + dir + " " + reason);
}

[[noreturn]] void fail_errno(const std::string& dir, const std::string& action) {
  fail(dir, "cannot be used: " + action + ": " + std::strerror(errno));
}

class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  bool is_open() const noexcept { return fd_ >= 0; }
  bool reserve(int64_t bytes) noexcept { return ::posix_fallocate(fd_, 0, bytes) == 0; }
  bool sync() noexcept { return ::fsync(fd_) == 0; }

 private:
  int fd_;
};

void sync_folder(const std::string& dir) {
  File folder(dir, O_RDONLY | O_DIRECTORY);
  if (!folder.is_open() || !folder.sync()) fail_errno(dir, "syncing the folder");
}

/// Name of something that is not ours; empty when there is none.
std::string foreign_entry(const std::string& dir) {
  std::error_code error;
  fs::directory_iterator entries(dir, error);
  if (error) fail(dir, "cannot be used: listing the folder: " + error.message());
  for (const fs::directory_entry& entry : entries) {
    const std::string name = entry.path().filename().string();
    // The second is made by mkfs at the root of a file system.
    if (name != kTemporary && name != kProbe && name != "lost+found") return name;
  }
  return {};
}

FolderState read_state(const std::string& dir) {
  std::string text;
  try {
    read_file(fs::path(dir) / kFolderFile, text);
  } catch (const ConnectException& error) {
    fail(dir, std::string("cannot be used: ") + error.what());
  }
  if (text.empty()) return FolderState::New;
  if (text == kReadyText) return FolderState::Ready;
  fail(dir, "has an unknown format: " + std::string(kFolderFile) +
                " is damaged or of another version; use the version that wrote it, or choose an "
                "empty folder");
}

}  // namespace

FolderState claim_folder(const std::string& dir) {
  std::error_code error;
  fs::create_directories(dir, error);
  if (error) fail(dir, "cannot be created: " + error.message());
  if (!fs::is_directory(dir, error)) fail(dir, "is not a folder");
  const std::string path = dir + "/" + kFolderFile;
  if (fs::exists(path, error)) return read_state(dir);
  const std::string other = foreign_entry(dir);
  // A second process may have claimed it since.
  if (fs::exists(path, error)) return read_state(dir);
  if (!other.empty()) {
    fail(dir, "holds other files (" + other + ") and no embedded log; choose an empty folder");
  }
  {
    File file(path, O_WRONLY | O_CREAT | O_EXCL);
    if (!file.is_open() && errno != EEXIST) fail_errno(dir, "creating " + path);
  }
  sync_folder(dir);
  return read_state(dir);
}

void mark_folder_ready(const std::string& dir) {
  try {
    replace_file(fs::path(dir) / kFolderFile, kReadyText);
  } catch (const ConnectException& error) {
    fail(dir, std::string("cannot be used: ") + error.what());
  }
}

bool folder_has_room(const std::string& dir, int64_t bytes) noexcept {
  const std::string path = dir + "/" + kProbe;
  bool room = false;
  {
    File file(path, O_WRONLY | O_CREAT | O_TRUNC);
    room = file.is_open() && file.reserve(bytes) && file.sync();
  }
  ::unlink(path.c_str());
  return room;
}

}  // namespace millrace::embedded

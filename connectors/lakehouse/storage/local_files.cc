#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <random>

#include "connectors/lakehouse/storage/file_io.h"
#include "connectors/lakehouse/storage/local_path.h"
#include "connectors/lakehouse/storage/posix_file.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

/// No other writer's, on this machine or another: readers and cleaners skip names with a dot.
std::string temporary_name(const std::string& folder) {
  static const uint64_t process = [] {
    std::random_device random;
    return (uint64_t{random()} << 32U) | random();
  }();
  static std::atomic<uint64_t> counter{0};
  return folder + "/.millrace-" + std::to_string(process) + "-" + std::to_string(++counter) +
         ".tmp";
}

/// A file without its name yet; removed unless it gets one.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string target)
      : target_(std::move(target)),
        folder_(folder_of(target_)),
        temporary_(temporary_name(folder_)) {
    open();
    if (!file_.is_open() && errno == ENOENT) {
      make_folders(folder_);
      open();
    }
    if (!file_.is_open()) fail("creating", target_, errno);
  }
  ~TemporaryFile() {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(std::span<const uint8_t> bytes) {
    try {
      write_all(file_, bytes, target_);
    } catch (...) {
      file_.reset();  // what is torn is never published
      throw;
    }
  }
  /// Replaces what is there.
  void replace() {
    sync();
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail("replacing", target_, errno);
    temporary_.clear();
    sync_folder(folder_);
  }
  /// False: there is one already.
  bool publish() {
    sync();
    if (!link()) return false;
    sync_folder(folder_);
    return true;
  }

 private:
  void open() {
    constexpr mode_t kUsual = 0666;  // the umask takes from it
    file_ = Descriptor(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kUsual));
  }
  void sync() {
    if (!file_.is_open()) {
      throw ConnectException("finishing " + target_ + ": a write failed before");
    }
    if (::fsync(file_.get()) != 0) fail("syncing", target_, errno);
    file_.reset();
  }
  bool link() {
    if (::link(temporary_.c_str(), target_.c_str()) == 0 || was_linked()) return true;
    int error = errno;
    if (error == EPERM || error == EOPNOTSUPP || error == EMLINK) {  // no links here
      if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, target_.c_str(),
                      RENAME_NOREPLACE) == 0) {
        temporary_.clear();
        return true;
      }
      error = errno;
    }
    if (error != EEXIST) fail("publishing", target_, error);
    return false;
  }
  /// A network file system may repeat a request whose answer was lost, and then say EEXIST of our
  /// own link.
  bool was_linked() const noexcept {
    const int error = errno;
    struct stat info {};
    const bool linked = ::stat(temporary_.c_str(), &info) == 0 && info.st_nlink > 1;
    errno = error;
    return linked;
  }

  std::string target_;
  std::string folder_;
  std::string temporary_;  // empty: it has its name
  Descriptor file_;
};

class LocalOutputFile : public OutputFile {
 public:
  explicit LocalOutputFile(const std::string& location)
      : location_(location), file_(local_path(location)) {}

  void write(std::span<const uint8_t> bytes) override {
    file_.write(bytes);
    size_ += static_cast<int64_t>(bytes.size());
  }
  int64_t size() const noexcept override { return size_; }
  std::string path() const override { return location_; }
  void finish() override { file_.replace(); }

 private:
  std::string location_;
  TemporaryFile file_;
  int64_t size_ = 0;
};

class LocalFiles : public FileIO {
 public:
  std::unique_ptr<OutputFile> create(const std::string& path) override {
    return std::make_unique<LocalOutputFile>(path);
  }
  std::string read(const std::string& path) override { return read_all(local_path(path)); }
  bool exists(const std::string& path) override {
    const std::string file = local_path(path);
    struct stat info {};
    if (::stat(file.c_str(), &info) == 0) return true;
    if (errno != ENOENT && errno != ENOTDIR) fail("looking for", file, errno);
    return false;
  }
  std::vector<std::string> list(const std::string& location) override {
    const std::string folder = local_path(location);
    std::error_code error;
    std::vector<std::string> names;
    auto entries = std::filesystem::directory_iterator(folder, error);
    for (const auto end = std::filesystem::directory_iterator(); !error && entries != end;
         entries.increment(error)) {
      names.push_back(entries->path().filename().string());
    }
    if (error && error.value() != ENOENT && error.value() != ENOTDIR) {
      fail("listing", folder, error.value());
    }
    return names;
  }
  bool publish(const std::string& path, std::string_view bytes) override {
    TemporaryFile file(local_path(path));
    file.write({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
    return file.publish();
  }
  void remove(const std::string& path) override {
    const std::string file = local_path(path);
    if (::unlink(file.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return;
    fail("removing", file, errno);
  }
};

}  // namespace

std::shared_ptr<FileIO> local_files() { return std::make_shared<LocalFiles>(); }

}  // namespace millrace::lakehouse

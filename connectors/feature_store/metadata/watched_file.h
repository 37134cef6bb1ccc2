#pragma once
// A file that is read again when it has changed.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace millrace::feature_store {

/// Used by one thread at a time.
class WatchedFile {
 public:
  /// A file that was changed so short a time ago may be changed again under the same time of
  /// change: it is read, and its bytes are compared.
  static constexpr int64_t kSettledSeconds = 2;

  explicit WatchedFile(std::string path) : path_(std::move(path)) {}

  /// The text, when it is another one than the last time; at first it always is. A file is looked
  /// at by its time of change, size and inode. Throws ConfigException when it cannot be read or has
  /// more than kMaxDocumentBytes.
  std::optional<std::string> changed();
  const std::string& path() const noexcept { return path_; }

 private:
  struct Signature {
    ino_t inode = 0;
    off_t size = -1;
    int64_t seconds = 0;
    int64_t nanoseconds = 0;
    bool operator==(const Signature&) const = default;
  };
  Signature seen(int descriptor) const;

  const std::string path_;
  Signature last_ = {};
  bool settled_ = false;
  std::optional<std::string> text_ = {};
};

/// All of a regular file. Throws ConfigException as WatchedFile; nullopt: there is no such file.
std::optional<std::string> read_small_file(const std::string& path);

}  // namespace millrace::feature_store

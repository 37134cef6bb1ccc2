#pragma once
// Where the files of a table live (iceberg-sink.md §7). Paths are URIs as the table spells them
// (`/a/b`, `file:///a/b`, `s3://bucket/key`, ...).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/errors.h"
#include "millrace/properties.h"

namespace millrace::lakehouse {

/// A file being written. Used by one thread. Destroyed without finish(): nothing stays behind.
class OutputFile {
 public:
  virtual ~OutputFile() = default;
  virtual void write(std::span<const uint8_t> bytes) = 0;
  virtual int64_t size() const noexcept = 0;  // bytes written so far
  /// What messages call it: the location it was created with.
  virtual std::string path() const { return "the file"; }
  /// The file is there as a whole and durable, or an exception says why that is not sure.
  virtual void finish() = 0;
};

/// Thread-safe. Calls block; they throw RetriableException for what may pass by itself (a full disk, a
/// server that does not answer), NotFoundException for a file that is not there, ConnectException for
/// the rest, each naming the action and the path.
class FileIO {
 public:
  virtual ~FileIO() = default;
  /// Replaces what is there, at finish().
  virtual std::unique_ptr<OutputFile> create(const std::string& path) = 0;
  virtual std::string read(const std::string& path) = 0;
  virtual bool exists(const std::string& path) = 0;
  /// Names, without the path, of what is in a folder; none when there is no such folder. Throws
  /// UnsupportedException where folders cannot be read.
  virtual std::vector<std::string> list(const std::string& folder) {
    throw UnsupportedException("listing " + folder + ": this storage cannot list folders");
  }
  /// Makes the file as a whole, durable, unless there is one: then false, and that one stays as it is.
  /// An exception leaves open whether the file is there.
  virtual bool publish(const std::string& path, std::string_view bytes) = 0;
  /// A missing file is not an error.
  virtual void remove(const std::string& path) = 0;
};

/// Settings as those given, with credentials that last longer. May throw.
using RenewCredentials = std::function<Properties()>;

/// By the scheme of `path` (none: local), with the catalog's keys (`s3.*`, `client.region`, ...).
/// `renew` is called, from any thread, when credentials are about to end or are refused. Throws
/// ConfigException for a scheme that is not supported.
std::shared_ptr<FileIO> make_file_io(const std::string& path, const Properties& settings,
                                     RenewCredentials renew = {});
/// Files of this machine; makes folders that are missing.
std::shared_ptr<FileIO> local_files();

}  // namespace millrace::lakehouse

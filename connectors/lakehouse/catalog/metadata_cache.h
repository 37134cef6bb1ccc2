#pragma once
// Documents of tables as they were read or written last: half of a commit's work would be to parse again
// what the commit before has made.

#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "connectors/lakehouse/table/metadata.h"

namespace millrace::lakehouse {

/// Thread-safe.
class MetadataCache {
 public:
  /// Tables; the one that was used longest ago is forgotten.
  static constexpr size_t kMaxTables = 16;
  /// Of a metadata file; larger ones are not kept.
  static constexpr size_t kMaxBytes = size_t{8} << 20;

  /// What was put for `path`; `bytes`, if any, are what the file has now, and must be the same.
  std::optional<TableMetadata> find(const std::string& path, const std::string* bytes = nullptr);
  /// In place of what is known of `path`, and of `previous`, which it replaces.
  void put(const std::string& path, std::string bytes, const TableMetadata& metadata,
           const std::string& previous = "");

 private:
  struct Entry {
    std::string path;
    std::string bytes;
    TableMetadata metadata;
  };

  std::mutex mutex_;
  std::deque<Entry> entries_;  // used last first
};

}  // namespace millrace::lakehouse

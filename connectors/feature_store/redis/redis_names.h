#pragma once
// Keys of the connector's own in Redis.

#include <cstdint>
#include <string>
#include <string_view>

#include "connectors/feature_store/redis/redis_store.h"

namespace millrace::feature_store {

/// Immutable. On a cluster all but markers are in one slot.
class RedisNames {
 public:
  explicit RedisNames(const RedisOptions& options)
      : base_(options.cluster ? "{" + options.connector + "}" : options.connector),
        offsets_("ofs:" + base_ + (options.cluster_id.empty() ? "" : ":" + options.cluster_id) +
                 ":") {}

  /// Text of the next offset.
  std::string offset(const TopicPartition& partition) const {
    return offsets_ + partition.topic + ":" + std::to_string(partition.partition);
  }
  /// Hash: `id`, `entries`, and rows by status.
  std::string ingestion(int64_t group, int64_t id) const {
    return "fs:ingestion:" + base_ + ":" + std::to_string(group) + ":" + std::to_string(id);
  }
  /// Sorted set of the ids, and the last one.
  std::string ingestions(int64_t group) const { return of_group("ingestions", group); }
  std::string last_ingestion(int64_t group) const { return of_group("last_ingestion", group); }
  std::string schema(int64_t id) const { return of_group("schema", id); }
  /// Hash: what drop_group() needs, and the primary key.
  std::string table(int64_t group) const { return of_group("table", group); }
  /// Set of the fields that rows of the group may have.
  std::string fields(int64_t group) const { return of_group("fields", group); }
  /// Group that has a name.
  std::string owner(std::string_view name) const {
    return "fs:owner:" + base_ + ":" + std::string(name);
  }
  std::string markers(int64_t group) const { return of_group("deleted", group) + ":"; }
  std::string marker(int64_t group, std::string_view key) const {
    return markers(group) + std::string(key);
  }

 private:
  std::string of_group(std::string_view what, int64_t id) const {
    return "fs:" + std::string(what) + ":" + base_ + ":" + std::to_string(id);
  }

  std::string base_;
  std::string offsets_;
};

}  // namespace millrace::feature_store

#pragma once
// Redis as the online store (feature-store-sink.md §10): layouts `feast`, `hash` and `connect`.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "connectors/feature_store/store/online_store.h"
#include "millrace/config_def.h"

namespace millrace::feature_store {

struct RedisOptions {
  std::string host = "127.0.0.1";
  int32_t port = 6379;
  std::string user = {};
  std::optional<Password> password = {};
  int32_t database = 0;
  bool cluster = false;  // offsets after the rows, each row guarded
  std::string layout = "feast";
  std::string feast_project = {};  // empty: the group's project
  /// Feast view of a group; empty answer: the group's name.
  std::function<std::string(int64_t group_id)> feast_view = {};
  /// Join keys of a group's Feast view: join key -> primary key feature, where they differ.
  std::function<std::map<std::string, std::string>(int64_t group_id)> join_keys = {};
  std::string connector = {};  // names the offsets
  std::string cluster_id = {};
  std::chrono::milliseconds timeout{5'000};
  bool hidden_columns = false;  // markers of deletes in event-time mode
  std::chrono::milliseconds marker_retention{86'400'000};
};

/// Connects at once. Throws RetriableException when nobody answers, ConfigException for a login
/// that is refused, a layout that is none, and markers on a cluster. Needs SIGPIPE to be ignored,
/// as the worker does.
///
/// On one server apply() is atomic. On a cluster rows are written one by one, each so that writing
/// it again does nothing, then offsets and counters together; when rows fail by themselves, others
/// may be written. `feast`: rows do not expire, as the key is shared with other views; readers
/// compare `_ts`. `hash` and `connect`: rows expire. A key that holds something that is no hash
/// fails its row.
std::unique_ptr<OnlineStore> open_redis(RedisOptions options);

}  // namespace millrace::feature_store

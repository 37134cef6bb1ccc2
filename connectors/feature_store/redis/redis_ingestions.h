#pragma once
// Ingestions in Redis (feature-store-sink.md §14). Their rows are counted by kApplyScript.

#include "connectors/feature_store/redis/redis_client.h"
#include "connectors/feature_store/redis/redis_names.h"
#include "connectors/feature_store/store/online_store.h"

namespace millrace::feature_store {

/// Used by one thread.
class RedisIngestions {
 public:
  static constexpr int64_t kMaxKept = 10'000;  // of a group; older ones are forgotten

  RedisIngestions(RedisClient& client, const RedisNames& names) : client_(client), names_(names) {}

  Ingestion begin(int64_t group_id, std::optional<int64_t> entries);
  std::vector<Ingestion> newest(int64_t group_id, size_t limit);
  std::optional<Ingestion> find(int64_t group_id, int64_t id);

 private:
  RedisClient& client_;
  const RedisNames& names_;
};

}  // namespace millrace::feature_store

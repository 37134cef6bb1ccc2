#pragma once
// What Redis is told of feature groups: who has a name, the fields of rows, the primary key.

#include <set>
#include <string>

#include "connectors/feature_store/redis/redis_client.h"
#include "connectors/feature_store/redis/redis_names.h"
#include "connectors/feature_store/redis/redis_table.h"

namespace millrace::feature_store {

/// Used by one thread.
class RedisGroups {
 public:
  RedisGroups(RedisClient& client, const RedisNames& names) : client_(client), names_(names) {}

  /// Registers the plan's group; rows of another group that had its name are dropped. All fields
  /// that its rows may have. Throws DataException for another primary key.
  std::set<std::string> enter(const RowPlan& plan, const RedisTable& table);
  avro::SchemaPtr schema(int64_t id);
  /// Rows, if their keys can be found, and all that is known of the group.
  void drop(int64_t group_id);

 private:
  static constexpr int64_t kScanned = 1'000;  // keys of one step

  void check_key(const RowPlan& plan);
  void drop_rows(const std::string& pattern, bool is_shared, const RedisReply& fields);
  /// Runs a command for each key that matches.
  void for_each_key(const std::string& pattern,
                    const std::function<RedisArguments(const std::string&)>& make);

  RedisClient& client_;
  const RedisNames& names_;
};

}  // namespace millrace::feature_store

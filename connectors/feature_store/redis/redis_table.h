#pragma once
// How the rows of one plan lie in Redis (feature-store-sink.md §10).

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "connectors/feature_store/redis/command.h"
#include "connectors/feature_store/redis/entity_key.h"
#include "connectors/feature_store/redis/redis_store.h"

namespace millrace::feature_store {

enum class RedisLayout : uint8_t { Feast, Hash, Connect };
/// Throws ConfigException.
RedisLayout parse_redis_layout(const std::string& name);

/// Changes with the features that the group is known to have had: whole rows are written, so that
/// those the plan does not have are removed. Used by one thread.
class RedisTable {
 public:
  RedisTable(const RowPlan& plan, const RedisOptions& options, RedisLayout layout);

  int64_t group_id() const noexcept { return group_id_; }
  /// What other groups cannot have at the same time.
  std::string owner_name() const;
  std::string view() const { return view_; }
  /// Glob of the keys of all rows; empty: they cannot be found. Of Feast, rows of other views are
  /// among them.
  std::string pattern() const;
  /// Names in the hash of features, and what goes with them.
  std::set<std::string> features() const;
  std::set<std::string> extras() const { return {time_field_, source_field_}; }
  void set_known(const std::set<std::string>& features);

  /// Appends the shape of kApplyScript.
  void append_shape(RedisArguments& out) const;
  struct Place {
    bool guarded =
        false;  // on a cluster: what was written from the same place is not written again
    std::string marker = {};  // key; empty: none
  };
  /// Key of the row, and its arguments from its operation on.
  Failure append_row(const RowChange& change, const Place& place, std::string& key,
                     RedisArguments& out);

 private:
  struct Column {
    size_t index = 0;  // in the plan
    std::string name = {};
  };
  bool append_key(const RowChange& change, std::string& key);
  Failure append_fields(const RowChange& change, const Place& place, RedisArguments& out);
  Failure append_columns(const RowChange& change);
  void append_time(const RowChange& change, RedisArguments& out) const;
  void field(std::string_view name, std::string_view value);

  RedisLayout layout_;
  int64_t group_id_;
  std::string name_;  // `<project>:<group>_<version>`
  std::string view_;
  std::string project_;  // of Feast
  std::string key_start_;
  std::optional<EntityKeys> entity_keys_;
  std::vector<size_t> key_fields_;  // in the plan, by index in the key
  std::string time_field_;
  std::string source_field_;
  std::vector<Column> columns_;
  std::vector<std::string> cleared_;  // by an upsert
  std::vector<std::string> all_;      // by a delete

  // Reused.
  std::vector<Cell> cells_;
  std::vector<Cell> key_cells_;
  std::vector<std::string> key_texts_;
  std::string value_;
  RedisArguments fields_;
};

}  // namespace millrace::feature_store

#pragma once
// The tables of a store: one for each feature group, with the schemas its rows were written with.

#include <map>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "connectors/feature_store/rocksdb/engine.h"

namespace millrace::feature_store {

/// Thread-safe.
class Tables {
 public:
  /// Reads those that are stored.
  explicit Tables(Engine& engine);

  /// Null: there is none.
  StoredTablePtr by_group(int64_t group_id) const;
  StoredTablePtr find(int64_t project_id, int64_t group_id) const;
  std::vector<StoredTablePtr> all() const;
  avro::SchemaPtr schema(int64_t schema_id) const;
  /// Tables of the project with the group's name and version and an older id: what a group that was made
  /// anew has left behind.
  std::vector<FeatureGroupPtr> predecessors(const FeatureGroup& group) const;

  /// Makes the table, or adds the plan's schema. Throws DataException for another primary key, and for another
  /// schema under an id that has rows; and as Engine::write.
  void prepare(const RowPlan& plan);
  /// Forgets the table and its rows. Null: there was none.
  StoredTablePtr drop(int64_t project_id, int64_t group_id);

 private:
  using Identity = std::pair<int64_t, int64_t>;  // project, group

  void load_table(uint32_t id, std::string_view text);
  void load_plan(std::string_view rest, std::string_view text);
  StoredTablePtr make(const RowPlan& plan, rocksdb::WriteBatch& batch);
  StoredTablePtr extend(const StoredTable& table, const RowPlan& plan, rocksdb::WriteBatch& batch) const;
  void put_table(const StoredTable& table, rocksdb::WriteBatch& batch) const;

  Engine& engine_;
  mutable std::shared_mutex mutex_;
  uint32_t next_id_ = 1;
  std::map<Identity, std::shared_ptr<const StoredTable>> tables_;
  std::map<int64_t, StoredTablePtr> by_group_;
  std::map<uint32_t, std::shared_ptr<StoredTable>> loading_;  // in the constructor only
};

}  // namespace millrace::feature_store

#pragma once
// The plan that reads a record's row, by what its headers say.

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "connectors/feature_store/metadata/catalog_source.h"
#include "connectors/feature_store/metadata/schema_source.h"
#include "connectors/feature_store/store/online_store.h"

namespace millrace::feature_store {

/// Of one group and schema: a plan, or why there is none.
struct PlanEntry {
  RowPlanPtr plan;            // null: `failure`, unless the group is not online
  bool is_offline = false;    // the group has no online table
  Failure failure = {};
  std::string text = {};  // of the failure
  int64_t ttl_us = 0;     // 0: none
  std::chrono::steady_clock::time_point look_again = {};  // of failures
};

/// Task thread only. Entries live until refresh().
class PlanCache {
 public:
  static constexpr size_t kMaxEntries = 100'000;
  /// A failure is believed for so long.
  static constexpr std::chrono::seconds kFailureAge{2};

  /// All outlive this.
  PlanCache(CatalogSource& catalog, SchemaSource& schemas, OnlineStore& store)
      : catalog_(catalog), schemas_(schemas), store_(store) {}

  /// Cheap for repeats. `topic` is where the record was. Asks the sources, and prepares the store's table, for
  /// what is new: blocks then, and throws RetriableException for what may pass.
  const PlanEntry& find(int64_t project_id, int64_t group_id, int64_t schema_id, std::string_view topic) {
    if (last_ != nullptr && last_group_ == group_id && last_schema_ == schema_id && last_->plan) return *last_;
    return find_slow(project_id, group_id, schema_id, topic);
  }
  /// Of rows without headers: by the newest schema that the group gives itself, or the one its features make.
  const PlanEntry& find_plain(int64_t group_id, std::string_view topic) {
    return find(0, group_id, kGroupsOwn, topic);
  }
  /// The only group that says its rows come on this topic; kNoId: none, or several.
  int64_t group_of_topic(std::string_view topic) const;
  /// Between batches. Forgets what a new catalog may have changed; drops tables of groups that are gone.
  void refresh();

 private:
  static constexpr int64_t kGroupsOwn = std::numeric_limits<int64_t>::min();  // in place of a schema's id

  struct Key {
    int64_t group;
    int64_t schema;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const noexcept {
      return std::hash<int64_t>{}(key.group * 1'000'003 + key.schema);
    }
  };

  const PlanEntry& find_slow(int64_t project_id, int64_t group_id, int64_t schema_id, std::string_view topic);
  PlanEntry make(int64_t project_id, int64_t group_id, int64_t schema_id, std::string_view topic);
  PlanEntry plan(const FeatureGroupPtr& group, int64_t schema_id, avro::SchemaPtr schema);
  PlanEntry plan_own(const FeatureGroupPtr& group);
  void drop_deleted();

  CatalogSource& catalog_;
  SchemaSource& schemas_;
  OnlineStore& store_;
  std::unordered_map<Key, PlanEntry, KeyHash> entries_;
  std::unordered_map<int64_t, int64_t> dropped_;  // group -> project: their tables are gone
  uint64_t generation_ = 0;
  const PlanEntry* last_ = nullptr;
  int64_t last_group_ = 0;
  int64_t last_schema_ = 0;
};

}  // namespace millrace::feature_store

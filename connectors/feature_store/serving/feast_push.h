#pragma once
// `/push` of Feast: rows that come by HTTP, not by a topic.

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/feature_store/serving/feast_lookup.h"
#include "connectors/feature_store/serving/workspace.h"
#include "connectors/feature_store/wire/cell_parse.h"

namespace millrace::feature_store {

/// Used by one thread.
class FeastPusher {
 public:
  explicit FeastPusher(Workspace& work) : work_(work) {}

  /// All rows or none. Throws RequestError, and what the store throws.
  void push(const Call& call);

 private:
  struct Row {
    std::string key = {};
    std::string bytes = {};
    bool has_event_time = false;
    int64_t event_time_us = 0;
  };

  RowPlanPtr plan_of(const FeatureGroupPtr& group, bool& is_new) const;
  void map_columns(const FeastView& view, const RowPlan& plan);
  void encode_row(const RowEncoder& encoder, const RowPlan& plan, size_t at, Row& row);
  void read_event_time(const RowPlan& plan, size_t at, Row& row);
  void apply(const RowPlan& plan, bool is_new);

  Workspace& work_;
  EntityColumns frame_;
  std::vector<const EntityColumns::Column*> columns_;  // by field; null: no such column
  const EntityColumns::Column* event_time_ = nullptr;
  std::vector<std::string> texts_;  // by field
  std::vector<Row> rows_;
};

}  // namespace millrace::feature_store

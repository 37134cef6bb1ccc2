#pragma once
// Rows of records without headers: bare Avro, or what a converter made of them (feature-store-sink.md §6, step 1).

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/feature_store/sink/plan_cache.h"
#include "connectors/feature_store/wire/cell_parse.h"
#include "connectors/feature_store/wire/headers.h"
#include "millrace/arena.h"
#include "millrace/record.h"

namespace millrace::feature_store {

/// Feature groups by topic.
using TopicGroups = std::map<std::string, int64_t, std::less<>>;

/// Task thread only; memory is kept and reused.
class PlainRows {
 public:
  struct Row {
    std::string_view bytes = {};  // Avro; valid until begin()
    bool is_delete = false;
  };

  /// `plans` outlives this.
  PlainRows(const PlanCache& plans, TopicGroups groups) : plans_(plans), groups_(std::move(groups)) {}

  /// Forgets the rows of the batch before.
  void begin();
  /// The group of the records of a topic: the configuration's, else the only one in the catalog that has this
  /// topic. kNoId: none.
  int64_t group_of(std::string_view topic);
  /// Bytes are a row as it is. Fields of a struct or map go to the columns of their names, and columns without a
  /// field are null. Null is a delete of the row that the record's key names: a struct or map, or the value
  /// itself where the primary key is one column.
  Failure read(const RowPlanPtr& plan, const Record& record, Row& out);
  /// Fields since begin() that are no column.
  uint64_t unknown_fields() const noexcept { return unknown_fields_; }

 private:
  static constexpr uint32_t kUnknown = UINT32_MAX;

  void use(const RowPlanPtr& plan);
  Failure read_object(const Value& object, bool key_only);
  Failure read_key(const Value& key);
  Failure read_field(size_t position, std::string_view name, const Value& value, bool key_only);
  Failure read_cell(uint32_t field, const Value& value);
  uint32_t column_of(size_t position, std::string_view name);

  const PlanCache& plans_;
  const TopicGroups groups_;
  std::string topic_;         // of the last group_of()
  int64_t group_ = kNoId;
  bool knows_topic_ = false;
  std::optional<RowEncoder> encoder_;
  std::vector<Cell> cells_;           // of the plan's fields
  std::vector<std::string> nested_;   // bytes of complex ones
  std::vector<uint32_t> columns_;     // by position of a field in the record before
  std::string row_;
  Arena arena_;  // rows, and what cells point into
  uint64_t unknown_fields_ = 0;
};

}  // namespace millrace::feature_store

#pragma once
// ReplaceField: leaves fields out or renames them (connect-data.md §4).

#include <string>
#include <utility>
#include <vector>

#include "connectors/transforms/struct_edit.h"

namespace millrace::transforms {

class ReplaceField {
 public:
  static const ConfigDefinition& definition();
  void configure(const Properties& config);
  bool apply(RecordBatch& batch, Record& record, SchemaAndValue& side, Failure& failure);

 private:
  struct Source {
    uint32_t index;
    bool check;           // the schemas differ: see derive()
    std::string missing;  // name of the field there is none of
  };
  struct Plan {
    SchemaPtr schema;
    std::vector<Source> sources;  // of each field of `schema`
  };

  bool keeps(std::string_view name) const noexcept {
    return !exclude_.contains(name) && (include_.empty() || include_.contains(name));
  }
  Plan derive(const Schema& schema) const;
  bool apply_schemaless(SchemaAndValue& side, Arena& arena, Failure& failure);
  bool apply_with_schema(SchemaAndValue& side, RecordBatch& batch, Failure& failure);

  NameSet exclude_;
  NameSet include_;
  std::vector<std::pair<std::string, std::string>> renames_;  // old and new; old ones are unique
  bool replace_null_ = true;
  PlanCache<Plan> schemas_;
  JavaMapOrder order_;
};

}  // namespace millrace::transforms

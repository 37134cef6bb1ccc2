#pragma once
// Cast: fields, or the whole key or value, of another type (connect-data.md §4).

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectors/transforms/struct_edit.h"

namespace millrace::transforms {

class Cast {
 public:
  static const ConfigDefinition& definition();
  void configure(const Properties& config);
  bool apply(RecordBatch& batch, Record& record, SchemaAndValue& side, Failure& failure);

 private:
  struct Plan {
    SchemaPtr schema;
    std::vector<Type> targets;  // of each field; Null: as it is
  };

  Type target_of(std::string_view field) const noexcept;
  Plan derive(const Schema& schema) const;
  bool apply_schemaless(SchemaAndValue& side, Arena& arena, Failure& failure);
  bool apply_struct(const Plan& plan, SchemaAndValue& side, Arena& arena, Failure& failure);

  std::vector<std::pair<std::string, Type>> casts_;  // names are unique
  std::optional<Type> whole_;                        // type of the entire key or value
  bool replace_null_ = true;
  PlanCache<Plan> schemas_;
  JavaMapOrder order_;
};

}  // namespace millrace::transforms

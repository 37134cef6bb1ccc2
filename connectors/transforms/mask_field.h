#pragma once
// MaskField: fields become empty, or a given replacement (connect-data.md §4).

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "connectors/transforms/struct_edit.h"

namespace millrace::transforms {

class MaskField {
 public:
  static const ConfigDefinition& definition();
  void configure(const Properties& config);
  bool apply(RecordBatch& batch, Record& record, SchemaAndValue& side, Failure& failure);

 private:
  using Plan = std::vector<bool>;  // whether a field is masked, by index

  void convert_replacement();
  bool mask(const Value& value, Value& out, Arena& arena, Failure& failure) const;
  bool replace(const Value& value, Value& out, Arena& arena, Failure& failure) const;

  std::vector<std::string> fields_;
  std::optional<std::string> replacement_;
  /// The replacement as each numeric type, Null for the others and when it is no number.
  std::array<Value, static_cast<size_t>(Type::Date) + 1> numbers_;
  bool replace_null_ = true;
  PlanCache<Plan> plans_;
  JavaMapOrder order_;
};

}  // namespace millrace::transforms

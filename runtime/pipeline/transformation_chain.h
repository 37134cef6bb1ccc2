#pragma once
// The transformations of one task, in order, each with its optional predicate (connect-data.md §4).

#include <memory>
#include <string>
#include <vector>

#include "millrace/transformation.h"
#include "runtime/pipeline/error_handling.h"

namespace millrace {

struct TransformationStage {
  std::string class_name;
  std::unique_ptr<Transformation> transformation;
  std::unique_ptr<Predicate> predicate;  // null: applies to all rows
  bool negate = false;
};

/// Task thread only.
class TransformationChain {
 public:
  void add(TransformationStage stage) { stages_.push_back(std::move(stage)); }
  bool empty() const noexcept { return stages_.empty(); }
  /// Applies every stage to the live rows that match its predicate.
  void apply(RecordBatch& batch, ErrorHandler& errors);

 private:
  void select_rows(RecordBatch& batch, const TransformationStage& stage);

  std::vector<TransformationStage> stages_;
  RowSet rows_;
};

}  // namespace millrace

#pragma once
// The transformations of one task, in order, each with its optional predicate (connect-data.md §4).

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "millrace/transformation.h"
#include "runtime/pipeline/error_handling.h"

namespace millrace {

struct TransformationStage {
  std::string alias;  // in `transforms`
  std::string class_name;
  std::unique_ptr<Transformation> transformation;
  std::unique_ptr<Predicate> predicate;  // null: applies to all rows
  bool negate = false;
};

/// Task thread only.
class TransformationChain {
 public:
  /// Called after a stage has worked on the batch.
  using Listener = std::function<void(const TransformationStage&, const RecordBatch&)>;

  void add(TransformationStage stage) { stages_.push_back(std::move(stage)); }
  void set_listener(Listener listener) { listener_ = std::move(listener); }
  bool empty() const noexcept { return stages_.empty(); }
  /// Applies every stage to the live rows that match its predicate.
  void apply(RecordBatch& batch, ErrorHandler& errors);

 private:
  void select_rows(RecordBatch& batch, const TransformationStage& stage);

  std::vector<TransformationStage> stages_;
  Listener listener_;  // may be empty
  RowSet rows_;
};

}  // namespace millrace

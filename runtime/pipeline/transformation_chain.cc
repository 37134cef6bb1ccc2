#include "runtime/pipeline/transformation_chain.h"

namespace millrace {

void TransformationChain::select_rows(RecordBatch& batch, const TransformationStage& stage) {
  if (!stage.predicate) {
    batch.live_rows(rows_);
    return;
  }
  rows_.clear();
  for (uint32_t row = 0; row < batch.size(); ++row) {
    if (batch[row].state != RowState::Live) continue;
    try {
      if (stage.predicate->test(batch[row]) != stage.negate) rows_.push_back(row);
    } catch (...) {
      // In Java the predicate is a part of the transformation it guards.
      RowError error = current_row_error();
      error.stage = Stage::Transformation;
      error.class_name = stage.class_name;
      batch.reject(row, std::move(error));
    }
  }
}

void TransformationChain::apply(RecordBatch& batch, ErrorHandler& errors) {
  for (const TransformationStage& stage : stages_) {
    select_rows(batch, stage);
    if (rows_.empty()) continue;
    errors.run(
        batch, rows_, Stage::Transformation, stage.class_name,
        [&stage](RecordBatch& b, const RowSet& rows) { stage.transformation->apply(b, rows); });
    if (listener_) listener_(stage, batch);
  }
}

}  // namespace millrace

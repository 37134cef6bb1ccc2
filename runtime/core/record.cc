#include "millrace/record.h"

#include <algorithm>

namespace millrace {

std::string_view stage_name(Stage stage) noexcept {
  static constexpr std::string_view kNames[] = {
      "TASK_POLL",       "TASK_PUT",         "TRANSFORMATION", "KEY_CONVERTER",
      "VALUE_CONVERTER", "HEADER_CONVERTER", "KAFKA_PRODUCE",  "KAFKA_CONSUME"};
  return kNames[static_cast<size_t>(stage)];
}

void RecordBatch::reject(uint32_t row, RowError error) {
  Record& record = records_[row];
  record.state = RowState::Rejected;
  if (record.error_index != kNoError) {
    errors_[record.error_index] = std::move(error);
    return;
  }
  record.error_index = static_cast<uint32_t>(errors_.size());
  errors_.push_back(std::move(error));
}

void RecordBatch::live_rows(RowSet& out) const {
  out.clear();
  for (uint32_t row = 0; row < size(); ++row) {
    if (records_[row].state == RowState::Live) out.push_back(row);
  }
}

void RecordBatch::keep_slow(const SchemaPtr& schema) {
  // Few distinct schemas occur in a batch; a mixed batch must not grow this list per record.
  if (std::find(schemas_.begin(), schemas_.end(), schema) == schemas_.end()) {
    schemas_.push_back(schema);
  }
}

void RecordBatch::reset() noexcept {
  records_.clear();
  errors_.clear();
  resources_.clear();
  schemas_.clear();
  arena_.reset();
}

}  // namespace millrace

#include "connectors/feature_store/store/online_store.h"

namespace millrace::feature_store {

std::string_view row_status_name(RowStatus status) noexcept {
  switch (status) {
    case RowStatus::Upserted:
      return "UPSERTED";
    case RowStatus::Deleted:
      return "DELETED";
    case RowStatus::Ignored:
      return "IGNORED";
    case RowStatus::Failed:
      return "FAILED";
  }
  return "FAILED";
}

CounterSteps tally(const ApplyBatch& batch) {
  CounterSteps steps;
  // Records of one ingestion come together as a rule, so that most find their place here.
  std::array<int64_t*, kRowStatuses> last{};
  int64_t group = 0;
  int64_t ingestion = 0;
  for (const CountedRecord& one : batch.counted) {
    if (one.group_id != group || one.ingestion_id != ingestion) {
      last = {};
      group = one.group_id;
      ingestion = one.ingestion_id;
    }
    const RowStatus status =
        one.winner < 0 ? one.status : batch.changes[static_cast<size_t>(one.winner)].status;
    int64_t*& step = last[static_cast<size_t>(status)];
    if (step == nullptr) step = &steps[{group, ingestion, status}];
    ++*step;
  }
  return steps;
}

}  // namespace millrace::feature_store

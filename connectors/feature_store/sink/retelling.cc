#include "connectors/feature_store/sink/retelling.h"

#include <iterator>
#include <utility>

#include "connectors/support/record_place.h"

namespace millrace::feature_store {

bool Retelling::has(const Record& record) const {
  if (until_.empty()) return false;
  const auto at = until_.find(partition_of(record));
  return at != until_.end() && record.offset < raw(at->second);
}

uint32_t Retelling::end_of_run(const RecordBatch& batch, uint32_t begin, uint32_t end) const {
  if (until_.empty()) return end;
  const bool told_alone = has(batch[begin]);
  while (++begin < end && has(batch[begin]) == told_alone) {
  }
  return begin;
}

void Retelling::passed(const OffsetMap& next) {
  for (auto at = until_.begin(); at != until_.end();) {
    const auto offset = next.find(at->first);
    at = offset != next.end() && offset->second >= at->second ? until_.erase(at) : std::next(at);
  }
}

OffsetMap Retelling::of_done(OffsetMap offsets) const {
  for (const auto& [partition, until] : until_) offsets.erase(partition);
  return offsets;
}

}  // namespace millrace::feature_store

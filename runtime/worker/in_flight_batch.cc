#include "runtime/worker/in_flight_batch.h"

namespace millrace {

InFlightBatch* BatchPool::acquire() {
  if (free_.empty()) {
    if (all_.size() == limit_) return nullptr;
    all_.push_back(std::make_unique<InFlightBatch>(batch_rows_));
    return all_.back().get();
  }
  InFlightBatch* batch = free_.back();
  free_.pop_back();
  return batch;
}

void BatchPool::release(InFlightBatch* batch) {
  batch->recycle();
  free_.push_back(batch);
}

}  // namespace millrace

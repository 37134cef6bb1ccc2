#include "connectors/feature_store/rocksdb/stripes.h"

namespace millrace::feature_store {

Stripes::Guard::Guard(Stripes& stripes, std::span<const RowChange> changes, bool alone)
    : stripes_(stripes), alone_(alone) {
  for (const RowChange& change : changes) {
    taken_.set(std::hash<std::string_view>{}(change.key) % kCount);
  }
  lock();
}

Stripes::Guard::Guard(Stripes& stripes) : stripes_(stripes), alone_(true) {
  taken_.set();
  lock();
}

void Stripes::Guard::lock() {
  for (size_t i = 0; i < kCount; ++i) {
    if (!taken_.test(i)) continue;
    if (alone_) {
      stripes_.mutexes_[i].lock();
    } else {
      stripes_.mutexes_[i].lock_shared();
    }
  }
}

Stripes::Guard::~Guard() {
  for (size_t i = 0; i < kCount; ++i) {
    if (!taken_.test(i)) continue;
    if (alone_) {
      stripes_.mutexes_[i].unlock();
    } else {
      stripes_.mutexes_[i].unlock_shared();
    }
  }
}

}  // namespace millrace::feature_store

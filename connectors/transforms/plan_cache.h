#pragma once
// What a transformation derives from a schema, kept while records of that schema come.

#include <algorithm>
#include <array>
#include <utility>

#include "millrace/schema.h"

namespace millrace::transforms {

/// The `kCapacity` plans used last, found by the address of the schema they were made from, else
/// by equality. Holds the schemas, so that an address is not used again. Task thread only.
template <class Plan>
class PlanCache {
 public:
  static constexpr size_t kCapacity = 16;  // as Kafka's transformations keep

  /// The plan of `source`, from `derive(source)` when there is none. Valid until the next call.
  template <class Derive>
  const Plan& get(const Schema& source, const Derive& derive) {
    if (size_ > 0 && entries_[0].source.get() == &source) return entries_[0].plan;
    for (size_t i = 1; i < size_; ++i) {
      if (entries_[i].source.get() == &source) return to_front(i);
    }
    for (size_t i = 0; i < size_; ++i) {
      if (!(*entries_[i].source == source)) continue;
      entries_[i].source = source.shared_from_this();
      return to_front(i);
    }
    Entry made{source.shared_from_this(), derive(source)};
    if (size_ < kCapacity) ++size_;
    entries_[size_ - 1] = std::move(made);
    return to_front(size_ - 1);
  }

 private:
  struct Entry {
    SchemaPtr source;
    Plan plan;
  };
  const Plan& to_front(size_t index) {
    std::rotate(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(index),
                entries_.begin() + static_cast<std::ptrdiff_t>(index) + 1);
    return entries_[0].plan;
  }

  std::array<Entry, kCapacity> entries_{};
  size_t size_ = 0;
};

}  // namespace millrace::transforms

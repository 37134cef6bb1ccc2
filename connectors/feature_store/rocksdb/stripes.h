#pragma once
// Locks of keys: a row that is compared with the stored one must not change in between.

#include <array>
#include <bitset>
#include <functional>
#include <shared_mutex>
#include <span>

#include "connectors/feature_store/store/online_store.h"

namespace millrace::feature_store {

/// Thread-safe.
class Stripes {
 public:
  static constexpr size_t kCount = 256;

  /// Locks the stripes of the changes' keys, always in one order.
  class Guard {
   public:
    /// `alone`: nobody else is in them; else only nobody who is alone.
    Guard(Stripes& stripes, std::span<const RowChange> changes, bool alone);
    /// All of them, alone.
    explicit Guard(Stripes& stripes);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    void lock();

    Stripes& stripes_;
    std::bitset<kCount> taken_;
    bool alone_;
  };

 private:
  std::array<std::shared_mutex, kCount> mutexes_;
};

}  // namespace millrace::feature_store

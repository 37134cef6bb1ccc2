#pragma once
// The logger of the distributed herder, texts and waits of its parts.

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "runtime/metrics/log.h"

namespace millrace {

inline spdlog::logger& distributed_logger() {
  static auto& instance =
      logging::get("org.apache.kafka.connect.runtime.distributed.DistributedHerder");
  return instance;
}

/// Texts of connect-rest-api.md §4.
inline constexpr const char* kNoLeader =
    "Cannot complete request momentarily due to no known leader URL, likely because a rebalance was "
    "underway.";
inline constexpr const char* kStaleConfig =
    "Cannot complete request momentarily due to stale configuration (typically caused by a concurrent "
    "config change)";
inline constexpr int kConflict = 409;

/// `first`, doubled `times` times, at most `longest`.
inline std::chrono::milliseconds doubling(std::chrono::milliseconds first,
                                          std::chrono::milliseconds longest, uint32_t times) {
  constexpr uint32_t kMaxDoublings = 20;
  return std::min(first * (int64_t{1} << std::min(times, kMaxDoublings)), longest);
}

}  // namespace millrace

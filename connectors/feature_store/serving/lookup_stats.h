#pragma once
// Numbers of lookups (feature-store-sink.md §14): written by one thread each, read by any.

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/connector.h"

namespace millrace::feature_store {

/// Durations in buckets a quarter of a power of two wide: quantiles are at most 19% off.
class Durations {
 public:
  void add(int64_t micros) noexcept {
    const uint64_t value = micros < 0 ? 0 : static_cast<uint64_t>(micros);
    bump(buckets_[bucket_of(value)], 1);
    bump(count_, 1);
    bump(sum_, value);
  }
  void merge(const Durations& other) noexcept;
  uint64_t count() const noexcept { return count_.load(std::memory_order_relaxed); }
  double sum_seconds() const noexcept;
  /// Upper bound of the bucket that holds the quantile; 0 without durations.
  double quantile_seconds(double quantile) const noexcept;

 private:
  static constexpr size_t kBuckets = 4 * 64;
  static size_t bucket_of(uint64_t value) noexcept {
    if (value < 4) return static_cast<size_t>(value);
    const auto power = static_cast<size_t>(std::bit_width(value)) - 1;  // at least 2
    return 4 * (power - 1) + static_cast<size_t>((value >> (power - 2)) & 3U);
  }
  /// One writer: no need of a locked addition.
  static void bump(std::atomic<uint64_t>& counter, uint64_t by) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  std::array<std::atomic<uint64_t>, kBuckets> buckets_{};
  std::atomic<uint64_t> count_{0};
  std::atomic<uint64_t> sum_{0};
};

enum class ApiName : uint8_t {
  PkRead,
  Batch,
  Scan,
  FeatureStore,
  BatchFeatureStore,
  OnlineFeatures,
  Push
};
inline constexpr size_t kApiNames = 7;

enum class RowResult : uint8_t { Found, Missing, Expired, Failed };
inline constexpr size_t kRowResults = 4;

/// Of one thread.
class LookupStats {
 public:
  void request(ApiName api, int64_t micros) noexcept {
    seconds_[static_cast<size_t>(api)].add(micros);
  }
  void row(RowResult result) noexcept {
    auto& counter = results_[static_cast<size_t>(result)];
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  void served_age(int64_t micros) noexcept { ages_.add(micros); }

  /// What all threads counted, as SinkTaskContext::show_metrics takes it.
  static std::vector<TaskMetric> metrics(std::span<const LookupStats* const> threads,
                                         uint64_t ttl_filtered);

 private:
  std::array<Durations, kApiNames> seconds_;
  std::array<std::atomic<uint64_t>, kRowResults> results_{};
  Durations ages_;
};

}  // namespace millrace::feature_store

#pragma once
// Time from a record's timestamp to the end of the put() that took it, in fixed buckets.

#include <array>
#include <cstdint>
#include <string_view>

#include "runtime/metrics/metric_page.h"
#include "runtime/metrics/shared_cells.h"

namespace millrace {

/// A batch is counted in plain numbers on the task thread, then added to the shared ones.
class LatencyHistogram {
 public:
  /// Upper bounds in milliseconds; one more bucket has no bound.
  static constexpr std::array<int64_t, 15> kBoundsMs = {
      5,     10,    25,    50,     100,    250,    500,      1'000,
      2'500, 5'000, 10'000, 30'000, 60'000, 300'000, 1'800'000};

  /// The latencies of one batch. Rows of a batch are mostly of one time, so the bucket of the
  /// previous row is tried first.
  class Batch {
   public:
    explicit Batch(int64_t now_ms) : now_ms_(now_ms) {}
    void add(int64_t timestamp_ms) noexcept {
      const int64_t latency = timestamp_ms < now_ms_ ? now_ms_ - timestamp_ms : 0;
      if (latency > high_ || latency <= low_) find(latency);
      ++counts_[bucket_];
      sum_ms_ += latency;
      if (timestamp_ms > newest_ms_) newest_ms_ = timestamp_ms;
    }
    int64_t newest_ms() const noexcept { return newest_ms_; }

   private:
    friend class LatencyHistogram;
    void find(int64_t latency_ms) noexcept;

    int64_t now_ms_;
    int64_t low_ = 0;  // the bucket has latencies above this
    int64_t high_ = -1;  // up to this; at first none
    size_t bucket_ = 0;
    std::array<uint64_t, kBoundsMs.size() + 1> counts_{};
    int64_t sum_ms_ = 0;
    int64_t newest_ms_ = -1;
  };

  /// One writer.
  void add(const Batch& batch) noexcept;
  void write_to(MetricPage& page, std::string_view name, std::string_view help,
                std::string_view labels) const;

 private:
  std::array<Cell<uint64_t>, kBoundsMs.size() + 1> counts_;
  Cell<int64_t> sum_ms_;
};

}  // namespace millrace

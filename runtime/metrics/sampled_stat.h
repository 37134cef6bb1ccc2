#pragma once
// Rate, average, maximum and share over a sliding window, with the numbers of Kafka's
// common.metrics.stats (connect-tasks.md §8).

#include <cstdint>
#include <vector>

#include "runtime/metrics/shared_cells.h"

namespace millrace {

/// How far back windowed metrics look: `samples` periods of `sample_ms`
/// (metrics.num.samples, metrics.sample.window.ms).
struct MetricWindow {
  int64_t sample_ms = 30'000;
  int32_t samples = 2;
};

/// Events with a value, kept as sums of `samples` + 1 periods: the extra one, because the window
/// usually begins in the middle of a period. One writer; readers use a WriteVersion around it.
/// Times are milliseconds of one clock. Reading changes nothing, so it does not matter how often
/// somebody looks (in Kafka looking moves the beginning of periods that are over).
class SampledStat {
 public:
  /// Longest window: more samples or longer ones count as these.
  static constexpr int32_t kMaxSamples = 1'000;
  static constexpr int64_t kMaxSampleMs = int64_t{10} * 365 * 24 * 3'600 * 1'000;

  explicit SampledStat(const MetricWindow& window);

  void record(double value, int64_t now_ms) noexcept;

  /// NaN when the window is empty.
  double avg(int64_t now_ms) const noexcept;
  double max(int64_t now_ms) const noexcept;
  /// Sum of the values a second; 0 when the window is empty. Time before the first event counts as
  /// if nothing had happened in it. NaN for periods of 0 ms.
  double rate(int64_t now_ms) const noexcept;
  /// Of values that are 0 or 1, the share of those that are 1 and 0; 0 when the window is empty.
  double share_of_ones(int64_t now_ms) const noexcept;
  double share_of_zeros(int64_t now_ms) const noexcept;

 private:
  struct Sample {
    Cell<int64_t> start_ms;
    Cell<int64_t> last_ms;
    Cell<int64_t> count;
    Cell<double> sum;
    Cell<double> max;
  };
  struct Window {
    int64_t count = 0;
    double sum = 0;
    double max = 0;
    int64_t start_ms = 0;  // of the oldest sample
  };

  void begin(Sample& sample, int64_t now_ms) noexcept;
  Window window(int64_t now_ms) const noexcept;

  const MetricWindow config_;
  std::vector<Sample> samples_;
  Cell<uint32_t> used_;  // samples in use, from the front
  uint32_t current_ = 0;
};

}  // namespace millrace

#include "runtime/metrics/sampled_stat.h"

#include <algorithm>
#include <limits>

namespace millrace {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kMillisPerSecond = 1000.0;

MetricWindow bounded(const MetricWindow& window) {
  return {std::clamp<int64_t>(window.sample_ms, 0, SampledStat::kMaxSampleMs),
          std::clamp<int32_t>(window.samples, 1, SampledStat::kMaxSamples)};
}

}  // namespace

SampledStat::SampledStat(const MetricWindow& window)
    : config_(bounded(window)), samples_(static_cast<size_t>(config_.samples) + 1) {}

void SampledStat::begin(Sample& sample, int64_t now_ms) noexcept {
  sample.start_ms.set(now_ms);
  sample.last_ms.set(now_ms);
  sample.count.set(0);
  sample.sum.set(0);
  sample.max.set(-std::numeric_limits<double>::infinity());
}

void SampledStat::record(double value, int64_t now_ms) noexcept {
  if (used_.get() == 0) {
    begin(samples_.front(), now_ms);
    used_.set(1);
  } else if (now_ms - samples_[current_].start_ms.get() >= config_.sample_ms) {
    current_ = (current_ + 1) % static_cast<uint32_t>(samples_.size());
    begin(samples_[current_], now_ms);
    if (current_ == used_.get()) used_.add(1);
  }
  Sample& sample = samples_[current_];
  sample.count.add(1);
  sample.sum.add(value);
  sample.max.set(std::max(sample.max.get(), value));
  sample.last_ms.set(now_ms);
}

SampledStat::Window SampledStat::window(int64_t now_ms) const noexcept {
  Window window{0, 0, -std::numeric_limits<double>::infinity(), now_ms};
  const uint32_t used = used_.get();
  for (uint32_t i = 0; i < used; ++i) {
    const Sample& sample = samples_[i];
    // A sample counts as long as its last event is in the window. One that is over would begin
    // now, which is no earlier than any other.
    if (now_ms - sample.last_ms.get() >= config_.samples * config_.sample_ms) continue;
    window.count += sample.count.get();
    window.sum += sample.sum.get();
    window.max = std::max(window.max, sample.max.get());
    window.start_ms = std::min(window.start_ms, sample.start_ms.get());
  }
  return window;
}

double SampledStat::avg(int64_t now_ms) const noexcept {
  const Window seen = window(now_ms);
  return seen.count == 0 ? kNaN : seen.sum / static_cast<double>(seen.count);
}

double SampledStat::max(int64_t now_ms) const noexcept {
  const Window seen = window(now_ms);
  return seen.count == 0 ? kNaN : seen.max;
}

double SampledStat::rate(int64_t now_ms) const noexcept {
  if (config_.sample_ms == 0) return kNaN;
  const Window seen = window(now_ms);
  int64_t elapsed = now_ms - seen.start_ms;
  const int64_t missing = config_.samples - 1 - elapsed / config_.sample_ms;
  if (missing > 0) elapsed += missing * config_.sample_ms;
  return seen.sum / (static_cast<double>(std::max<int64_t>(elapsed, 1)) / kMillisPerSecond);
}

double SampledStat::share_of_ones(int64_t now_ms) const noexcept {
  const Window seen = window(now_ms);
  return seen.count == 0 ? 0 : seen.sum / static_cast<double>(seen.count);
}

double SampledStat::share_of_zeros(int64_t now_ms) const noexcept {
  const Window seen = window(now_ms);
  const auto count = static_cast<double>(seen.count);
  return seen.count == 0 ? 0 : (count - seen.sum) / count;
}

}  // namespace millrace

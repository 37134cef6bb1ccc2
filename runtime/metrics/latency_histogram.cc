#include "runtime/metrics/latency_histogram.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <limits>
#include <string>

namespace millrace {
namespace {

constexpr double kMillisPerSecond = 1000.0;

}  // namespace

void LatencyHistogram::Batch::find(int64_t latency_ms) noexcept {
  const auto at = std::lower_bound(kBoundsMs.begin(), kBoundsMs.end(), latency_ms);
  bucket_ = static_cast<size_t>(at - kBoundsMs.begin());
  low_ = bucket_ == 0 ? -1 : kBoundsMs[bucket_ - 1];
  high_ = at == kBoundsMs.end() ? std::numeric_limits<int64_t>::max() : *at;
}

void LatencyHistogram::add(const Batch& batch) noexcept {
  for (size_t i = 0; i < counts_.size(); ++i) {
    if (batch.counts_[i] != 0) counts_[i].add(batch.counts_[i]);
  }
  if (batch.sum_ms_ != 0) sum_ms_.add(batch.sum_ms_);
}

void LatencyHistogram::write_to(MetricPage& page, std::string_view name, std::string_view help,
                                std::string_view labels) const {
  const std::string prefix = labels.empty() ? std::string() : std::string(labels) + ",";
  uint64_t count = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    count += counts_[i].get();
    const std::string bound =
        i == kBoundsMs.size()
            ? "+Inf"
            : fmt::format("{}", static_cast<double>(kBoundsMs[i]) / kMillisPerSecond);
    page.add(name, "histogram", help, prefix + metric_labels({{"le", bound}}),
             static_cast<double>(count), "_bucket");
  }
  page.add(name, "histogram", help, labels, static_cast<double>(sum_ms_.get()) / kMillisPerSecond,
           "_sum");
  page.add(name, "histogram", help, labels, static_cast<double>(count), "_count");
}

}  // namespace millrace

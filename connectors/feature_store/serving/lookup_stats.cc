#include "connectors/feature_store/serving/lookup_stats.h"

namespace millrace::feature_store {
namespace {

constexpr double kMicros = 1e-6;
constexpr std::array<std::string_view, kApiNames> kNames{
    "pk-read", "batch", "scan", "feature_store", "batch_feature_store", "get-online-features",
    "push"};
constexpr std::array<std::string_view, kRowResults> kResults{"found", "missing", "expired",
                                                             "failed"};

using Labels = std::vector<std::pair<std::string, std::string>>;

void show(std::vector<TaskMetric>& out, const std::string& name, const std::string& help,
          const Labels& labels, const Durations& durations) {
  for (const auto& [quantile, text] : {std::pair(0.5, "0.5"), std::pair(0.99, "0.99")}) {
    Labels with = labels;
    with.emplace_back("quantile", text);
    out.push_back(
        {name, help, TaskMetric::Kind::Gauge, with, durations.quantile_seconds(quantile)});
  }
  out.push_back({name + "_count", help + ": how many", TaskMetric::Kind::Counter, labels,
                 static_cast<double>(durations.count())});
  out.push_back({name + "_sum", help + ": all together", TaskMetric::Kind::Counter, labels,
                 durations.sum_seconds()});
}

}  // namespace

void Durations::merge(const Durations& other) noexcept {
  for (size_t i = 0; i < kBuckets; ++i)
    bump(buckets_[i], other.buckets_[i].load(std::memory_order_relaxed));
  bump(count_, other.count());
  bump(sum_, other.sum_.load(std::memory_order_relaxed));
}

double Durations::sum_seconds() const noexcept {
  return static_cast<double>(sum_.load(std::memory_order_relaxed)) * kMicros;
}

double Durations::quantile_seconds(double quantile) const noexcept {
  uint64_t total = 0;
  for (const auto& bucket : buckets_) total += bucket.load(std::memory_order_relaxed);
  if (total == 0) return 0;
  const auto wanted = static_cast<uint64_t>(quantile * static_cast<double>(total - 1));
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i].load(std::memory_order_relaxed);
    if (seen <= wanted) continue;
    if (i < 4) return static_cast<double>(i) * kMicros;
    const size_t power = i / 4 + 1;
    const double step = static_cast<double>(uint64_t{1} << (power - 2));
    return (4.0 + static_cast<double>(i % 4) + 1.0) * step * kMicros;
  }
  return 0;
}

std::vector<TaskMetric> LookupStats::metrics(std::span<const LookupStats* const> threads,
                                             uint64_t ttl_filtered) {
  std::vector<TaskMetric> out;
  for (size_t api = 0; api < kApiNames; ++api) {
    Durations all;
    for (const LookupStats* thread : threads) all.merge(thread->seconds_[api]);
    show(out, "fs_lookup_seconds", "Time from a whole request to its answer",
         {{"api", std::string(kNames[api])}}, all);
  }
  for (size_t result = 0; result < kRowResults; ++result) {
    uint64_t count = 0;
    for (const LookupStats* thread : threads) {
      count += thread->results_[result].load(std::memory_order_relaxed);
    }
    out.push_back({"fs_lookup_results_total",
                   "Rows looked up, by what became of them",
                   TaskMetric::Kind::Counter,
                   {{"status", std::string(kResults[result])}},
                   static_cast<double>(count)});
  }
  Durations ages;
  for (const LookupStats* thread : threads) ages.merge(thread->ages_);
  show(out, "fs_served_age_seconds", "Time since the event of a served row", {}, ages);
  out.push_back({"fs_ttl_filtered_total",
                 "Expired rows that reads passed over",
                 TaskMetric::Kind::Counter,
                 {},
                 static_cast<double>(ttl_filtered)});
  return out;
}

}  // namespace millrace::feature_store

#include "runtime/metrics/latency_histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace millrace {
namespace {

using testing::HasSubstr;

constexpr int64_t kNow = 1'000'000'000;

std::string text(const LatencyHistogram& histogram) {
  MetricPage page(MetricNames::Jmx);
  histogram.write_to(page, "h", "H.", metric_labels({{"task", "0"}}));
  return page.text();
}

TEST(LatencyHistogram, BoundsBelongToTheirBucket) {
  LatencyHistogram::Batch batch(kNow);
  for (const int64_t latency : {0, 5, 6, 10, 11, 1'800'000, 1'800'001}) batch.add(kNow - latency);
  batch.add(kNow + 50);  // a clock ahead of this one
  LatencyHistogram histogram;
  histogram.add(batch);
  const std::string page = text(histogram);
  EXPECT_THAT(page, HasSubstr("# TYPE h histogram\n"));
  EXPECT_THAT(page, HasSubstr("h_bucket{task=\"0\",le=\"0.005\"} 3\n"));
  EXPECT_THAT(page, HasSubstr("h_bucket{task=\"0\",le=\"0.01\"} 5\n"));
  EXPECT_THAT(page, HasSubstr("h_bucket{task=\"0\",le=\"0.025\"} 6\n"));
  EXPECT_THAT(page, HasSubstr("h_bucket{task=\"0\",le=\"1800\"} 7\n"));
  EXPECT_THAT(page, HasSubstr("h_bucket{task=\"0\",le=\"+Inf\"} 8\n"));
  EXPECT_THAT(page, HasSubstr("h_sum{task=\"0\"} 3600.033\n"));
  EXPECT_THAT(page, HasSubstr("h_count{task=\"0\"} 8\n"));
  EXPECT_EQ(batch.newest_ms(), kNow + 50);
}

TEST(LatencyHistogram, TheOrderOfRecordsDoesNotMatter) {
  const uint64_t seed = std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  std::mt19937_64 random(seed);
  std::vector<int64_t> timestamps;
  for (int i = 0; i < 5'000; ++i) {
    timestamps.push_back(kNow - static_cast<int64_t>(random() % (uint64_t{1} << (random() % 22))));
  }
  LatencyHistogram shuffled;
  LatencyHistogram sorted;
  LatencyHistogram::Batch first(kNow);
  for (const int64_t timestamp : timestamps) first.add(timestamp);
  shuffled.add(first);
  std::sort(timestamps.begin(), timestamps.end());
  for (const int64_t timestamp : timestamps) {
    LatencyHistogram::Batch one(kNow);
    one.add(timestamp);
    sorted.add(one);
  }
  EXPECT_EQ(text(shuffled), text(sorted)) << "seed " << seed;
}

}  // namespace
}  // namespace millrace

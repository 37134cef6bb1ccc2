#include "runtime/metrics/sampled_stat.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <random>
#include <thread>
#include <vector>

namespace millrace {
namespace {

constexpr MetricWindow kWindow{1'000, 2};

TEST(SampledStat, EmptyWindowIsNotANumberButRatesAndSharesAreZero) {
  const SampledStat stat(kWindow);
  EXPECT_TRUE(std::isnan(stat.avg(5)));
  EXPECT_TRUE(std::isnan(stat.max(5)));
  EXPECT_EQ(stat.rate(5), 0);
  EXPECT_EQ(stat.share_of_ones(5), 0);
  EXPECT_EQ(stat.share_of_zeros(5), 0);
}

TEST(SampledStat, RateCountsTimeBeforeTheFirstEventAsQuiet) {
  SampledStat stat(kWindow);
  stat.record(10, 100);
  // 0 ms since the first event and one period before it.
  EXPECT_DOUBLE_EQ(stat.rate(100), 10);
  EXPECT_DOUBLE_EQ(stat.rate(600), 10 / 1.5);
  stat.record(20, 1'100);
  EXPECT_DOUBLE_EQ(stat.rate(1'600), 30 / 1.5);
}

TEST(SampledStat, EventsLeaveWithTheirPeriod) {
  SampledStat stat(kWindow);
  stat.record(7, 0);
  stat.record(3, 999);
  stat.record(1, 1'000);
  EXPECT_EQ(stat.max(2'998), 7);
  EXPECT_EQ(stat.max(2'999), 1);  // 2000 ms after the last event of the first period
  EXPECT_TRUE(std::isnan(stat.max(3'000)));
}

TEST(SampledStat, SharesAreOfTheWindowAndNotOfALifetime) {
  SampledStat stat(kWindow);
  stat.record(0, 0);
  stat.record(1, 1'500);
  EXPECT_DOUBLE_EQ(stat.share_of_ones(1'500), 0.5);
  EXPECT_DOUBLE_EQ(stat.share_of_zeros(1'500), 0.5);
  EXPECT_DOUBLE_EQ(stat.share_of_ones(2'500), 1);
  EXPECT_DOUBLE_EQ(stat.share_of_zeros(2'500), 0);
}

TEST(SampledStat, LookingChangesNothing) {
  const uint64_t seed = std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  std::mt19937_64 random(seed);
  SampledStat watched(kWindow);
  SampledStat alone(kWindow);
  int64_t now = 0;
  for (int i = 0; i < 2'000; ++i) {
    now += static_cast<int64_t>(random() % (i % 50 == 0 ? 5'000 : 300));
    const auto value = static_cast<double>(random() % 100);
    watched.record(value, now);
    alone.record(value, now);
    for (int64_t ahead = 0; ahead < 4'000; ahead += 1 + static_cast<int64_t>(random() % 900)) {
      (void)watched.rate(now + ahead);
      (void)watched.avg(now + ahead);
    }
    ASSERT_EQ(watched.rate(now), alone.rate(now)) << "seed " << seed << " event " << i;
    ASSERT_EQ(watched.avg(now), alone.avg(now)) << "seed " << seed << " event " << i;
    ASSERT_EQ(watched.max(now), alone.max(now)) << "seed " << seed << " event " << i;
  }
}

TEST(SampledStat, ExtremeWindowsAreBounded) {
  SampledStat none({0, 2});
  none.record(1, 5);
  EXPECT_TRUE(std::isnan(none.rate(5)));
  SampledStat huge({INT64_MAX, INT32_MAX});
  huge.record(3, 5);
  EXPECT_EQ(huge.max(1'000'000), 3);
  EXPECT_GT(huge.rate(1'000'000), 0);
  SampledStat small({-5, 0});
  small.record(3, 5);
  EXPECT_TRUE(std::isnan(small.max(6)));
}

TEST(WriteVersion, ReadersSeeWritesThatBelongTogether) {
  WriteVersion version;
  SampledStat first(kWindow);
  SampledStat second(kWindow);
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; i < 200'000; ++i) {
      const WriteVersion::Section section(version);
      first.record(i, i / 50);
      second.record(-i, i / 50);
    }
    done = true;
  });
  int looks = 0;
  int torn = 0;
  do {
    double a = 0;
    double b = 0;
    const int64_t now = 200'000 / 50;
    version.read([&] {
      a = first.rate(now);
      b = second.rate(now);
    });
    ++looks;
    torn += a == -b ? 0 : 1;
  } while (!done);
  writer.join();
  // A reader that was unlucky in every attempt may see parts; it must be the rare exception.
  EXPECT_LE(torn, 1 + looks / 20) << "of " << looks;
}

}  // namespace
}  // namespace millrace

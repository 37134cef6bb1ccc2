#include "runtime/herder/auto_restart.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

using Millis = std::chrono::milliseconds;

const ConnectorTaskId kTask{"a", 0};

TEST(AutoRestartTest, IsOffByDefault) {
  AutoRestart restarts;
  EXPECT_FALSE(restarts.next(kTask, "broke", {}, Millis{0}));
  EXPECT_FALSE(AutoRestartOptions::def().parse({}).enable);
}

TEST(AutoRestartTest, WaitsTwiceAsLongEachTimeUpToTheLimit) {
  AutoRestart restarts;
  const AutoRestartOptions options{.enable = true, .backoff_ms = 100, .backoff_max_ms = 350};
  for (const int64_t wait : {100, 200, 350, 350}) {
    EXPECT_EQ(restarts.next(kTask, "broke", options, Millis{0}), Millis{wait});
  }
  restarts.forget(kTask);
  EXPECT_EQ(restarts.next(kTask, "broke", options, Millis{0}), Millis{100});
  restarts.forget("a");
  EXPECT_EQ(restarts.next(kTask, "broke", options, Millis{0}), Millis{100});
}

TEST(AutoRestartTest, AttemptsCountWithinAWindow) {
  AutoRestart restarts;
  const AutoRestartOptions options{.enable = true, .max_attempts = 2, .window_ms = 1'000};
  EXPECT_TRUE(restarts.next(kTask, "broke", options, Millis{0}));
  EXPECT_TRUE(restarts.next(kTask, "broke", options, Millis{500}));
  EXPECT_FALSE(restarts.next(kTask, "broke", options, Millis{999}));
  EXPECT_TRUE(restarts.next({"a", 1}, "broke", options, Millis{999}));
  EXPECT_TRUE(restarts.next(kTask, "broke", options, Millis{1'000}));
  EXPECT_FALSE(restarts.next(kTask, "broke", options, Millis{1'001}));
}

TEST(AutoRestartTest, GoesByTheClassOfTheErrorOrOfACause) {
  const std::string trace =
      "org.apache.kafka.connect.errors.ConnectException: it broke\n\tat somewhere\n"
      "Caused by: org.apache.kafka.common.errors.TimeoutException: late\n";
  EXPECT_TRUE(is_restartable(trace, {}));
  EXPECT_TRUE(is_restartable(trace, {"org.apache.kafka.connect.errors.ConnectException"}));
  EXPECT_TRUE(is_restartable(trace, {"x", "org.apache.kafka.common.errors.TimeoutException"}));
  EXPECT_FALSE(is_restartable(trace, {"ConnectException"}));
  EXPECT_FALSE(is_restartable("", {"x"}));
}

}  // namespace
}  // namespace millrace

#include "runtime/metrics/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "millrace/log.h"

namespace millrace {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

class LogTest : public ::testing::Test {
 protected:
  LogTest() {
    logging::set_line_writer([this](std::string_view line) { lines_.emplace_back(line); });
  }
  ~LogTest() override {
    logging::set_line_writer(nullptr);
    logging::set_level("root", "INFO", 0);
    logging::set_level("org.reflections", "ERROR", 0);
  }
  std::vector<std::string> lines_;  // written under the lock of the sink
};

constexpr const char* kDate =
    "\\[[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]{3}\\] ";

TEST_F(LogTest, LinesHaveTheFormatOfKafka) {
  logging::get("org.example.Format").info("started {} tasks", 2);
  ASSERT_THAT(lines_, SizeIs(1));
  EXPECT_THAT(lines_[0],
              MatchesRegex(std::string(kDate) + "INFO started 2 tasks \\(org.example.Format\\)\n"));
}

TEST_F(LogTest, KnownSourceLinesAreShown) {
  auto& logger = logging::get("org.example.Source");
  logger.log(spdlog::source_loc{"x.cc", 42, "f"}, spdlog::level::warn, "careful");
  ASSERT_THAT(lines_, SizeIs(1));
  EXPECT_THAT(lines_[0], HasSubstr("] WARN careful (org.example.Source:42)\n"));
}

TEST_F(LogTest, ContextsNestAndBelongToTheirThread) {
  auto& logger = logging::get("org.example.Context");
  {
    const logging::Context outer("[orders|worker] ");
    {
      const logging::Context inner("[orders|task-0] ");
      logger.info("a");
    }
    logger.info("b");
    std::thread([&] { logger.info("c"); }).join();
  }
  logger.info("d");
  ASSERT_THAT(lines_, SizeIs(4));
  EXPECT_THAT(lines_[0], HasSubstr("INFO [orders|task-0] a ("));
  EXPECT_THAT(lines_[1], HasSubstr("INFO [orders|worker] b ("));
  EXPECT_THAT(lines_[2], HasSubstr("INFO c ("));
  EXPECT_THAT(lines_[3], HasSubstr("INFO d ("));
}

TEST_F(LogTest, LevelsAreInheritedAlongDots) {
  logging::get("inherit.a");
  logging::set_level("inherit.a", "ERROR", 5);
  EXPECT_EQ(logging::get("inherit.a.deeper.one").level(), spdlog::level::err);
  EXPECT_EQ(logging::get("inherit.ab").level(), spdlog::level::info);
  EXPECT_EQ(logging::level("inherit.a.deeper.one")->level, "ERROR");
  EXPECT_EQ(logging::level("inherit.a.deeper.one")->last_modified, std::nullopt);
}

TEST_F(LogTest, ListHasExplicitLevelsAndRootOnly) {
  logging::get("list.quiet");
  const auto levels = logging::levels();
  EXPECT_EQ(levels.at("root").level, "INFO");
  EXPECT_EQ(levels.at("org.reflections").level, "ERROR");
  EXPECT_FALSE(levels.contains("list.quiet"));
}

TEST_F(LogTest, SetAppliesToAPlainPrefixAndCreatesTheName) {
  logging::get("prefix.connect.Worker");
  logging::get("prefix.connectx.Other");
  logging::get("prefix.con");
  EXPECT_THAT(logging::set_level("prefix.connect", "debug", 17),
              ElementsAre("prefix.connect", "prefix.connect.Worker", "prefix.connectx.Other"));
  EXPECT_EQ(logging::get("prefix.connectx.Other").level(), spdlog::level::debug);
  EXPECT_EQ(logging::get("prefix.con").level(), spdlog::level::info);
  EXPECT_EQ(logging::level("prefix.connect")->level, "DEBUG");
  EXPECT_EQ(logging::level("prefix.connect")->last_modified, 17);
}

TEST_F(LogTest, AnUnchangedLevelKeepsItsTime) {
  logging::set_level("same.level", "TRACE", 10);
  logging::set_level("same.level", "TRACE", 20);
  EXPECT_EQ(logging::level("same.level")->last_modified, 10);
}

TEST_F(LogTest, RootIsCaseInsensitiveAndAppliesToAll) {
  logging::set_level("all.loud", "ERROR", 1);
  EXPECT_THAT(logging::set_level("ROOT", "WARN", 2), Contains("all.loud"));
  EXPECT_EQ(logging::level("Root")->level, "WARN");
  EXPECT_EQ(logging::level("all.loud")->level, "WARN");
  EXPECT_EQ(logging::get("all.new").level(), spdlog::level::warn);
}

TEST_F(LogTest, UnknownNamesAndLevelsAreReported) {
  EXPECT_EQ(logging::level("never.used"), std::nullopt);
  EXPECT_THAT(logging::set_level("never.used", "LOUD", 1), IsEmpty());
  EXPECT_EQ(logging::level("never.used"), std::nullopt);
}

TEST_F(LogTest, EveryLevelNameIsAccepted) {
  for (const char* name : {"OFF", "FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE", "ALL"}) {
    EXPECT_THAT(logging::set_level("names.each", name, 1), Not(IsEmpty()));
    EXPECT_EQ(logging::level("names.each")->level, name);
  }
  logging::set_level("names.each", "OFF", 1);
  logging::get("names.each").critical("hidden");
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(LogTest, PluginsLogHereAndTheEnvironmentSetsTheRoot) {
  ::setenv(logging::kLevelVariable, "warn", 1);
  logging::initialise();
  log(LogLevel::Info, "org.example.Plugin", "quiet {}");
  log(LogLevel::Error, "org.example.Plugin", "loud {}");
  ::unsetenv(logging::kLevelVariable);
  ASSERT_THAT(lines_, SizeIs(1));
  EXPECT_THAT(lines_[0], HasSubstr("ERROR loud {} (org.example.Plugin)\n"));
}

TEST_F(LogTest, ABadLevelInTheEnvironmentIsReported) {
  ::setenv(logging::kLevelVariable, "chatty", 1);
  logging::initialise();
  ::unsetenv(logging::kLevelVariable);
  ASSERT_THAT(lines_, SizeIs(1));
  EXPECT_THAT(lines_[0], HasSubstr("WARN Ignoring MILLRACE_LOG_LEVEL=chatty"));
  EXPECT_EQ(logging::level("root")->level, "INFO");
}

TEST_F(LogTest, ManyThreadsWriteWholeLines) {
  constexpr int kThreads = 8;
  constexpr int kLines = 200;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([t] {
      auto& logger = logging::get("threads.t" + std::to_string(t));
      for (int i = 0; i < kLines; ++i) {
        logger.info("line {}", i);
        if (i % 50 == 0) logging::set_level("threads", i % 100 == 0 ? "INFO" : "DEBUG", i);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(lines_, SizeIs(kThreads * kLines));
  for (const auto& line : lines_) {
    EXPECT_THAT(line, MatchesRegex(std::string(kDate) + "INFO line [0-9]+ \\(threads.t[0-9]\\)\n"));
  }
}

}  // namespace
}  // namespace millrace

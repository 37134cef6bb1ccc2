#include "runtime/storage/config_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/manual_executor.h"
#include "tests/support/sim_topic.h"

namespace millrace {
namespace {

using testing::ManualExecutor;
using testing::SimTopic;
using testing::SimTopicLog;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct SilentListener final : ConfigListener {
  void on_connector_config(const std::string&) override { ++heard; }
  void on_connector_removed(const std::string&) override { ++heard; }
  void on_task_configs(const std::string&, const std::vector<ConnectorTaskId>&) override {
    ++heard;
  }
  void on_target_state(const std::string&) override { ++heard; }
  void on_session_key() override { ++heard; }
  void on_restart(const RestartRecord&) override { ++heard; }
  void on_logger_level(const std::string&, const std::string&) override { ++heard; }
  int heard = 0;
};

class ConfigLogTest : public ::testing::Test {
 protected:
  Callback<Done> answer() {
    return [this](Outcome<Done> outcome) {
      ++answers_;
      error_.clear();
      try {
        outcome.value();
      } catch (const std::exception& error) {
        error_ = error.what();
      }
    };
  }
  void start() {
    log_.start(listener_, answer());
    control_.run();
  }
  std::vector<std::string> keys() const {
    std::vector<std::string> keys;
    for (const auto& record : topic_.records) keys.push_back(*record->key);
    return keys;
  }

  ManualExecutor control_;
  SimTopic topic_;
  SimTopicLog connection_{control_, topic_};
  ConfigLog log_{control_, connection_};
  SilentListener listener_;
  int answers_ = 0;
  std::string error_ = "none";
};

TEST_F(ConfigLogTest, ReadsWhatIsThereWithoutEvents) {
  topic_.records.push_back(testing::SimRecord{"connector-c", R"({"properties":{"a":"b"}})"});
  topic_.records.push_back(testing::SimRecord{"junk", "{"});
  topic_.records.push_back(testing::SimRecord{std::nullopt, "{}"});
  start();
  EXPECT_EQ(answers_, 1);
  EXPECT_TRUE(log_.state().contains("c"));
  EXPECT_EQ(listener_.heard, 0);
  EXPECT_EQ(log_.skipped(), 2U);
}

TEST_F(ConfigLogTest, WritesAreReadBackBeforeTheyAreAnswered) {
  start();
  log_.put_connector("c", {{"a", "b"}}, TargetState::Paused, answer());
  EXPECT_EQ(answers_, 1);
  control_.run();
  EXPECT_EQ(answers_, 2);
  EXPECT_EQ(log_.state().target("c"), TargetState::Paused);
  EXPECT_THAT(keys(), ElementsAre("target-state-c", "connector-c"));
  log_.remove_connector("c", answer());
  control_.run();
  EXPECT_FALSE(log_.state().contains("c"));
  EXPECT_THAT(keys(), ElementsAre("target-state-c", "connector-c", "connector-c",
                                  "target-state-c"));
}

TEST_F(ConfigLogTest, TasksComeBeforeTheirCommit) {
  start();
  log_.put_connector("c", {}, std::nullopt, answer());
  control_.run();
  log_.put_tasks("c", {{{"t", "0"}}, {{"t", "1"}}}, answer());
  control_.run();
  EXPECT_EQ(answers_, 3);
  EXPECT_THAT(keys(), ElementsAre("connector-c", "task-c-0", "task-c-1", "commit-c"));
  EXPECT_EQ(log_.state().task_ids("c").size(), 2U);
  log_.put_tasks("c", {}, answer());
  control_.run();
  EXPECT_TRUE(log_.state().task_ids("c").empty());
  EXPECT_EQ(answers_, 4);
}

TEST_F(ConfigLogTest, AFailedTaskRecordIsNotCommitted) {
  start();
  connection_.fail_next_append = true;
  log_.put_tasks("c", {{}, {}}, answer());
  control_.run();
  EXPECT_EQ(error_, "append failed");
  EXPECT_THAT(keys(), ElementsAre("task-c-1"));
}

TEST_F(ConfigLogTest, AWriteHasOneLimit) {
  start();
  connection_.lose_appends = true;
  log_.put_session_key({"k", "HmacSHA256", 1}, answer());
  control_.run();
  EXPECT_EQ(answers_, 1);
  control_.advance(ConfigLog::kWriteLimit);
  EXPECT_EQ(answers_, 2);
  EXPECT_THAT(error_, HasSubstr("writing a session key took longer than 30000 ms"));
}

TEST_F(ConfigLogTest, RefreshHasTheCallersLimit) {
  start();
  connection_.unreachable = true;
  log_.refresh(std::chrono::seconds(3), answer());
  control_.advance(std::chrono::milliseconds(2'999));
  EXPECT_EQ(answers_, 1);
  control_.advance(std::chrono::milliseconds(1));
  EXPECT_THAT(error_, HasSubstr("3000 ms"));
}

// Any worker may change a target; what it reads back comes with the tail.
TEST_F(ConfigLogTest, TargetsAreAnsweredOnceDurable) {
  start();
  log_.put_connector("c", {}, std::nullopt, answer());
  control_.run();
  log_.put_target("c", TargetState::Stopped, answer());
  control_.run();
  EXPECT_EQ(answers_, 3);
  EXPECT_EQ(log_.state().target("c"), TargetState::Started);
  connection_.tail();
  EXPECT_EQ(log_.state().target("c"), TargetState::Stopped);
}

}  // namespace
}  // namespace millrace

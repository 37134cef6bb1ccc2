#include "runtime/storage/status_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/manual_executor.h"
#include "tests/support/sim_topic.h"

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ManualExecutor;
using testing::SimRecord;
using testing::SimTopic;
using testing::SimTopicLog;

const ConnectorTaskId kTask{"c", 0};

Status status(State state, const std::string& worker, int32_t generation) {
  return {state, worker, state == State::Failed ? "why" : "", "1.0", generation};
}

class StatusLogTest : public ::testing::Test {
 protected:
  StatusLogTest() {
    log_.start([](const Outcome<Done>&) {});
    control_.run();
  }
  void settle() {
    control_.run();
    connection_.tail();
  }
  bool flushed() {
    bool done = false;
    log_.flush([&done](const Outcome<Done>&) { done = true; });
    control_.run();
    return done;
  }

  ManualExecutor control_;
  SimTopic topic_;
  SimTopicLog connection_{control_, topic_};
  StatusLog log_{control_, connection_};
};

TEST(StatusRecordTest, BytesAreJavas) {
  EXPECT_EQ(status_record::status_value(status(State::Running, "10.0.0.1:8083", 7)),
            R"({"state":"RUNNING","trace":null,"worker_id":"10.0.0.1:8083","generation":7,)"
            R"("version":"1.0"})");
  EXPECT_EQ(status_record::topic_value({"t", "c", 1, 1700000000000}),
            R"({"topic":{"name":"t","connector":"c","task":1,)"
            R"("discoverTimestamp":1700000000000}})");
  EXPECT_EQ(status_record::topic_key("t", "c"), "status-topic-t:connector-c");
  EXPECT_EQ(status_record::task_key({"a-b", 3}), "status-task-a-b-3");
  // Numbers must be integers.
  EXPECT_FALSE(status_record::parse_status(
      R"({"state":"RUNNING","trace":null,"worker_id":"w","generation":7.5})"));
  // A worker before 4.1 writes no version.
  const auto old = status_record::parse_status(
      R"({"state":"FAILED","trace":"t","worker_id":"w","generation":-1})");
  ASSERT_TRUE(old);
  EXPECT_EQ(old->trace, "t");
  EXPECT_EQ(old->generation, -1);
}

TEST_F(StatusLogTest, WhatWasReadBackIsSeen) {
  log_.put("c", status(State::Running, "w", 1));
  log_.put(kTask, status(State::Failed, "w", 1));
  EXPECT_EQ(log_.connector("c"), nullptr);
  settle();
  EXPECT_EQ(log_.connector("c")->state, State::Running);
  EXPECT_EQ(log_.tasks("c").at(0).trace, "why");
  EXPECT_THAT(log_.connectors(), ElementsAre("c"));
  log_.put(kTask, status(State::Destroyed, "w", 1));
  settle();
  EXPECT_EQ(log_.task(kTask), nullptr);
  EXPECT_FALSE(topic_.records.back()->value.has_value());
}

TEST_F(StatusLogTest, SafeWritesGiveWayToNewerGenerations) {
  log_.put(kTask, status(State::Running, "new", 5));
  settle();
  const size_t before = topic_.records.size();
  log_.put_safely(kTask, status(State::Unassigned, "old", 4));
  EXPECT_EQ(topic_.records.size(), before);
  log_.put_safely(kTask, status(State::Failed, "old", 5));
  log_.put_safely(kTask, status(State::Failed, "new", 4));
  EXPECT_EQ(topic_.records.size(), before + 2);
}

TEST_F(StatusLogTest, ALateUnassignedDoesNotHideTheNewOwner) {
  log_.put(kTask, status(State::Running, "new", 5));
  settle();
  topic_.records.push_back(SimRecord{status_record::task_key(kTask),
                                     status_record::status_value(status(State::Unassigned, "o", 4))});
  settle();
  EXPECT_EQ(log_.task(kTask)->state, State::Running);
}

TEST_F(StatusLogTest, FailedWritesAreRepeatedWhileTheyMatter) {
  connection_.fail_next_append = true;
  log_.put(kTask, status(State::Running, "w", 1));
  EXPECT_FALSE(flushed());
  control_.advance(StatusLog::kRetryWait);
  settle();
  EXPECT_TRUE(flushed());
  EXPECT_EQ(log_.task(kTask)->state, State::Running);
  // A newer generation has been written meanwhile: the old status must not come after it.
  connection_.fail_next_append = true;
  log_.put(kTask, status(State::Paused, "w", 1));
  log_.put("other", status(State::Running, "w", 2));
  control_.run();
  control_.advance(StatusLog::kRetryWait);
  settle();
  EXPECT_TRUE(flushed());
  EXPECT_EQ(log_.task(kTask)->state, State::Running);
}

TEST_F(StatusLogTest, TopicsOfAConnector) {
  log_.put_topic({"b", "c", 0, 1});
  log_.put_topic({"a", "c", 1, 2});
  log_.put_topic({"a", "d", 0, 3});
  settle();
  EXPECT_THAT(log_.topics("c"),
              ElementsAre(TopicStatus{"a", "c", 1, 2}, TopicStatus{"b", "c", 0, 1}));
  log_.remove_topic("a", "c");
  settle();
  EXPECT_EQ(log_.topic("a", "c"), nullptr);
  EXPECT_NE(log_.topic("a", "d"), nullptr);
}

TEST_F(StatusLogTest, JunkIsCounted) {
  for (const char* key : {"status-task-c", "status-topic-t", "other", ""}) {
    topic_.records.push_back(SimRecord{key, "{}"});
  }
  topic_.records.push_back(SimRecord{"status-connector-c", "{\"state\":\"ODD\"}"});
  topic_.records.push_back(SimRecord{std::nullopt, "{}"});
  settle();
  EXPECT_EQ(log_.skipped(), 6U);
  EXPECT_THAT(log_.connectors(), IsEmpty());
}

TEST(StatusLogObserverTest, HearsOfWhatWasRead) {
  ManualExecutor control;
  SimTopic topic;
  SimTopicLog connection{control, topic};
  StatusLog log{control, connection};
  std::vector<std::string> heard;
  log.start([](const Outcome<Done>&) {}, [&](const ConnectorTaskId& id, const Status* read) {
    heard.push_back(id.to_string() + " " +
                    (read == nullptr ? "gone" : std::string(state_name(read->state))));
  });
  log.put("c", status(State::Running, "w1", 1));
  log.put(kTask, status(State::Paused, "w1", 1));
  log.put(kTask, status(State::Destroyed, "w1", 1));
  control.run();
  connection.tail();
  EXPECT_THAT(heard, ElementsAre("c--1 RUNNING", "c-0 PAUSED", "c-0 gone"));
}

}  // namespace
}  // namespace millrace

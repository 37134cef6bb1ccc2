#include "runtime/storage/topic_offset_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/storage/connector_offset_store.h"
#include "tests/support/manual_executor.h"
#include "tests/support/sim_topic.h"

namespace millrace::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

std::string text_of(const std::exception_ptr& error) {
  if (!error) return "done";
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& thrown) {
    return thrown.what();
  }
}

const std::string kA = R"(["src",{"file":"a"}])";
const std::string kB = R"(["src",{"file":"b"}])";

struct OneStore {
  explicit OneStore(ManualExecutor& control) : log(control, topic), store(control, log) {
    store.open([](const Outcome<Done>& outcome) { ASSERT_TRUE(outcome.ok()); });
    control.run();
  }
  SimTopic topic;
  SimTopicLog log;
  TopicOffsetStore store;
};

class TopicOffsetStoreTest : public ::testing::Test {
 protected:
  OffsetStore::WriteCallback note(const std::string& what) {
    return [this, what](const std::exception_ptr& error) {
      events.push_back(what + " " + text_of(error));
    };
  }
  ManualExecutor control;
  std::vector<std::string> events;
};

TEST_F(TopicOffsetStoreTest, ReadersSeeWhatWasReadBack) {
  OneStore one(control);
  one.store.set({{kA, R"({"position":1})"}, {kB, R"({"position":2})"}}, note("write"));
  EXPECT_TRUE(events.empty());
  control.run();
  EXPECT_THAT(events, ElementsAre("write done"));
  EXPECT_EQ(one.store.get(kA), std::nullopt);  // nothing was read yet
  one.store.refresh(note("refresh"));
  control.run();
  EXPECT_THAT(events, ElementsAre("write done", "refresh done"));
  EXPECT_EQ(one.store.get(kA), R"({"position":1})");
  EXPECT_THAT(one.store.connector_offsets("src"),
              ElementsAre(Pair(kA, R"({"position":1})"), Pair(kB, R"({"position":2})")));
}

TEST_F(TopicOffsetStoreTest, ATombstoneRemoves) {
  OneStore one(control);
  one.store.set({{kA, "{}"}, {kB, "{}"}}, note("write"));
  one.store.set({{kA, std::nullopt}}, note("remove"));
  one.store.refresh(note("refresh"));
  control.run();
  EXPECT_THAT(events, ElementsAre("write done", "remove done", "refresh done"));
  EXPECT_EQ(one.store.get(kA), std::nullopt);
  EXPECT_THAT(one.store.connector_offsets("src"), ElementsAre(Pair(kB, "{}")));
  EXPECT_FALSE(one.topic.records.back()->value.has_value());
}

TEST_F(TopicOffsetStoreTest, WhatAnotherWorkerWroteComesWithARefresh) {
  OneStore one(control);
  one.topic.records.push_back(SimRecord{kA, "{}"});
  one.topic.records.push_back(SimRecord{std::nullopt, "no key"});
  one.topic.records.push_back(SimRecord{"no offset key", "kept"});
  one.store.refresh(note("refresh"));
  control.run();
  EXPECT_EQ(one.store.get(kA), "{}");
  EXPECT_EQ(one.store.get("no offset key"), "kept");
  EXPECT_THAT(one.store.connector_offsets("src"), ElementsAre(Pair(kA, "{}")));
}

TEST_F(TopicOffsetStoreTest, ARefreshWaitsForWritesAskedForBefore) {
  OneStore one(control);
  one.log.lose_appends = true;
  one.store.set({{kA, "{}"}}, note("lost"));
  control.run();
  one.store.refresh(note("refresh"));
  control.run();
  EXPECT_TRUE(events.empty());
  // And for no later ones, of which there may always be some.
  one.log.lose_appends = false;
  one.store.set({{kB, "{}"}}, note("later"));
  control.run();
  EXPECT_THAT(events, ElementsAre("later done"));
}

TEST_F(TopicOffsetStoreTest, AFailureOfOneEntryFailsTheWrite) {
  OneStore one(control);
  one.log.fail_next_append = true;
  one.store.set({{kA, "{}"}, {kB, "{}"}}, note("write"));
  one.store.set({{kA, "{}"}}, note("again"));
  one.store.set({}, note("empty"));
  control.run();
  EXPECT_THAT(events, ::testing::UnorderedElementsAre("write append failed", "again done",
                                                      "empty done"));
}

TEST_F(TopicOffsetStoreTest, RefusesMoreThanMayWait) {
  OneStore one(control);
  one.log.lose_appends = true;
  OffsetEntries many;
  for (size_t i = 0; i < TopicOffsetStore::kMaxWaiting; ++i) many[std::to_string(i)] = "{}";
  one.store.set(many, note("many"));
  one.store.set({{kA, "{}"}}, note("one more"));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_THAT(events[0], HasSubstr("one more writing offsets: 100000 wait already"));
}

TEST_F(TopicOffsetStoreTest, AfterAStopItRefuses) {
  OneStore one(control);
  one.store.set({{kA, "{}"}}, note("before"));
  one.store.stop();
  one.store.set({{kA, "{}"}}, note("after"));
  one.store.refresh(note("refresh"));
  control.run();
  EXPECT_THAT(events, ElementsAre("after writing offsets: the offset store is stopped",
                                  "before writing offsets: the offset store is stopped",
                                  "refresh reading offsets: the offset store is stopped"));
}

class ConnectorOffsetStoreTest : public TopicOffsetStoreTest {
 protected:
  void refresh() {
    store.refresh(note("refresh"));
    control.run();
  }
  std::vector<std::string> keys(const SimTopic& topic) {
    std::vector<std::string> result;
    for (const auto& record : topic.records) {
      result.push_back(*record->key + (record->value ? "" : " removed"));
    }
    return result;
  }
  OneStore own{control};
  OneStore worker{control};
  ConnectorOffsetStore store{own.store, worker.store};
};

TEST_F(ConnectorOffsetStoreTest, ReadsPreferTheConnectorsTopic) {
  worker.topic.records = {SimRecord{kA, "worker"}, SimRecord{kB, "worker"}};
  own.topic.records = {SimRecord{kA, "own"}};
  refresh();
  EXPECT_EQ(store.get(kA), "own");
  EXPECT_EQ(store.get(kB), "worker");
  EXPECT_THAT(store.connector_offsets("src"), ElementsAre(Pair(kA, "own"), Pair(kB, "worker")));
}

TEST_F(ConnectorOffsetStoreTest, OffsetsGoToBothAndOnlyTheConnectorsCounts) {
  worker.log.fail_next_append = true;
  store.set({{kA, "{}"}}, note("write"));
  control.run();
  EXPECT_THAT(events, ElementsAre("write done"));
  EXPECT_THAT(keys(own.topic), ElementsAre(kA));
  EXPECT_TRUE(worker.topic.records.empty());
  own.log.fail_next_append = true;
  store.set({{kA, "{}"}}, note("second"));
  control.run();
  EXPECT_EQ(events.back(), "second append failed");
  EXPECT_TRUE(worker.topic.records.empty());  // the connector's topic comes first
  store.set({{kA, "{}"}}, note("third"));
  control.run();
  EXPECT_THAT(keys(worker.topic), ElementsAre(kA));
}

TEST_F(ConnectorOffsetStoreTest, TombstonesGoToTheWorkersTopicFirst) {
  worker.log.fail_next_append = true;
  store.set({{kA, std::nullopt}, {kB, "{}"}}, note("first"));
  control.run();
  EXPECT_THAT(events, ElementsAre("first append failed"));
  EXPECT_TRUE(own.topic.records.empty());
  EXPECT_TRUE(worker.topic.records.empty());
  store.set({{kA, std::nullopt}, {kB, "{}"}}, note("second"));
  control.run();
  EXPECT_EQ(events.back(), "second done");
  EXPECT_THAT(keys(own.topic), ElementsAre(kA + " removed", kB));
  EXPECT_THAT(keys(worker.topic), ElementsAre(kA + " removed", kB));
}

}  // namespace
}  // namespace millrace::testing

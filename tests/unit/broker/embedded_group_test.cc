// Consumer groups: shares, rebalances, commits, members that leave or fall silent, patterns.

#include <atomic>
#include <thread>

#include "embedded_support.h"

namespace millrace::embedded {
namespace {

using Events = std::vector<std::string>;

class EmbeddedGroup : public testing::Test {
 protected:
  std::unique_ptr<TestConsumer> member(const std::vector<std::string>& topics,
                                       const Properties& config = {},
                                       const std::string& group = "g") {
    auto consumer = std::make_unique<TestConsumer>(log, group, config);
    consumer->consumer->subscribe(topics, *consumer);
    return consumer;
  }
  /// As many rounds as a rebalance may need.
  static void settle(std::initializer_list<TestConsumer*> members) {
    for (int round = 0; round < 3; ++round) {
      for (TestConsumer* one : members) one->poll(0);
    }
  }
  OffsetMap committed(const std::string& group = "g") { return log.store->group_offsets(group); }

  TempFolder folder;
  TestLog log{folder.log()};
};

TEST_F(EmbeddedGroup, TwoMembersShareByRange) {
  log.store->create_topic({"t", 3});
  log.store->create_topic({"u", 2});
  const auto a = member({"t", "u"});
  const auto b = member({"t", "u"});
  settle({a.get(), b.get()});
  EXPECT_EQ(a->owned, (std::set<TopicPartition>{{"t", 0}, {"t", 1}, {"u", 0}}));
  EXPECT_EQ(b->owned, (std::set<TopicPartition>{{"t", 2}, {"u", 1}}));
}

TEST_F(EmbeddedGroup, MoreMembersThanPartitionsLeavesSomeWithout) {
  log.store->create_topic({"t", 1});
  const auto a = member({"t"});
  const auto b = member({"t"});
  settle({a.get(), b.get()});
  EXPECT_EQ(a->owned.size(), 1U);
  EXPECT_EQ(b->events, Events{"assigned"});
}

TEST_F(EmbeddedGroup, NothingIsAssignedBeforeAllAreRevoked) {
  log.store->create_topic({"t", 2});
  const auto a = member({"t"});
  a->poll(0);
  EXPECT_EQ(a->events, Events{"assigned t-0@0 t-1@0"});
  const auto b = member({"t"});
  for (int i = 0; i < 3; ++i) b->poll(0);
  EXPECT_EQ(b->events, Events{});  // `a` still has everything
  bool b_had_nothing = false;
  a->when_revoked = [&](auto) { b_had_nothing = b->owned.empty(); };
  a->poll(0);
  b->poll(0);
  a->when_revoked = nullptr;
  EXPECT_TRUE(b_had_nothing);
  EXPECT_EQ(a->events, (Events{"assigned t-0@0 t-1@0", "revoked t-0 t-1", "assigned t-0@0"}));
  EXPECT_EQ(b->events, Events{"assigned t-1@0"});
}

TEST_F(EmbeddedGroup, WhatIsCommittedInARevocationIsWhereTheNextOwnerStarts) {
  log.store->create_topic({"t", 2});
  std::vector<PlainRecord> records;
  for (int i = 0; i < 20; ++i) records.push_back({"k", std::to_string(i), {}, 1, i % 2});
  log.send("t", records);
  OffsetMap read;
  const auto a = member({"t"});
  for (const auto& [offset, record] : a->poll(13)) {
    read[{"t", record.partition}] = Offset{offset + 1};
  }
  a->when_revoked = [&](auto) { a->consumer->commit_sync(read, Millis{0}); };
  const auto b = member({"t"});
  settle({a.get(), b.get()});
  EXPECT_EQ(committed(), read);
  EXPECT_EQ(b->events, Events{"assigned t-1@" + std::to_string(raw(read.at({"t", 1})))});
  size_t rest = a->drain().size() + b->drain().size();
  EXPECT_EQ(rest, 7U);
}

TEST_F(EmbeddedGroup, AMemberThatLeavesGivesItsPartitionsAway) {
  log.store->create_topic({"t", 2});
  auto a = member({"t"});
  const auto b = member({"t"});
  settle({a.get(), b.get()});
  a->consumer->close(Millis{0});
  EXPECT_EQ(a->events.back(), "revoked t-0");
  EXPECT_TRUE(log.groups->has_members("g"));
  settle({b.get()});
  EXPECT_EQ(b->owned.size(), 2U);
  b->consumer->close(Millis{0});
  EXPECT_FALSE(log.groups->has_members("g"));
}

TEST_F(EmbeddedGroup, ALeavingMemberWakesOneThatWaits) {
  log.store->create_topic({"t", 2});
  log.send("t", {{"k", "v", {}, 1, 0}});
  auto a = member({"t"});
  const auto b = member({"t"});
  settle({a.get(), b.get()});
  std::thread leaver([&] { a->consumer->close(Millis{0}); });
  EXPECT_EQ(b->poll(10, Millis{3'600'000}).size(), 1U);  // of the partition `a` had
  leaver.join();
}

TEST_F(EmbeddedGroup, GroupsDoNotSeeEachOther) {
  log.send("t", {{"k", "v"}});
  const auto a = member({"t"});
  const auto b = member({"t"}, {}, "other");
  EXPECT_EQ(a->drain().size(), 1U);
  EXPECT_EQ(b->drain().size(), 1U);
  a->consumer->commit_sync({{{"t", 0}, Offset{1}}}, Millis{0});
  EXPECT_EQ(committed().size(), 1U);
  EXPECT_TRUE(committed("other").empty());
  EXPECT_TRUE(committed("").empty());
}

TEST_F(EmbeddedGroup, OnlyOwnersCommit) {
  log.store->create_topic({"t", 2});
  const auto a = member({"t"});
  const auto b = member({"t"});
  settle({a.get(), b.get()});
  const auto refused = [](TestConsumer& one, const OffsetMap& offsets) {
    return thrown_by([&] { one.consumer->commit_sync(offsets, Millis{0}); });
  };
  EXPECT_NE(refused(*a, {{{"t", 1}, Offset{1}}}).find("t-1"), std::string::npos);
  // All or nothing.
  EXPECT_NE(refused(*a, {{{"t", 0}, Offset{1}}, {{"t", 1}, Offset{1}}}), "");
  EXPECT_NE(refused(*a, {{{"nowhere", 0}, Offset{1}}}), "");
  EXPECT_NE(refused(*a, {{{"t", 0}, Offset{-1}}}).find("IllegalArgument"), std::string::npos);
  EXPECT_TRUE(committed().empty());
  std::optional<RowError> error;
  int calls = 0;
  b->consumer->commit_async({{{"t", 0}, Offset{1}}}, [&](std::optional<RowError> result) {
    error = std::move(result);
    ++calls;
  });
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(error);
  b->consumer->commit_async({{{"t", 1}, Offset{1}}}, [&](std::optional<RowError> result) {
    error = std::move(result);
    ++calls;
  });
  EXPECT_EQ(calls, 2);
  EXPECT_FALSE(error);
  EXPECT_EQ(committed(), (OffsetMap{{{"t", 1}, Offset{1}}}));
  b->consumer->commit_sync({}, Millis{0});
}

TEST_F(EmbeddedGroup, ATopicThatAppearsLaterIsAssigned) {
  const auto a = member({"later"});
  a->poll(0);
  EXPECT_EQ(a->events, Events{"assigned"});
  log.send("later", {{"k", "v"}});
  EXPECT_EQ(a->drain().size(), 1U);
  EXPECT_EQ(a->owned, (std::set<TopicPartition>{{"later", 0}}));
}

TEST_F(EmbeddedGroup, APatternMatchesWholeNamesAndSeesNewTopics) {
  for (const char* name : {"orders", "orders.eu", "old-orders"}) log.store->create_topic({name});
  TestConsumer consumer(log, "g");
  consumer.consumer->subscribe_pattern("(?i)ORDERS(\\Q.\\E.*+)?", consumer);
  settle({&consumer});
  EXPECT_EQ(consumer.owned, (std::set<TopicPartition>{{"orders", 0}, {"orders.eu", 0}}));
  log.store->create_topic({"ordersX"});
  settle({&consumer});
  EXPECT_EQ(consumer.events.size(), 1U) << "a topic that does not match is no reason to rebalance";
  std::thread producer([&] { log.send("orders.us", {{"k", "v"}}); });
  EXPECT_EQ(consumer.poll(10, Millis{3'600'000}).size(), 1U);
  producer.join();
  EXPECT_EQ(consumer.owned.size(), 3U);
  EXPECT_EQ(consumer.events.at(1), "revoked orders-0 orders.eu-0");
}

TEST_F(EmbeddedGroup, APatternThatIsNoneIsRefusedAndAListReplacesAPattern) {
  log.store->create_topic({"a"});
  log.store->create_topic({"b"});
  TestConsumer consumer(log, "g");
  EXPECT_NE(thrown_by([&] { consumer.consumer->subscribe_pattern("a(", consumer); }).find("a("),
            std::string::npos);
  consumer.consumer->subscribe_pattern(".", consumer);
  settle({&consumer});
  EXPECT_EQ(consumer.owned.size(), 2U);
  consumer.consumer->subscribe({"b"}, consumer);
  settle({&consumer});
  EXPECT_EQ(consumer.owned, (std::set<TopicPartition>{{"b", 0}}));
  log.store->create_topic({"c"});
  settle({&consumer});
  EXPECT_EQ(consumer.owned, (std::set<TopicPartition>{{"b", 0}}));
}

TEST_F(EmbeddedGroup, MembersMayWantDifferentTopics) {
  log.store->create_topic({"t", 2});
  log.store->create_topic({"u", 2});
  const auto a = member({"t", "u"});
  const auto b = member({"u"});
  settle({a.get(), b.get()});
  EXPECT_EQ(a->owned, (std::set<TopicPartition>{{"t", 0}, {"t", 1}, {"u", 0}}));
  EXPECT_EQ(b->owned, (std::set<TopicPartition>{{"u", 1}}));
}

TEST_F(EmbeddedGroup, ASilentMemberLosesItsShareAndMayComeBack) {
  log.store->create_topic({"t", 2});
  log.send("t", {{"k", "0", {}, 1, 0}, {"k", "1", {}, 1, 1}});
  const auto silent = member({"t"}, {{"max.poll.interval.ms", "50"}});
  silent->poll(0);
  EXPECT_EQ(silent->owned.size(), 2U);
  const auto busy = member({"t"});
  ASSERT_TRUE(eventually([&] {
    busy->poll(0);
    return busy->owned.size() == 2;
  }));
  EXPECT_EQ(silent->events.size(), 1U) << "it learns it at its next poll";
  EXPECT_NE(thrown_by([&] {
              silent->consumer->commit_sync({{{"t", 0}, Offset{1}}}, Millis{0});
            }),
            "");
  EXPECT_EQ(busy->drain().size(), 2U);
  busy->consumer->commit_sync({{{"t", 0}, Offset{1}}, {{"t", 1}, Offset{1}}}, Millis{0});
  // It comes back: told of its loss, then given a share like everybody.
  ASSERT_TRUE(eventually([&] {
    silent->poll(0);
    busy->poll(0);
    return silent->owned.size() == 1 && busy->owned.size() == 1;
  }));
  EXPECT_EQ(silent->events.at(1), "lost t-0 t-1");
}

TEST_F(EmbeddedGroup, ASilentMemberThatClosesIsToldOfItsLoss) {
  log.store->create_topic({"t", 1});
  const auto silent = member({"t"}, {{"max.poll.interval.ms", "50"}});
  silent->poll(0);
  const auto busy = member({"t"});
  ASSERT_TRUE(eventually([&] {
    busy->poll(0);
    return busy->owned.size() == 1;
  }));
  silent->consumer->close(Millis{0});
  EXPECT_EQ(silent->events.back(), "lost t-0");
  EXPECT_EQ(busy->owned.size(), 1U);
}

TEST_F(EmbeddedGroup, AMemberThatWaitsInAPollIsNotSilent) {
  log.store->create_topic({"t", 1});
  const auto waiting = member({"t"}, {{"max.poll.interval.ms", "1500"}});
  waiting->poll(0);
  std::atomic<bool> done = false;
  std::thread thread([&] {
    waiting->poll(10, Millis{3'600'000});
    done = true;
  });
  const auto other = member({"t"});
  const auto end = std::chrono::steady_clock::now() + Millis{2000};
  while (std::chrono::steady_clock::now() < end) other->poll(0, Millis{20});
  EXPECT_EQ(other->owned.size(), 0U);
  waiting->consumer->wakeup();
  thread.join();
  EXPECT_TRUE(done);
  for (const std::string& event : waiting->events) EXPECT_EQ(event.find("lost"), std::string::npos);
}

TEST_F(EmbeddedGroup, OffsetsSurviveAReopeningAndCanBeRemoved) {
  TempFolder other;
  {
    TestLog first(other.log());
    first.store->create_topic({"t", 3});
    first.store->put_group_offsets("g", {{{"t", 0}, Offset{7}}, {{"t", 2}, Offset{INT64_MAX}}});
    first.store->put_group_offsets("g2", {{{"t", 0}, Offset{1}}});
  }
  TestLog second(other.log());
  EXPECT_EQ(second.store->group_offsets("g"),
            (OffsetMap{{{"t", 0}, Offset{7}}, {{"t", 2}, Offset{INT64_MAX}}}));
  second.store->put_group_offsets("g", {{{"t", 0}, std::nullopt}, {{"t", 1}, std::nullopt}});
  EXPECT_EQ(second.store->group_offsets("g"), (OffsetMap{{{"t", 2}, Offset{INT64_MAX}}}));
  EXPECT_EQ(second.store->group_offsets("g2").size(), 1U);
}

// Members come and go at random in threads; every record reaches exactly one owner at a time, so
// with commits at every revocation none is lost and none comes twice.
TEST_F(EmbeddedGroup, EveryRecordIsReadOnceWhileMembersComeAndGo) {
  constexpr int32_t kPartitions = 6;
  constexpr int kRecords = 3000;
  constexpr size_t kThreads = 3;
  log.store->create_topic({"t", kPartitions});
  std::mt19937_64 random = seeded();
  std::atomic<bool> stop = false;
  std::mutex mutex;
  std::map<std::string, int> seen;
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, seed = random()] {
      std::mt19937_64 mine(seed);
      while (!stop) {
        OffsetMap read;
        const auto consumer = member({"t"});
        consumer->when_revoked = [&](std::span<const TopicPartition> partitions) {
          OffsetMap offsets;
          for (const TopicPartition& tp : partitions) {
            if (read.contains(tp)) offsets.insert(read.extract(tp));
          }
          consumer->consumer->commit_sync(offsets, Millis{0});
        };
        for (size_t polls = 1 + mine() % 50; polls > 0 && !stop; --polls) {
          const auto records = consumer->poll(static_cast<uint32_t>(1 + mine() % 30), Millis{1});
          const std::lock_guard lock(mutex);
          for (const auto& [offset, record] : records) {
            read[{"t", record.partition}] = Offset{offset + 1};
            ++seen[*record.value];
          }
        }
        consumer->consumer->close(Millis{0});
      }
    });
  }
  for (int sent = 0; sent < kRecords;) {
    std::vector<PlainRecord> some;
    for (size_t i = 1 + random() % 60; i > 0 && sent < kRecords; --i, ++sent) {
      some.push_back({std::nullopt,
                      std::to_string(sent),
                      {},
                      1,
                      static_cast<int32_t>(random() % kPartitions)});
    }
    log.send("t", some);
  }
  EXPECT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return seen.size() == kRecords;
  }));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(seen.size(), static_cast<size_t>(kRecords));
  for (const auto& [value, count] : seen) EXPECT_EQ(count, 1) << value;
  int64_t total = 0;
  for (const auto& [tp, offset] : committed()) total += raw(offset);
  EXPECT_EQ(total, kRecords);
}

}  // namespace
}  // namespace millrace::embedded

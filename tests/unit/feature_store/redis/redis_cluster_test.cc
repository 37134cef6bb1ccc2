#include <gmock/gmock.h>

#include "tests/unit/feature_store/feeder.h"
#include "tests/unit/feature_store/redis/redis_fixture.h"

namespace millrace::feature_store::testing_support {
namespace {

using millrace::testing_support::RedisServer;
using ::testing::ElementsAre;

constexpr int64_t kStart = 1'767'323'045'000'000;

/// Two servers, half of the slots each.
class RedisClusterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);
    const std::string bus = std::to_string(millrace::testing_support::free_port());
    first_ = start_server(std::to_string(millrace::testing_support::free_port()));
    second_ = start_server(bus);
    one_ = std::make_unique<RedisNode>(plain(), "127.0.0.1", first_->port());
    two_ = std::make_unique<RedisNode>(plain(), "127.0.0.1", second_->port());
    must(*one_, RedisArguments("CLUSTER", std::string_view("ADDSLOTSRANGE"), std::string_view("0"),
                               std::string_view("8191")));
    must(*two_, RedisArguments("CLUSTER", std::string_view("ADDSLOTSRANGE"),
                               std::string_view("8192"), std::string_view("16383")));
    must(*one_,
         RedisArguments("CLUSTER", std::string_view("SET-CONFIG-EPOCH"), std::string_view("1")));
    must(*two_,
         RedisArguments("CLUSTER", std::string_view("SET-CONFIG-EPOCH"), std::string_view("2")));
    must(*one_, RedisArguments("CLUSTER", std::string_view("MEET"), std::string_view("127.0.0.1"),
                               std::to_string(second_->port()), bus));
    for (auto* node : {one_.get(), two_.get()}) {
      while (node->call(RedisArguments("CLUSTER", std::string_view("INFO")))
                 .text.find("cluster_state:ok") == std::string::npos) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
    }
  }
  static std::unique_ptr<RedisServer> start_server(const std::string& bus) {
    return std::make_unique<RedisServer>(
        std::vector<std::string>{"--cluster-enabled", "yes", "--cluster-port", bus});
  }
  static void must(RedisNode& node, const RedisArguments& arguments) {
    RedisClient::check(node.call(arguments), "making a cluster");
  }
  static RedisOptions plain() { return {}; }
  RedisOptions options(const std::string& layout = "hash") const {
    RedisOptions options;
    options.port = first_->port();
    options.cluster = true;
    options.layout = layout;
    options.connector = "sink";
    return options;
  }
  std::string field(int64_t id, std::string_view name) {
    RedisClient client(options());
    const std::string key = "bank:txn_1:" + std::to_string(id);
    return client.call(key, RedisArguments("HGET", key, name)).text;
  }
  static int64_t position(OnlineStore& store) {
    const OffsetMap all = store.positions(std::vector{kPartition});
    return all.empty() ? -1 : raw(all.at(kPartition));
  }
  int64_t keys(RedisNode& node) { return node.call(RedisArguments("DBSIZE")).number; }

  std::unique_ptr<RedisServer> first_;
  std::unique_ptr<RedisServer> second_;
  std::unique_ptr<RedisNode> one_;
  std::unique_ptr<RedisNode> two_;
};

TEST(RedisSlots, OfKnownKeys) {
  EXPECT_EQ(redis_slot("123456789"), 0x31C3);
  EXPECT_EQ(redis_slot("{user1000}.following"), redis_slot("{user1000}.followers"));
  EXPECT_EQ(redis_slot("{user1000}.following"), redis_slot("user1000"));
  EXPECT_NE(redis_slot("foo{}{bar}"), redis_slot("bar"));
  EXPECT_EQ(redis_slot("foo{{bar}}zap"), redis_slot("{bar"));
}

TEST_F(RedisClusterTest, RowsAreOnAllServersAndOffsetsFollow) {
  const auto store = open_redis(options());
  const RowPlanPtr plan = sample_plan();
  Batch batch;
  for (int64_t id = 0; id < 200; ++id) batch.add(plan, sample_row(id, kStart, 1), {.ingestion = 1});
  ASSERT_TRUE(batch.apply(*store, -1, 200));
  EXPECT_GT(keys(*one_), 50);
  EXPECT_GT(keys(*two_), 50);
  EXPECT_EQ(position(*store), 200);
  EXPECT_THAT(store->ingestion(42, 1)->rows, ElementsAre(200, 0, 0, 0));
  EXPECT_NE(store->schema(17), nullptr);
  Batch late;
  late.add(plan, sample_row(1, kStart, 9));
  EXPECT_THROW(late.apply(*store, 100, 101), FencedException);
  EXPECT_EQ(field(1, "amount"), "1.0");
  store->drop_group(119, 42);
  EXPECT_LT(keys(*one_) + keys(*two_), 10);
}

/// Rows were written and the offsets were not: the task comes again with the same records, in other
/// batches.
TEST_F(RedisClusterTest, WhatWasWrittenIsNotWrittenAgain) {
  for (const std::string layout : {"hash", "feast"}) {
    const auto store = open_redis(options(layout));
    const RowPlanPtr plan = sample_plan(layout == "hash" ? 42 : 43);
    const auto apply = [&](int64_t offset, double amount, bool newer, int64_t expected) {
      Batch batch;
      batch.at(kPartition, offset);
      batch.add(plan, sample_row(7, kStart, amount), {.if_newer = newer, .ingestion = 1});
      EXPECT_TRUE(batch.apply(*store, expected, offset + 1));
      return batch[0].status;
    };
    EXPECT_EQ(apply(5, 1, false, -1), RowStatus::Upserted);
    EXPECT_EQ(apply(6, 2, false, 6), RowStatus::Upserted);
    store->set_positions({{kPartition, Offset{5}}});
    EXPECT_EQ(apply(5, 1, false, 5), RowStatus::Upserted) << "as it was then";
    EXPECT_EQ(apply(6, 2, true, 6), RowStatus::Upserted);
    EXPECT_EQ(field(7, "amount"), "2.0") << "of the rows as hashes";
    store->set_positions({{kPartition, std::nullopt}});
  }
}

TEST_F(RedisClusterTest, ARowThatMovedIsFollowed) {
  const auto store = open_redis(options());
  const RowPlanPtr plan = sample_plan();
  Batch first;
  for (int64_t id = 0; id < 50; ++id) first.add(plan, sample_row(id, kStart, 1));
  ASSERT_TRUE(first.apply(*store, -1, 50));
  int64_t id = 0;
  while (redis_slot("bank:txn_1:" + std::to_string(id)) >= 8'192) ++id;
  const std::string key = "bank:txn_1:" + std::to_string(id);
  const std::string slot = std::to_string(redis_slot(key));
  const std::string source = one_->call(RedisArguments("CLUSTER", std::string_view("MYID"))).text;
  const std::string target = two_->call(RedisArguments("CLUSTER", std::string_view("MYID"))).text;
  const auto set_slot = [&](RedisNode& node, std::string_view state, const std::string& other) {
    must(node, RedisArguments("CLUSTER", std::string_view("SETSLOT"), slot, state, other));
  };
  set_slot(*two_, "IMPORTING", source);
  set_slot(*one_, "MIGRATING", target);
  must(*one_,
       RedisArguments("MIGRATE", std::string_view("127.0.0.1"), std::to_string(second_->port()),
                      key, std::string_view("0"), std::string_view("5000")));
  Batch during;  // ASK
  during.add(plan, sample_row(id, kStart, 2));
  ASSERT_TRUE(during.apply(*store, 50, 51));
  set_slot(*two_, "NODE", target);
  set_slot(*one_, "NODE", target);
  Batch after;  // MOVED
  after.at(kPartition, 51);
  after.add(plan, sample_row(id, kStart, 3));
  ASSERT_TRUE(after.apply(*store, 51, 52));
  EXPECT_EQ(field(id, "amount"), "3.0");
}

TEST(RedisCluster, MarkersAreRefused) {
  RedisOptions with;
  with.cluster = true;
  with.hidden_columns = true;
  EXPECT_THROW(open_redis(with), ConfigException);
}

}  // namespace
}  // namespace millrace::feature_store::testing_support

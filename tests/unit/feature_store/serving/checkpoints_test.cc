// Copies of the store over HTTP.

#include <filesystem>
#include <future>
#include <thread>

#include "connectors/feature_store/serving/server.h"
#include "tests/unit/feature_store/serving/serving_fixture.h"
#include "tests/unit/rest/http_client.h"

namespace millrace::feature_store {
namespace {

using rest::HttpClient;
using ::testing::HasSubstr;

constexpr std::string_view kTarget = "/0.1.0/checkpoint";
constexpr std::string_view kRead =
    R"({"filters":[{"column":"cc_num","value":4711}],"readColumns":[{"column":"amount"}]})";

class CheckpointsTest : public ServingFixture {
 public:
  void SetUp() override { put(42, kTransaction, 10); }

  ServingOptions on() const {
    ServingOptions options;
    options.rondb_port = 0;
    options.threads = 1;
    options.checkpoint_folder = copies();
    return options;
  }
  std::string copies() const { return folder_ / "copies"; }
  void start(const ServingOptions& options) {
    server_ = std::make_unique<Server>(options, database_, [this] { return catalog_; });
  }
  Reply ask(std::string_view body) {
    const auto response = HttpClient(server_->rondb_port()).call("POST", kTarget, body);
    return {response.status, response.body};
  }

  std::unique_ptr<Server> server_;
};

TEST_F(CheckpointsTest, ACopyIsAStoreOfItsOwn) {
  start(on());
  const Reply reply = ask(R"({"name":"Monday-1.0_a"})");
  const std::string path = copies() + "/Monday-1.0_a";
  EXPECT_EQ(reply, (Reply{200, R"({"name":"Monday-1.0_a","path":")" + path +
                                   R"(","offsets":[{"topic":"bank_onlinefs","partition":0,"offset":11}]})"}));
  put(42, kTransaction, 20);
  const auto copy = RocksDatabase::open({.path = path, .now_us = [this] { return now_us_.load(); }});
  EXPECT_NE(copy->id(), database_->id());
  EXPECT_EQ(copy->applied(), (OffsetMap{{{"bank_onlinefs", 0}, Offset{11}}}));
  EXPECT_EQ(database_->applied(), (OffsetMap{{{"bank_onlinefs", 0}, Offset{21}}}));
}

TEST_F(CheckpointsTest, ANameIsTakenOnce) {
  start(on());
  EXPECT_EQ(ask(R"({"name":"a"})").status, 200);
  const Reply again = ask(R"({"name":"a"})");
  EXPECT_EQ(again.status, 409);
  EXPECT_THAT(again.body, HasSubstr("Checkpoint 'a' is there already"));
  EXPECT_EQ(ask(R"({"name":"b"})").status, 200);
}

TEST_F(CheckpointsTest, NamesStayInTheFolder) {
  start(on());
  for (const std::string& name : {std::string(), std::string("."), std::string(".."), std::string("../a"),
                                  std::string("a/b"), std::string(".a"), std::string("a b"), std::string("ä"),
                                  std::string("a.partial"), std::string(101, 'a')}) {
    EXPECT_EQ(ask(R"({"name":")" + name + "\"}").status, 400) << name;
  }
  EXPECT_EQ(ask("{}").status, 400);
  EXPECT_EQ(ask(R"({"name":1})").status, 400);
  EXPECT_EQ(ask("").status, 400);
  EXPECT_FALSE(std::filesystem::exists(copies()));
  EXPECT_EQ(ask(R"({"name":")" + std::string(100, 'a') + "\"}").status, 200);
  EXPECT_EQ(HttpClient(server_->rondb_port()).call("GET", kTarget).status, 405);
}

TEST_F(CheckpointsTest, OffUnlessAFolderIsSet) {
  ServingOptions off = on();
  off.checkpoint_folder.clear();
  start(off);
  const Reply reply = ask(R"({"name":"a"})");
  EXPECT_EQ(reply.status, 404);
  EXPECT_THAT(reply.body, HasSubstr("store.checkpoint.dir"));
}

TEST_F(CheckpointsTest, AKeyIsNeededWhereKeysAre) {
  ServingOptions options = on();
  options.api_keys_file = folder_ / "keys";
  testing_support::write_text(options.api_keys_file,
                              "ops:2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683\n");
  start(options);
  EXPECT_EQ(ask(R"({"name":"a"})").status, 401);
  EXPECT_FALSE(std::filesystem::exists(copies()));
  const auto response =
      HttpClient(server_->rondb_port()).call("POST", kTarget, R"({"name":"a"})", "X-API-KEY: key\r\n");
  EXPECT_EQ(response.status, 200);
}

TEST_F(CheckpointsTest, WhatFailsIsSaidAndLeavesNothing) {
  ServingOptions options = on();
  testing_support::write_text(folder_ / "file", "no folder");
  options.checkpoint_folder = folder_ / "file/copies";
  start(options);
  const Reply reply = ask(R"({"name":"a"})");
  EXPECT_EQ(reply.status, 500);
  EXPECT_THAT(reply.body, HasSubstr("making a checkpoint in"));
  EXPECT_EQ(ask(R"({"name":"a"})"), reply) << "the next one may try";
}

/// A source whose copies wait until they may.
class SlowRows final : public RowSource {
 public:
  explicit SlowRows(std::shared_ptr<RocksDatabase> database) : rows_(std::move(database)) {}
  StoredTablePtr table(int64_t group_id) const override { return rows_.table(group_id); }
  void get(std::span<Lookup> lookups) const override { rows_.get(lookups); }
  bool scan(const StoredTable& table, std::string_view prefix, std::string_view after, size_t limit,
            const std::function<bool(std::string_view key, const Lookup& row)>& visit) const override {
    return rows_.scan(table, prefix, after, limit, visit);
  }
  bool is_applied(const TopicPartition& partition, int64_t offset) const override {
    return rows_.is_applied(partition, offset);
  }
  OnlineStore& local() override { return rows_.local(); }
  uint64_t ttl_filtered() const noexcept override { return 0; }
  OffsetMap checkpoint(const std::string&) override {
    begun.set_value();
    go.get_future().wait();
    return {};
  }

  std::promise<void> begun;
  std::promise<void> go;

 private:
  RocksSource rows_;
};

TEST_F(CheckpointsTest, LookupsGoOnMeanwhileAndASecondCopyIsRefused) {
  const auto rows = std::make_shared<SlowRows>(database_);
  server_ = std::make_unique<Server>(on(), rows, [this] { return catalog_; });
  auto first = std::async(std::launch::async, [this] { return ask(R"({"name":"a"})"); });
  rows->begun.get_future().wait();
  EXPECT_EQ(HttpClient(server_->rondb_port()).call("POST", "/0.1.0/bank/txn_1/pk-read", kRead).status, 200)
      << "by the only serving thread";
  EXPECT_EQ(ask(R"({"name":"b"})").status, 503);
  rows->go.set_value();
  EXPECT_EQ(first.get(), (Reply{200, R"({"name":"a","path":")" + copies() + R"(/a","offsets":[]})"}));
}

}  // namespace
}  // namespace millrace::feature_store

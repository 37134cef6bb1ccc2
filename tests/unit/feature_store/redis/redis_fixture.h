#pragma once
// A Redis server for the tests of one program, and a store on it for each of them.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "connectors/feature_store/redis/redis_client.h"
#include "connectors/feature_store/redis/redis_store.h"
#include "tests/support/redis_server.h"
#include "tests/unit/feature_store/changes.h"

namespace millrace::feature_store::testing_support {

class RedisStoreTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ::signal(SIGPIPE, SIG_IGN);
    server_ = std::make_unique<millrace::testing_support::RedisServer>();
  }
  static void TearDownTestSuite() { server_.reset(); }
  void SetUp() override {
    client_ = std::make_unique<RedisClient>(options());
    call(RedisArguments("FLUSHALL"));
  }

  RedisOptions options(const std::string& layout = "feast") const {
    RedisOptions options;
    options.port = server_->port();
    options.layout = layout;
    options.connector = "sink";
    return options;
  }
  std::unique_ptr<OnlineStore> open(const std::string& layout = "feast",
                                    bool markers = false) const {
    RedisOptions with = options(layout);
    with.hidden_columns = markers;
    return open_redis(with);
  }
  RedisReply call(const RedisArguments& arguments) { return client_->call("", arguments); }
  std::map<std::string, std::string> hash(const std::string& key) {
    std::map<std::string, std::string> out;
    const RedisReply reply = call(RedisArguments("HGETALL", key));
    for (size_t i = 0; i + 1 < reply.items.size(); i += 2)
      out[reply.items[i].text] = reply.items[i + 1].text;
    return out;
  }
  int64_t exists(const std::string& key) { return call(RedisArguments("EXISTS", key)).number; }
  int64_t position(OnlineStore& store) const {
    const OffsetMap all = store.positions(std::vector{kPartition});
    return all.empty() ? -1 : raw(all.at(kPartition));
  }

  inline static std::unique_ptr<millrace::testing_support::RedisServer> server_;
  std::unique_ptr<RedisClient> client_;
};

}  // namespace millrace::feature_store::testing_support

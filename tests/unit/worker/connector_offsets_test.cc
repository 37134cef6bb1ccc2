#include "runtime/worker/connector_offsets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "millrace/errors.h"
#include "runtime/broker/embedded/embedded_broker.h"
#include "runtime/plugins/registry.h"
#include "runtime/storage/memory_offset_store.h"
#include "runtime/worker/offset_reader.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/thread_executor.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class ConnectorOffsetsTest : public ::testing::Test {
 protected:
  ConnectorOffsetsTest() { services_.connector_offset_topics = true; }

  std::unique_ptr<ConnectorOffsets> open(const std::string& topic, std::stop_token stop = {}) {
    Properties connector{{"name", "c"}};
    if (!topic.empty()) connector["offsets.storage.topic"] = topic;
    return std::make_unique<ConnectorOffsets>(services_, ConnectorTaskId{"c", 0}, connector, stop);
  }
  static void set(OffsetStore& store, OffsetEntries entries) {
    std::promise<void> written;
    store.set(std::move(entries), [&written](const std::exception_ptr& error) {
      error ? written.set_exception(error) : written.set_value();
    });
    written.get_future().get();
  }
  static OffsetEntries read(const ConnectorOffsets& offsets) {
    wait_for_offsets(offsets.store(), "c", std::chrono::seconds(10));
    return offsets.store().connector_offsets("c");
  }

  testing_support::TemporaryFolder folder_;
  testing::ThreadExecutor control_;
  std::unique_ptr<Broker> broker_ =
      embedded::open_embedded_broker({{"embedded.log.dir", (folder_.path() / "log").string()}});
  MemoryOffsetStore worker_;
  PluginRegistry plugins_;
  Properties settings_{{"bootstrap.servers", "host:1"},
                       {"group.id", "g"},
                       {"config.storage.topic", "configs"},
                       {"status.storage.topic", "statuses"},
                       {"offset.storage.topic", "offsets"},
                       {"offset.storage.replication.factor", "1"}};
  WorkerServices services_{control_, *broker_, worker_, plugins_, settings_, "host:1", {}};
  const std::string key_ = R"(["c",{"p":0}])";
};

TEST_F(ConnectorOffsetsTest, WithoutATopicTheWorkersStoreIsUsed) {
  EXPECT_EQ(&open("")->store(), &worker_);
  EXPECT_EQ(&open("offsets")->store(), &worker_) << "the worker's own topic";
  services_.connector_offset_topics = false;
  EXPECT_EQ(&open("own")->store(), &worker_) << "a standalone worker";
}

TEST_F(ConnectorOffsetsTest, AnotherWorkerReadsWhatWasWritten) {
  const auto first = open("own");
  const auto second = open("own");
  set(first->store(), {{key_, R"({"o":1})"}});
  EXPECT_THAT(read(*second), UnorderedElementsAre(Pair(key_, R"({"o":1})")));
  EXPECT_EQ(worker_.get(key_), R"({"o":1})") << "both stores have it";
  EXPECT_THAT(read(*open("own")), UnorderedElementsAre(Pair(key_, R"({"o":1})")));
}

TEST_F(ConnectorOffsetsTest, WhatOnlyTheWorkerKnowsIsFound) {
  set(worker_, {{key_, R"({"o":1})"}});
  const auto offsets = open("own");
  EXPECT_THAT(read(*offsets), UnorderedElementsAre(Pair(key_, R"({"o":1})")));
  set(offsets->store(), {{key_, std::nullopt}});
  EXPECT_THAT(read(*offsets), UnorderedElementsAre());
}

TEST_F(ConnectorOffsetsTest, WritesUnderWayAreAnsweredWhateverComes) {
  for (int i = 0; i < 20; ++i) {
    std::promise<void> answered;
    auto offsets = open("own");
    offsets->store().set({{key_, R"({"o":1})"}}, [&answered](const std::exception_ptr&) {
      answered.set_value();
    });
    offsets.reset();
    ASSERT_EQ(answered.get_future().wait_for(std::chrono::seconds(10)),
              std::future_status::ready);
  }
}

TEST_F(ConnectorOffsetsTest, ATopicThatCannotBeUsedIsAnError) {
  const auto admin = broker_->make_admin(settings_);
  admin->create_topic({"own", 1, 1, {{"cleanup.policy", "delete"}}}, Millis{0});
  try {
    open("own");
    FAIL();
  } catch (const std::exception& error) {
    EXPECT_THAT(describe(error), HasSubstr("of connector c from its own topic"));
    EXPECT_THAT(describe(error), HasSubstr("cleanup.policy=compact"));
  }
}

TEST_F(ConnectorOffsetsTest, AStopEndsTheWait) {
  // A control thread that comes to nothing else.
  std::promise<void> go;
  auto gone = go.get_future().share();
  control_.post([gone] { gone.wait_for(std::chrono::seconds(1)); });
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(open("own", stop.get_token()), ConnectException);
  go.set_value();
}

}  // namespace
}  // namespace millrace

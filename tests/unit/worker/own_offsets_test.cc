// Sinks that keep their offsets themselves, and what sinks may ask about the log.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "millrace/errors.h"
#include "runtime/broker/embedded/embedded_broker.h"
#include "runtime/plugins/registry.h"
#include "runtime/storage/memory_offset_store.h"
#include "runtime/worker/offset_operations.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/thread_executor.h"
#include "tests/unit/worker/test_connectors.h"

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Keeps the offset of one partition, for one cluster, in a variable.
class KeepingSink final : public ScriptedConnector<SinkConnector> {
 public:
  static inline std::string cluster;
  static inline OffsetMap kept;
  static inline int alterations;

  std::unique_ptr<SinkTask> make_task() override { return nullptr; }
  std::optional<OffsetMap> offsets(const Properties& config, RecordLog& log) override {
    if (find(config, "group.keeps") != nullptr) return std::nullopt;
    cluster = log.cluster_id();
    return kept;
  }
  bool alter_offsets(const Properties&,
                     const std::map<TopicPartition, std::optional<Offset>>& offsets,
                     RecordLog& log) override {
    ++alterations;
    for (const auto& [partition, offset] : offsets) {
      const auto ranges = log.ranges(std::span(&partition, 1));
      if (ranges.empty()) throw ConnectException("there is no " + partition.to_string());
      kept[partition] = offset.value_or(ranges.at(partition).begin);
    }
    return true;
  }
};

class OwnOffsetsTest : public ::testing::Test {
 protected:
  OwnOffsetsTest() {
    PluginTable table;
    table.connector<KeepingSink>({"test.Keeping"});
    plugins_.add(table, "test");
    broker_->make_admin({})->create_topic({"t", 2}, Millis{0});
    KeepingSink::kept = {{{"t", 0}, Offset{7}}};
    KeepingSink::alterations = 0;
  }
  OffsetOperations operations() { return {services_, "c", config_}; }
  std::vector<std::string> list() {
    std::vector<std::string> all;
    for (const auto& entry : operations().list()) all.push_back(entry.partition + entry.offset.value());
    return all;
  }

  testing_support::TemporaryFolder folder_;
  testing::ThreadExecutor control_;
  std::unique_ptr<Broker> broker_ =
      embedded::open_embedded_broker({{"embedded.log.dir", (folder_.path() / "log").string()}});
  MemoryOffsetStore worker_;
  PluginRegistry plugins_;
  Properties settings_;
  Properties config_{{"name", "c"}, {"connector.class", "test.Keeping"}, {"topics", "t"}};
  WorkerServices services_{control_, *broker_, worker_, plugins_, settings_, "host:1", {}};
};

TEST_F(OwnOffsetsTest, AreShownInPlaceOfTheGroups) {
  EXPECT_THAT(list(), ElementsAre(R"({"kafka_topic":"t","kafka_partition":0}{"kafka_offset":7})"));
  EXPECT_EQ(KeepingSink::cluster, broker_->cluster_id());
  config_["group.keeps"] = "them";
  EXPECT_THAT(list(), IsEmpty());
}

TEST_F(OwnOffsetsTest, AreAlteredWithTheGroups) {
  EXPECT_EQ(operations().alter({{{R"({"kafka_topic":"t","kafka_partition":1})", R"({"kafka_offset":3})"}}}),
            "The offsets for this connector have been altered successfully");
  EXPECT_EQ(KeepingSink::kept.at({"t", 1}), Offset{3});
  config_["group.keeps"] = "them";
  EXPECT_THAT(list(), ElementsAre(R"({"kafka_topic":"t","kafka_partition":1}{"kafka_offset":3})"));
}

TEST_F(OwnOffsetsTest, AResetCoversWhatTheConnectorKnows) {
  EXPECT_EQ(operations().alter(std::nullopt),
            "The offsets for this connector have been reset successfully");
  EXPECT_EQ(KeepingSink::kept, (OffsetMap{{{"t", 0}, Offset{0}}}));
  EXPECT_EQ(KeepingSink::alterations, 1);
}

TEST_F(OwnOffsetsTest, ARefusalLeavesTheGroupAlone) {
  EXPECT_THROW(
      operations().alter({{{R"({"kafka_topic":"t","kafka_partition":9})", R"({"kafka_offset":3})"}}}),
      ConnectException);
  config_["group.keeps"] = "them";
  EXPECT_THAT(list(), IsEmpty());
}

TEST_F(OwnOffsetsTest, TheLogTellsItsRanges) {
  BrokerRecordLog log(*broker_, {});
  const TopicPartition asked[] = {{"t", 0}, {"t", 1}, {"t", 2}, {"missing", 0}};
  const auto ranges = log.ranges(asked);
  ASSERT_EQ(ranges.size(), 2U);
  EXPECT_EQ(ranges.at({"t", 0}).begin, Offset{0});
  EXPECT_EQ(ranges.at({"t", 0}).end, Offset{0});
}

TEST_F(OwnOffsetsTest, TheLogTellsWhatAGroupHasCommitted) {
  BrokerRecordLog log(*broker_, {});
  EXPECT_THAT(log.group_offsets("g"), IsEmpty());
  const OffsetMap offsets{{{"t", 0}, Offset{0}}};
  broker_->make_admin({})->alter_group_offsets("g", offsets, Millis{30'000});
  EXPECT_EQ(log.group_offsets("g"), offsets);
}

}  // namespace
}  // namespace millrace

#include "runtime/storage/internal_topics.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

using Kind = InternalTopicKind;

Properties worker(const Properties& more = {}) {
  Properties all = more;
  all.merge(Properties{{"bootstrap.servers", "a:1"},
                       {"group.id", "g"},
                       {"config.storage.topic", "c"},
                       {"offset.storage.topic", "o"},
                       {"status.storage.topic", "s"}});
  return all;
}

std::string refusal(const Properties& properties, Kind kind = Kind::Config) {
  try {
    internal_topic(properties, kind);
  } catch (const ConfigException& error) {
    return error.what();
  }
  return "";
}

TEST(InternalTopicsTest, DefaultsAreKafkas) {
  const InternalTopic config = internal_topic(worker(), Kind::Config);
  EXPECT_EQ(config.label(), "topic c (config.storage.topic)");
  EXPECT_EQ(config.partitions, 1);
  EXPECT_EQ(config.replication_factor, 3);
  EXPECT_TRUE(config.needs_single_partition);
  const InternalTopic offset = internal_topic(worker(), Kind::Offset);
  EXPECT_EQ(offset.partitions, 25);
  EXPECT_FALSE(offset.needs_single_partition);
  const InternalTopic status = internal_topic(worker(), Kind::Status);
  EXPECT_EQ(status.partitions, 5);
  EXPECT_EQ(status.purpose, "connector and task statuses");
  EXPECT_TRUE(status.settings.empty());
}

TEST(InternalTopicsTest, OtherKeysOfThePrefixAreTopicSettings) {
  const Properties all = worker({{"offset.storage.min.insync.replicas", "2"},
                                 {"offset.storage.partitions", "7"},
                                 {"offset.storage.replication.factor", "-1"},
                                 {"offset.storage.cleanup.policy", "delete"},
                                 {"config.storage.partitions", "4"},
                                 {"status.storage.segment.bytes", "100"}});
  const InternalTopic offset = internal_topic(all, Kind::Offset);
  EXPECT_EQ(offset.settings, (Properties{{"min.insync.replicas", "2"}}));
  EXPECT_EQ(offset.partitions, 7);
  EXPECT_EQ(offset.replication_factor, -1);
  EXPECT_EQ(internal_topic(all, Kind::Config).partitions, 1);
  EXPECT_TRUE(internal_topic(all, Kind::Config).settings.empty());
  EXPECT_EQ(internal_topic(all, Kind::Status).settings, (Properties{{"segment.bytes", "100"}}));
}

TEST(InternalTopicsTest, ErrorsAreKafkas) {
  const char* partitions =
      ": Number of partitions must be positive, or -1 to use the broker's default";
  for (const char* bad : {"0", "-2"}) {
    EXPECT_EQ(refusal(worker({{"offset.storage.partitions", bad}})),
              std::string("Invalid value ") + bad +
                  " for configuration offset.storage.partitions" + partitions);
  }
  EXPECT_EQ(refusal(worker({{"status.storage.partitions", "x"}})),
            "Invalid value x for configuration status.storage.partitions: Not a number of type "
            "INT");
  EXPECT_EQ(refusal(worker({{"config.storage.replication.factor", "0"}})),
            "Invalid value 0 for configuration config.storage.replication.factor: Replication "
            "factor must be positive and not larger than the number of brokers in the Kafka "
            "cluster, or -1 to use the broker's default");
  EXPECT_EQ(refusal(worker({{"offset.storage.replication.factor", "70000"}})),
            "Invalid value 70000 for configuration offset.storage.replication.factor: Not a number "
            "of type SHORT");
  Properties missing = worker();
  missing.erase("offset.storage.topic");
  EXPECT_EQ(refusal(missing),
            "Missing required configuration \"offset.storage.topic\" which has no default value.");
  EXPECT_EQ(refusal(worker({{"config.storage.topic", " "}}), Kind::Config),
            "Must specify topic for connector configuration.");
  EXPECT_EQ(refusal(worker({{"offset.storage.topic", ""}}), Kind::Offset),
            "Offset storage topic must be specified");
  EXPECT_EQ(refusal(worker({{"status.storage.topic", ""}}), Kind::Status),
            "Must specify topic for connector status.");
}

TEST(InternalTopicsTest, ClientsHaveTheWorkersSettingsAndWhatConnectForces) {
  const Properties all = worker({{"acks", "0"},
                                 {"client.id", "me"},
                                 {"security.protocol", "SSL"},
                                 {"producer.linger.ms", "77"},
                                 {"auto.offset.reset", "latest"}});
  const auto clients = internal_clients(all, Kind::Offset);
  const Properties& producer = clients.producer;
  EXPECT_EQ(producer.at("acks"), "all");
  EXPECT_EQ(producer.at("enable.idempotence"), "false");
  EXPECT_EQ(producer.at("max.in.flight.requests.per.connection"), "1");
  EXPECT_EQ(producer.at("delivery.timeout.ms"), "2147483647");
  EXPECT_EQ(producer.at("client.id"), "g-me-offsets");
  EXPECT_EQ(producer.at("security.protocol"), "SSL");
  EXPECT_EQ(producer.at("linger.ms"), "0");
  const Properties& consumer = clients.consumer;
  EXPECT_EQ(consumer.at("group.id"), "g");
  EXPECT_EQ(consumer.at("auto.offset.reset"), "earliest");
  EXPECT_EQ(consumer.at("enable.auto.commit"), "false");
  EXPECT_FALSE(consumer.contains("isolation.level"));
  EXPECT_EQ(internal_admin_config(all).at("client.id"), "g-me-shared-admin");
  EXPECT_EQ(internal_clients(worker(), Kind::Config).producer.at("client.id"), "g-configs");
  const auto status = internal_clients(worker(), Kind::Status);
  EXPECT_EQ(status.producer.at("client.id"), "g-statuses");
  EXPECT_FALSE(status.producer.contains("delivery.timeout.ms"));
}

TEST(InternalTopicsTest, ExactlyOnceReadsOnlyWhatIsCommitted) {
  const Properties all = worker(
      {{"exactly.once.source.support", "ENABLED"}, {"isolation.level", "read_uncommitted"}});
  EXPECT_EQ(internal_clients(all, Kind::Config).consumer.at("isolation.level"), "read_committed");
  EXPECT_EQ(internal_clients(all, Kind::Offset).consumer.at("isolation.level"), "read_committed");
  EXPECT_EQ(internal_clients(all, Kind::Status).consumer.at("isolation.level"), "read_uncommitted");
  const Properties preparing = worker({{"exactly.once.source.support", "preparing"}});
  EXPECT_FALSE(internal_clients(preparing, Kind::Config).consumer.contains("isolation.level"));
}

TEST(InternalTopicsTest, AConnectorsOffsetTopicIsItsOwnUnlessItIsTheWorkers) {
  const ConnectorTaskId id{"src", 0};
  EXPECT_EQ(connector_offsets_topic(worker(), id, {}), "");
  EXPECT_EQ(connector_offsets_topic(worker(), id, {{"offsets.storage.topic", "o"}}), "");
  EXPECT_EQ(connector_offsets_topic(worker(), id, {{"offsets.storage.topic", "own"}}), "own");
  EXPECT_EQ(connector_offsets_topic(worker(), id, {{"offsets.storage.topic", "o"},
                                                   {"producer.override.bootstrap.servers", "b:1"}}),
            "o");
}

TEST(InternalTopicsTest, LimitsFollowTheWorkersTimeouts) {
  const auto limits = internal_topic_limits(
      worker({{"default.api.timeout.ms", "1234"}, {"retry.backoff.ms", "5"}}));
  EXPECT_EQ(limits.create, Millis{1234});
  EXPECT_EQ(limits.retry_wait, Millis{5});
  EXPECT_EQ(internal_topic_limits(worker()).create, Millis{60'000});
}

}  // namespace
}  // namespace millrace

#include "runtime/broker/client_layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "millrace/errors.h"

namespace millrace {
namespace {

using testing::Contains;
using testing::Key;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

const Properties kWorker{{"bootstrap.servers", "b:1"},
                         {"security.protocol", "SSL"},
                         {"producer.linger.ms", "7"},
                         {"producer.acks", "1"},
                         {"consumer.max.poll.records", "9"},
                         {"admin.retries", "3"},
                         {"rest.port", "8083"}};

TEST(ClientLayers, SourceProducerHasConnectsBaseValues) {
  const Properties config = source_producer_config({{"bootstrap.servers", "b:1"}}, {"c", 2}, {});
  EXPECT_EQ(config, (Properties{{"acks", "all"},
                                {"bootstrap.servers", "b:1"},
                                {"client.id", "connector-producer-c-2"},
                                {"delivery.timeout.ms", "2147483647"},
                                {"enable.idempotence", "false"},
                                {"max.block.ms", "9223372036854775807"},
                                {"max.in.flight.requests.per.connection", "1"}}));
}

TEST(ClientLayers, WorkerPrefixBeatsBaseAndConnectorOverrideBeatsBoth) {
  EXPECT_THAT(source_producer_config(kWorker, {"c", 0}, {}),
              testing::AllOf(Contains(Pair("acks", "1")), Contains(Pair("linger.ms", "7"))));
  const Properties connector{{"producer.override.acks", "0"}, {"producer.override.client.id", "x"}};
  EXPECT_THAT(source_producer_config(kWorker, {"c", 0}, connector),
              testing::AllOf(Contains(Pair("acks", "0")), Contains(Pair("client.id", "x")),
                             Contains(Pair("linger.ms", "7"))));
}

TEST(ClientLayers, OnlyBootstrapServersComesWithoutPrefix) {
  for (const Properties& config :
       {source_producer_config(kWorker, {"c", 0}, {}), sink_consumer_config(kWorker, {"c", 0}, {}),
        dlq_producer_config(kWorker, {"c", 0}, {})}) {
    EXPECT_THAT(config, Contains(Pair("bootstrap.servers", "b:1")));
    EXPECT_THAT(config, Not(Contains(Key("security.protocol"))));
    EXPECT_THAT(config, Not(Contains(Key("rest.port"))));
  }
}

TEST(ClientLayers, SinkConsumer) {
  const Properties config = sink_consumer_config(kWorker, {"c", 1}, {});
  EXPECT_EQ(config, (Properties{{"auto.offset.reset", "earliest"},
                                {"bootstrap.servers", "b:1"},
                                {"client.id", "connector-consumer-c-1"},
                                {"enable.auto.commit", "false"},
                                {"group.id", "connect-c"},
                                {"max.poll.records", "9"}}));
}

TEST(ClientLayers, AutoCommitStaysOffWhateverTheUserSays) {
  const Properties config = sink_consumer_config({{"consumer.enable.auto.commit", "true"}},
                                                 {"c", 0},
                                                 {{"consumer.override.enable.auto.commit", "true"}});
  EXPECT_EQ(config.at("enable.auto.commit"), "false");
}

TEST(ClientLayers, GroupOfASink) {
  EXPECT_EQ(sink_group_id({}, "c", {}), "connect-c");
  EXPECT_EQ(sink_group_id({{"consumer.group.id", "w"}}, "c", {}), "w");
  EXPECT_EQ(sink_group_id({{"consumer.group.id", "w"}}, "c", {{"consumer.override.group.id", "o"}}),
            "o");
}

TEST(ClientLayers, AdminStartsFromUnprefixedWorkerSettings) {
  EXPECT_EQ(connector_admin_config(kWorker, "c", {{"admin.override.request.timeout.ms", "5"}}),
            (Properties{{"bootstrap.servers", "b:1"},
                        {"client.id", "connector-worker-adminclient-c"},
                        {"request.timeout.ms", "5"},
                        {"rest.port", "8083"},
                        {"retries", "3"},
                        {"security.protocol", "SSL"}}));
}

TEST(ClientLayers, ClientIds) {
  EXPECT_EQ(task_admin_config({}, {"c", 3}, {}).at("client.id"), "connector-adminclient-c-3");
  EXPECT_EQ(dlq_admin_config({}, {"c", 3}, {}).at("client.id"), "connector-dlq-adminclient-c-3");
  EXPECT_EQ(dlq_producer_config({}, {"c", 3}, {}).at("client.id"), "connector-dlq-producer-c-3");
}

TEST(ClientLayers, BootstrapServersHasJavasDefault) {
  EXPECT_EQ(worker_admin_config({}).at("bootstrap.servers"), "localhost:9092");
  EXPECT_EQ(source_producer_config({}, {"c", 0}, {}).at("bootstrap.servers"), "localhost:9092");
}

const Properties kOverrides{{"producer.override.acks", "1"},
                            {"producer.override.sasl.jaas.config", "x"},
                            {"consumer.override.max.poll.records", "1"},
                            {"admin.override.retries", "1"}};
constexpr OverrideUse kEverything{.producer = true, .consumer = true, .admin = true};

TEST(OverridePolicy, AllAllowsEverything) {
  EXPECT_TRUE(check_overrides("All", kOverrides, kEverything).empty());
}

TEST(OverridePolicy, NoneNamesEachKey) {
  EXPECT_THAT(check_overrides("None", kOverrides, {.producer = true}),
              UnorderedElementsAre(
                  Pair("producer.override.acks",
                       "The 'None' policy does not allow 'acks' to be overridden in the connector "
                       "configuration."),
                  Pair("producer.override.sasl.jaas.config",
                       "The 'None' policy does not allow 'sasl.jaas.config' to be overridden in "
                       "the connector configuration.")));
}

TEST(OverridePolicy, PrincipalAllowsCredentialsOnly) {
  EXPECT_THAT(check_overrides("Principal", kOverrides, kEverything),
              UnorderedElementsAre(Pair("producer.override.acks", testing::_),
                                   Pair("consumer.override.max.poll.records", testing::_),
                                   Pair("admin.override.retries", testing::_)));
}

TEST(OverridePolicy, LooksOnlyAtClientsInUse) {
  EXPECT_TRUE(check_overrides("None", kOverrides, {}).empty());
}

TEST(OverridePolicy, JavaClassNamesAndUnknownNames) {
  const std::string package = "org.apache.kafka.connect.connector.policy.";
  // The message carries the policy's short name whichever way it was given.
  const auto errors = check_overrides(package + "NoneConnectorClientConfigOverridePolicy",
                                      kOverrides, {.admin = true});
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].second,
            "The 'None' policy does not allow 'retries' to be overridden in the connector "
            "configuration.");
  EXPECT_THROW(check_overrides("Most", {}, {}), ConfigException);
}

}  // namespace
}  // namespace millrace

// Every row of the translation is tried on the client library itself, because several refusals
// come only from rd_kafka_new.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/broker/client_layers.h"
#include "runtime/broker/kafka/handles.h"
#include "runtime/broker/kafka/java_client_config.h"

namespace millrace::kafka {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr ClientKind kProducer = ClientKind::Producer;
constexpr ClientKind kConsumer = ClientKind::Consumer;
constexpr ClientKind kAdmin = ClientKind::Admin;

Properties with_base(Properties java) {
  java.emplace("bootstrap.servers", "127.0.0.1:1");
  java.emplace("group.id", "g");
  return java;
}

ClientConfig run(ClientKind kind, Properties java) {
  Properties all = with_base(std::move(java));
  if (kind != kConsumer) all.erase("group.id");
  return translate(all, kind);
}

/// The client library's value of `key` after it accepted everything, in rd_kafka_new too.
std::string effective(ClientKind kind, Properties java, const char* key) {
  const ClientConfig config = run(kind, std::move(java));
  Conf conf = make_conf(config);
  char value[4096];
  size_t size = sizeof value;
  if (rd_kafka_conf_get(conf.get(), key, value, &size) != RD_KAFKA_CONF_OK) return "<unknown>";
  rd_kafka_destroy(make_client(
      kind == kConsumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, std::move(conf)));
  return value;
}

std::string refusal(ClientKind kind, Properties java) {
  try {
    run(kind, std::move(java));
  } catch (const ConfigException& error) {
    return error.what();
  }
  return "";
}

struct Row {
  ClientKind kind;
  Properties java;
  const char* key;
  const char* expected;
};

[[maybe_unused]] void PrintTo(const Row& row, std::ostream* out) {
  *out << row.key << "=" << row.expected;
}

class Translation : public testing::TestWithParam<Row> {};

TEST_P(Translation, ReachesTheClient) {
  const Row& row = GetParam();
  EXPECT_EQ(effective(row.kind, row.java, row.key), row.expected)
      << (row.java.empty() ? "default" : row.java.begin()->first);
}

INSTANTIATE_TEST_SUITE_P(
    Common, Translation,
    testing::Values(
        Row{kProducer, {{"bootstrap.servers", " SASL_SSL://a:1 ,, b:2"}}, "bootstrap.servers",
            "a:1,b:2"},
        Row{kProducer, {{"client.id", " me "}}, "client.id", "me"},
        Row{kProducer, {}, "client.id", "producer-1"}, Row{kConsumer, {}, "client.id", "consumer-1"},
        Row{kAdmin, {}, "client.id", "adminclient-1"},
        Row{kConsumer, {{"client.rack", "r"}}, "client.rack", "r"},
        Row{kProducer, {{"client.dns.lookup", "use_all_dns_ips"}}, "client.dns.lookup",
            "use_all_dns_ips"},
        Row{kProducer, {}, "socket.timeout.ms", "30000"},
        Row{kProducer, {{"request.timeout.ms", "5000"}}, "socket.timeout.ms", "5000"},
        Row{kProducer, {{"request.timeout.ms", "5000"}}, "request.timeout.ms", "5000"},
        Row{kConsumer, {{"request.timeout.ms", "999999999"}}, "socket.timeout.ms", "300000"},
        Row{kConsumer, {{"request.timeout.ms", "0"}}, "socket.timeout.ms", "10"},
        Row{kProducer, {}, "topic.metadata.refresh.interval.ms", "300000"},
        Row{kProducer, {{"metadata.max.age.ms", "5000"}}, "topic.metadata.refresh.interval.ms",
            "5000"},
        Row{kProducer, {{"metadata.max.age.ms", "86400000"}}, "topic.metadata.refresh.interval.ms",
            "3600000"},
        Row{kProducer, {{"metadata.recovery.strategy", "NONE"}}, "metadata.recovery.strategy",
            "none"},
        Row{kProducer, {{"metadata.recovery.rebootstrap.trigger.ms", "7"}},
            "metadata.recovery.rebootstrap.trigger.ms", "7"},
        Row{kProducer, {}, "reconnect.backoff.ms", "50"},
        Row{kProducer, {}, "reconnect.backoff.max.ms", "1000"},
        Row{kProducer, {{"reconnect.backoff.ms", "2000"}}, "reconnect.backoff.max.ms", "2000"},
        Row{kProducer, {{"reconnect.backoff.ms", "20"}, {"reconnect.backoff.max.ms", "10"}},
            "reconnect.backoff.max.ms", "20"},
        Row{kProducer, {}, "retry.backoff.ms", "100"},
        Row{kProducer, {{"retry.backoff.ms", "0"}}, "retry.backoff.ms", "1"},
        Row{kProducer, {}, "retry.backoff.max.ms", "1000"},
        Row{kProducer, {}, "connections.max.idle.ms", "540000"},
        Row{kAdmin, {}, "connections.max.idle.ms", "300000"},
        Row{kAdmin, {{"connections.max.idle.ms", "9"}}, "connections.max.idle.ms", "9"},
        Row{kProducer, {{"connections.max.idle.ms", "-1"}}, "connections.max.idle.ms", "0"},
        Row{kProducer, {}, "socket.connection.setup.timeout.ms", "10000"},
        Row{kProducer, {{"socket.connection.setup.timeout.ms", "5"}},
            "socket.connection.setup.timeout.ms", "1000"},
        Row{kProducer, {}, "socket.send.buffer.bytes", "0"},
        Row{kProducer, {{"send.buffer.bytes", "131072"}}, "socket.send.buffer.bytes", "131072"},
        Row{kConsumer, {{"receive.buffer.bytes", "-1"}}, "socket.receive.buffer.bytes", "0"},
        Row{kProducer, {}, "enable.metrics.push", "false"},
        Row{kProducer, {{"enable.metrics.push", "TRUE"}}, "enable.metrics.push", "true"},
        Row{kProducer, {}, "socket.nagle.disable", "true"},
        Row{kProducer, {}, "statistics.interval.ms", "0"},
        Row{kAdmin, {{"default.api.timeout.ms", "77"}}, "security.protocol", "plaintext"}));

INSTANTIATE_TEST_SUITE_P(
    Producer, Translation,
    testing::Values(
        Row{kProducer, {}, "acks", "-1"}, Row{kProducer, {{"acks", "all"}}, "acks", "-1"},
        Row{kProducer, {{"acks", "1"}}, "acks", "1"},
        Row{kProducer, {}, "retries", "2147483647"}, Row{kProducer, {{"retries", "0"}}, "retries", "0"},
        Row{kProducer, {{"compression.type", "zstd"}}, "compression.codec", "zstd"},
        Row{kProducer, {{"compression.type", "zstd"}, {"compression.zstd.level", "22"}},
            "compression.level", "12"},
        Row{kProducer, {{"compression.type", "zstd"}, {"compression.gzip.level", "9"}},
            "compression.level", "-1"},
        Row{kProducer, {}, "enable.idempotence", "true"},
        Row{kProducer, {{"acks", "1"}}, "enable.idempotence", "false"},
        Row{kProducer, {{"retries", "0"}}, "enable.idempotence", "false"},
        Row{kProducer, {{"max.in.flight.requests.per.connection", "6"}}, "enable.idempotence",
            "false"},
        Row{kProducer, {}, "max.in.flight.requests.per.connection", "5"},
        Row{kProducer, {{"enable.idempotence", "false"}}, "enable.idempotence", "false"},
        Row{kProducer, {}, "linger.ms", "5"},
        Row{kProducer, {{"linger.ms", "0"}}, "linger.ms", "0"},
        Row{kProducer, {{"linger.ms", "9999999"}}, "linger.ms", "900000"},
        Row{kProducer, {{"batch.size", "16384"}}, "batch.size", "1000000"},
        Row{kProducer, {{"batch.size", "2000000"}}, "batch.size", "2000000"},
        Row{kProducer, {}, "message.max.bytes", "1048576"},
        Row{kProducer, {{"max.request.size", "5000000"}}, "message.max.bytes", "5000000"},
        Row{kProducer, {}, "queue.buffering.max.kbytes", "32768"},
        Row{kProducer, {{"buffer.memory", "1048576"}}, "queue.buffering.max.kbytes", "1024"},
        Row{kProducer, {{"buffer.memory", "9223372036854775807"}}, "queue.buffering.max.kbytes",
            "2147483647"},
        Row{kProducer, {}, "queue.buffering.max.messages", "0"},
        Row{kProducer, {}, "message.timeout.ms", "120000"},
        Row{kProducer, {{"linger.ms", "900000"}}, "message.timeout.ms", "930000"},
        Row{kProducer, {{"delivery.timeout.ms", "2147483647"}}, "message.timeout.ms", "0"},
        Row{kProducer, {{"delivery.timeout.ms", "2147483647"}}, "topic.metadata.propagation.max.ms",
            "3600000"},
        Row{kProducer, {{"delivery.timeout.ms", "60000"}}, "topic.metadata.propagation.max.ms",
            "30000"},
        Row{kProducer, {}, "partitioner", "murmur2_random"},
        Row{kProducer, {{"partitioner.ignore.keys", "true"}}, "partitioner", "random"},
        Row{kProducer,
            {{"partitioner.class",
              "org.apache.kafka.clients.producer.internals.DefaultPartitioner"}},
            "partitioner", "murmur2_random"},
        Row{kProducer, {{"partitioner.class", "org.apache.kafka.clients.producer.UniformStickyPartitioner"}},
            "partitioner", "random"},
        Row{kProducer,
            {{"transactional.id", "t"}, {"delivery.timeout.ms", "2147483647"},
             {"enable.idempotence", "true"}},
            "transactional.id", "t"},
        Row{kProducer, {{"transactional.id", "t"}, {"transaction.timeout.ms", "20000"}},
            "transaction.timeout.ms", "20000"}));

INSTANTIATE_TEST_SUITE_P(
    Consumer, Translation,
    testing::Values(
        Row{kConsumer, {}, "auto.offset.reset", "largest"},
        Row{kConsumer, {{"auto.offset.reset", "EARLIEST"}}, "auto.offset.reset", "smallest"},
        Row{kConsumer, {{"auto.offset.reset", "none"}}, "auto.offset.reset", "error"},
        Row{kConsumer, {}, "isolation.level", "read_uncommitted"},
        Row{kConsumer, {{"isolation.level", "READ_COMMITTED"}}, "isolation.level", "read_committed"},
        Row{kConsumer, {}, "check.crcs", "true"},
        Row{kConsumer, {}, "allow.auto.create.topics", "true"},
        Row{kConsumer, {{"allow.auto.create.topics", "false"}}, "allow.auto.create.topics", "false"},
        Row{kConsumer, {}, "partition.assignment.strategy", "range"},
        Row{kConsumer,
            {{"partition.assignment.strategy",
              "org.apache.kafka.clients.consumer.RangeAssignor,"
              "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"}},
            "partition.assignment.strategy", "range"},
        Row{kConsumer,
            {{"partition.assignment.strategy",
              "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"}},
            "partition.assignment.strategy", "cooperative-sticky"},
        Row{kConsumer,
            {{"partition.assignment.strategy",
              "org.apache.kafka.clients.consumer.RoundRobinAssignor, "
              "org.apache.kafka.clients.consumer.RangeAssignor"}},
            "partition.assignment.strategy", "roundrobin,range"},
        Row{kConsumer,
            {{"partition.assignment.strategy", "org.apache.kafka.clients.consumer.StickyAssignor"}},
            "partition.assignment.strategy", "range"},
        Row{kConsumer, {}, "session.timeout.ms", "45000"},
        Row{kConsumer, {{"session.timeout.ms", "6000"}}, "session.timeout.ms", "6000"},
        Row{kConsumer, {}, "heartbeat.interval.ms", "3000"},
        Row{kConsumer, {}, "max.poll.interval.ms", "300000"},
        Row{kConsumer, {{"max.poll.interval.ms", "2147483647"}}, "max.poll.interval.ms", "86400000"},
        Row{kConsumer, {{"max.poll.interval.ms", "1000"}}, "max.poll.interval.ms", "45000"},
        Row{kConsumer, {}, "fetch.wait.max.ms", "500"},
        Row{kConsumer, {{"fetch.max.wait.ms", "50"}}, "fetch.wait.max.ms", "50"},
        Row{kConsumer, {{"fetch.min.bytes", "0"}}, "fetch.min.bytes", "1"},
        Row{kConsumer, {}, "fetch.max.bytes", "52428800"},
        Row{kConsumer, {{"fetch.max.bytes", "2147483647"}}, "fetch.max.bytes", "2147483135"},
        Row{kConsumer, {{"fetch.max.bytes", "5000"}}, "message.max.bytes", "5000"},
        Row{kConsumer, {{"max.partition.fetch.bytes", "0"}}, "max.partition.fetch.bytes", "1"},
        Row{kConsumer, {}, "max.partition.fetch.bytes", "1048576"},
        Row{kConsumer, {}, "enable.auto.offset.store", "false"},
        Row{kConsumer, {}, "enable.auto.commit", "false"},
        Row{kConsumer, {{"enable.auto.commit", "true"}, {"auto.commit.interval.ms", "10"}},
            "auto.commit.interval.ms", "10"},
        Row{kConsumer, {{"group.instance.id", "i"}}, "group.instance.id", "i"},
        Row{kConsumer, {{"group.protocol", "CONSUMER"}, {"session.timeout.ms", "9000"},
                        {"group.remote.assignor", "uniform"}},
            "group.protocol", "consumer"},
        Row{kConsumer, {{"max.poll.records", "9"}}, "queued.min.messages", "20000"}));

constexpr const char* kPlain =
    R"(org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="p\"w";)";
constexpr const char* kScram =
    "org.apache.kafka.common.security.scram.ScramLoginModule REQUIRED username='u' password='w';";

INSTANTIATE_TEST_SUITE_P(
    Security, Translation,
    testing::Values(
        Row{kProducer, {}, "security.protocol", "plaintext"},
        Row{kProducer, {{"security.protocol", "SSL"}}, "security.protocol", "ssl"},
        Row{kProducer, {{"security.protocol", "SSL"}}, "ssl.endpoint.identification.algorithm",
            "https"},
        Row{kProducer,
            {{"security.protocol", "SSL"}, {"ssl.endpoint.identification.algorithm", ""}},
            "ssl.endpoint.identification.algorithm", "none"},
        Row{kProducer,
            {{"security.protocol", "SSL"}, {"ssl.endpoint.identification.algorithm", "HTTPS"}},
            "ssl.endpoint.identification.algorithm", "https"},
        Row{kProducer,
            {{"security.protocol", "SSL"},
             {"ssl.cipher.suites",
              "TLS_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,NO_SUCH"}},
            "ssl.cipher.suites", "ECDHE-RSA-AES128-GCM-SHA256"},
        Row{kProducer,
            {{"security.protocol", "SASL_PLAINTEXT"}, {"sasl.mechanism", "plain"},
             {"sasl.jaas.config", kPlain}},
            "sasl.mechanism", "PLAIN"},
        Row{kProducer,
            {{"security.protocol", "SASL_SSL"}, {"sasl.mechanism", "PLAIN"},
             {"sasl.jaas.config", kPlain}},
            "sasl.username", "u"},
        Row{kProducer,
            {{"security.protocol", "SASL_SSL"}, {"sasl.mechanism", "PLAIN"},
             {"sasl.jaas.config", kPlain}},
            "sasl.password", "p\"w"},
        Row{kConsumer,
            {{"security.protocol", "SASL_SSL"}, {"sasl.mechanism", "SCRAM-SHA-512"},
             {"sasl.jaas.config", kScram}},
            "sasl.mechanism", "SCRAM-SHA-512"},
        // Without SASL in the protocol Java does not look at the rest.
        Row{kProducer, {{"sasl.mechanism", "GSSAPI"}, {"sasl.jaas.config", "junk"}},
            "security.protocol", "plaintext"}));

TEST(ClientConfigTest, ConnectsOwnSettingsAreAccepted) {
  const Properties worker{{"bootstrap.servers", "127.0.0.1:1"}};
  for (const auto& [kind, config] :
       {std::pair{kProducer, source_producer_config(worker, {"c", 0}, {})},
        std::pair{kConsumer, sink_consumer_config(worker, {"c", 0}, {})},
        std::pair{kAdmin, connector_admin_config(worker, "c", {})}}) {
    const ClientConfig translated = translate(config, kind);
    EXPECT_THAT(translated.warnings, IsEmpty());
    rd_kafka_destroy(make_client(kind == kConsumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER,
                                 make_conf(translated)));
  }
}

TEST(ClientConfigTest, SideSettings) {
  ClientConfig config = run(kConsumer, {});
  EXPECT_EQ(config.max_poll_records, 500);
  EXPECT_EQ(config.api_timeout_ms, 60'000);
  EXPECT_EQ(config.metadata_max_age_ms, 300'000);
  config = run(kConsumer, {{"max.poll.records", "7"}, {"default.api.timeout.ms", "5"}});
  EXPECT_EQ(config.max_poll_records, 7);
  EXPECT_EQ(config.api_timeout_ms, 5);
  config = run(kProducer, {{"max.block.ms", "9223372036854775807"}});
  EXPECT_EQ(config.max_block_ms, INT64_MAX);
  EXPECT_FALSE(config.retries_without_limit);
  EXPECT_TRUE(run(kProducer, {{"delivery.timeout.ms", "2147483647"}}).retries_without_limit);
}

TEST(ClientConfigTest, UnknownKeyGetsOneWarningWithTheNearestName) {
  EXPECT_THAT(run(kProducer, {{"linger.mss", "secret-value"}}).warnings,
              ElementsAre("client setting linger.mss is not known and has no effect; did you mean "
                          "linger.ms?"));
  // An admin client gets the whole worker file.
  EXPECT_THAT(run(kAdmin, {{"offset.flush.interval.ms", "1"}}).warnings, IsEmpty());
}

TEST(ClientConfigTest, ClampingWarnsOnlyForExplicitValues) {
  EXPECT_THAT(run(kConsumer, {}).warnings, IsEmpty());
  EXPECT_THAT(run(kConsumer, {{"max.poll.interval.ms", "2147483647"}}).warnings,
              ElementsAre(HasSubstr("max.poll.interval.ms=2147483647")));
}

TEST(ClientConfigTest, JavaOnlySettingsAreIgnoredInSilence) {
  EXPECT_THAT(run(kProducer, {{"metric.reporters", "x"},
                              {"key.serializer",
                               "org.apache.kafka.common.serialization.ByteArraySerializer"},
                              {"metrics.context.connect.group.id", "g"},
                              {"partitioner.availability.timeout.ms", "1"}})
                  .warnings,
              IsEmpty());
  EXPECT_THAT(run(kProducer, {{"interceptor.classes", "x.Y"}}).warnings,
              ElementsAre(HasSubstr("interceptor.classes")));
  EXPECT_THAT(run(kConsumer, {{"value.deserializer", "x.StringDeserializer"}}).warnings,
              ElementsAre(HasSubstr("value.deserializer")));
}

TEST(ClientConfigTest, NativeSettingsNeedTheMarkerAndDangerousOnesAreRefused) {
  EXPECT_EQ(effective(kConsumer, {{"librdkafka.fetch.queue.backoff.ms", "77"}},
                      "fetch.queue.backoff.ms"),
            "77");
  EXPECT_EQ(effective(kProducer, {{"librdkafka.partitioner", "fnv1a"}}, "partitioner"), "fnv1a");
  for (const char* key :
       {"plugin.library.paths", "ssl.engine.location", "ssl.providers", "test.mock.num.brokers",
        "sasl.kerberos.kinit.cmd", "sasl.oauthbearer.assertion.private.key.file", "enabled_events",
        "opaque", "error_cb", "debug", "log_level"}) {
    EXPECT_THAT(refusal(kProducer, {{std::string("librdkafka.") + key, "x"}}), HasSubstr(key));
  }
}

TEST(ClientConfigTest, ContradictionsWithIdempotenceAreRefusedWhenAskedFor) {
  const std::string suffix = " in order to use the idempotent producer.";
  EXPECT_EQ(refusal(kProducer, {{"enable.idempotence", "true"}, {"acks", "1"}}),
            "Must set acks to all" + suffix);
  EXPECT_EQ(refusal(kProducer, {{"enable.idempotence", "true"}, {"retries", "0"}}),
            "Must set retries to non-zero" + suffix);
  EXPECT_EQ(refusal(kProducer, {{"enable.idempotence", "true"},
                                {"max.in.flight.requests.per.connection", "6"}}),
            "Must set max.in.flight.requests.per.connection to at most 5" + suffix);
  EXPECT_THAT(refusal(kProducer, {{"enable.idempotence", "false"}, {"transactional.id", "t"}}),
              HasSubstr("transactional.id"));
}

TEST(ClientConfigTest, WhatCannotWorkNamesItsKey) {
  EXPECT_THAT(refusal(kProducer, {{"bootstrap.servers", " , "}}), HasSubstr("bootstrap.servers"));
  EXPECT_THAT(refusal(kAdmin, {{"bootstrap.controllers", "c:1"}}),
              HasSubstr("bootstrap.controllers"));
  EXPECT_EQ(refusal(kProducer, {{"linger.ms", "5s"}}),
            "Invalid value 5s for configuration linger.ms: Not a number of type LONG");
  EXPECT_THAT(refusal(kProducer, {{"enable.idempotence", "yes"}}), HasSubstr("enable.idempotence"));
  EXPECT_EQ(refusal(kProducer, {{"delivery.timeout.ms", "29999"}}),
            "delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms");
  EXPECT_THAT(refusal(kProducer, {{"partitioner.class", "a.B"}}), HasSubstr("partitioner.class"));
  EXPECT_THAT(refusal(kConsumer, {{"auto.offset.reset", "by_duration:PT1H"}}),
              HasSubstr("auto.offset.reset"));
  EXPECT_THAT(refusal(kConsumer, {{"partition.assignment.strategy", "a.Mine"}}),
              HasSubstr("partition.assignment.strategy"));
  EXPECT_THAT(refusal(kProducer, {{"security.protocol", "TLS"}}), HasSubstr("security.protocol"));
}

TEST(ClientConfigTest, SecurityThatIsNotSupportedIsRefused) {
  const auto sasl = [](const char* mechanism, const char* jaas) {
    return refusal(kProducer, {{"security.protocol", "SASL_PLAINTEXT"},
                               {"sasl.mechanism", mechanism},
                               {"sasl.jaas.config", jaas}});
  };
  EXPECT_THAT(sasl("GSSAPI", kPlain), HasSubstr("Krb5LoginModule"));
  EXPECT_THAT(sasl("AWS_MSK_IAM", kPlain), HasSubstr("AWS_MSK_IAM is not supported"));
  EXPECT_THAT(sasl("PLAIN", ""), HasSubstr("sasl.jaas.config is not set"));
  EXPECT_THAT(sasl("PLAIN", kScram), HasSubstr("PlainLoginModule"));
  EXPECT_THAT(sasl("PLAIN", "x.PlainLoginModule required username=u;"), HasSubstr("password"));
  EXPECT_THAT(sasl("SCRAM-SHA-256",
                   "x.ScramLoginModule required tokenauth=\"true\" username=u password=p;"),
              HasSubstr("tokenauth"));
  const auto ssl = [](Properties java) {
    java["security.protocol"] = "SSL";
    return refusal(kProducer, std::move(java));
  };
  EXPECT_THAT(ssl({{"ssl.truststore.location", "/none/t.jks"}, {"ssl.truststore.password", "pw"}}),
              HasSubstr("ssl.truststore.location /none/t.jks: No such file"));
  EXPECT_THAT(ssl({{"ssl.truststore.password", "pw"}}), HasSubstr("ssl.truststore.location"));
  EXPECT_THAT(ssl({{"ssl.truststore.location", "/t.pem"}, {"ssl.truststore.type", "PEM"},
                   {"ssl.truststore.password", "pw"}}),
              HasSubstr("ssl.truststore.password"));
  EXPECT_THAT(ssl({{"ssl.keystore.key", "x"}, {"ssl.keystore.type", "PEM"}}),
              HasSubstr("ssl.keystore.certificate.chain"));
  EXPECT_THAT(ssl({{"ssl.truststore.certificates", "x"}}), HasSubstr("type=PEM"));
  EXPECT_THAT(ssl({{"ssl.truststore.certificates", "x"}, {"ssl.truststore.type", "PEM"},
                   {"ssl.truststore.location", "/t"}}),
              HasSubstr("cannot both be set"));
  EXPECT_THAT(ssl({{"ssl.enabled.protocols", "TLSv1,TLSv1.1"}}), HasSubstr("TLSv1.2"));
  EXPECT_THAT(ssl({{"ssl.engine.factory.class", "a.B"}}), HasSubstr("ssl.engine.factory.class"));
}

TEST(ClientConfigTest, NoMessageHoldsASecret) {
  const std::string secret = "Tr0ub4dor";
  const std::string jaas = "x.PlainLoginModule required username=u password=\"" + secret + "\"";
  const ClientConfig config = run(kProducer, {{"security.protocol", "SASL_PLAINTEXT"},
                                              {"sasl.mechanism", "PLAIN"},
                                              {"sasl.jaas.config", jaas},
                                              {"sasl.pasword", secret}});
  EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("`;`"), HasSubstr("sasl.pasword")));
  for (const std::string& warning : config.warnings) EXPECT_THAT(warning, Not(HasSubstr(secret)));
  EXPECT_THAT(refusal(kProducer, {{"security.protocol", "SASL_PLAINTEXT"},
                                  {"sasl.mechanism", "PLAIN"},
                                  {"sasl.jaas.config", "x.PlainLoginModule " + secret}}),
              Not(HasSubstr(secret)));
  EXPECT_THAT(refusal(kProducer, {{"security.protocol", "SSL"},
                                  {"ssl.truststore.type", "PEM"},
                                  {"ssl.truststore.certificates", secret}}),
              testing::AllOf(Not(HasSubstr(secret)), HasSubstr("ssl.truststore.certificates")));
}

}  // namespace
}  // namespace millrace::kafka

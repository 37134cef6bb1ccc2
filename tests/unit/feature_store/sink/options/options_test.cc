#include "connectors/feature_store/sink/options.h"

#include <gmock/gmock.h>

#include "millrace/errors.h"
#include "millrace/log.h"

namespace millrace::feature_store {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

Properties with(Properties more) {
  more.insert({{"name", "fs"}, {"store.path", "/data"}});
  return more;
}

std::vector<std::pair<std::string, std::string>> errors_of(const Properties& config) {
  ConfigErrors errors;
  check_config(config, errors);
  return errors.entries();
}

TEST(FeatureStoreOptionsTest, DefaultsAreThoseOfHopsworksService) {
  const SinkOptions options = SinkOptions::parse(with({}));
  EXPECT_EQ(options.connector, "fs");
  EXPECT_EQ(options.group_id, "connect-fs");
  EXPECT_EQ(options.batch_size, 1000U);
  EXPECT_EQ(options.max_retries, 3);
  EXPECT_EQ(options.retry_backoff.count(), 5000);
  EXPECT_EQ(options.collector.mode, UpsertMode::Header);
  EXPECT_TRUE(options.collector.honour_storage);
  EXPECT_TRUE(options.collector.enforce_ttl);
  EXPECT_EQ(options.catalog.refresh.count(), 10'000);
  EXPECT_EQ(options.catalog.unknown, UnknownGroups::None);
  EXPECT_EQ(options.store_type, "rocksdb");
  EXPECT_EQ(options.placement, "single");
  EXPECT_EQ(options.initial_position, "fail");
  EXPECT_EQ(options.out_of_range, "fail");
  EXPECT_EQ(options.auto_offset_reset, "earliest");
  EXPECT_EQ(options.rocks.path, "/data");
  EXPECT_EQ(options.serving.bind, "127.0.0.1");
  EXPECT_EQ(options.serving.rondb_port, kPortOff);
  EXPECT_EQ(options.serving.feast_port, kPortOff);
  EXPECT_EQ(options.redis.layout, "feast");
  EXPECT_FALSE(options.tolerates_errors);
}

/// What a row has as its default is what the part has of itself.
TEST(FeatureStoreOptionsTest, DefaultsAreThoseOfTheParts) {
  const SinkOptions options = SinkOptions::parse(with({}));
  const RocksOptions rocks;
  EXPECT_EQ(options.rocks.block_cache_bytes, rocks.block_cache_bytes);
  EXPECT_EQ(options.rocks.write_buffer_bytes, rocks.write_buffer_bytes);
  EXPECT_EQ(options.rocks.marker_retention, rocks.marker_retention);
  const RedisOptions redis;
  EXPECT_EQ(options.redis.port, redis.port);
  EXPECT_EQ(options.redis.timeout, redis.timeout);
  const MysqlOptions mysql;
  EXPECT_EQ(options.mysql.port, mysql.port);
  EXPECT_EQ(options.mysql.metadata_database, mysql.metadata_database);
  EXPECT_EQ(options.mysql.rows_per_statement, mysql.rows_per_statement);
  EXPECT_EQ(options.mysql.timeout, mysql.timeout);
  const ServingOptions serving;
  EXPECT_EQ(options.serving.threads, serving.threads);
  EXPECT_EQ(options.serving.max_connections, serving.max_connections);
  EXPECT_EQ(options.serving.max_body_bytes, serving.max_body_bytes);
  EXPECT_EQ(options.serving.max_operations, serving.max_operations);
  EXPECT_EQ(options.serving.max_entries, serving.max_entries);
  EXPECT_EQ(options.serving.deadline, serving.deadline);
  EXPECT_EQ(options.serving.idle, serving.idle);
  EXPECT_EQ(options.serving.max_wait, serving.max_wait);
}

TEST(FeatureStoreOptionsTest, KeysReachTheirParts) {
  const SinkOptions options = SinkOptions::parse(
      with({{"apply.threads", "3"},
            {"upsert.mode", "event_time"},
            {"storage.header.mode", "ignore"},
            {"ttl.enforce", "false"},
            {"delete.marker.retention.ms", "77"},
            {"metadata.file", "groups.json"},
            {"metadata.unknown.groups", "schema"},
            {"metadata.default.primary.key", "id, day"},
            {"schema.registry.url", "http://a:8081,https://b"},
            {"schema.registry.basic.auth", "user:secret"},
            {"schema.file", "schemas"},
            {"consumer.group.id", "onlinefs_rondb"},
            {"consumer.override.auto.offset.reset", "latest"},
            {"serving.rondb.port", "4406"},
            {"serving.api.keys.file", "keys"},
            {"store.checkpoint.dir", "/data-copies"},
            {"topic.to.group", "plain:42,with:colon:7"},
            {"notification.topic", "told"},
            {"offline.store.connector", "lake"},
            {"errors.tolerance", "all"}}));

  EXPECT_EQ(options.collector.mode, UpsertMode::EventTime);
  EXPECT_FALSE(options.collector.honour_storage);
  EXPECT_FALSE(options.collector.enforce_ttl);
  EXPECT_FALSE(options.rocks.enforce_ttl);
  EXPECT_EQ(options.rocks.marker_retention.count(), 77);
  EXPECT_EQ(options.mysql.marker_retention.count(), 77);
  EXPECT_EQ(options.catalog.file, "groups.json");
  EXPECT_EQ(options.catalog.unknown, UnknownGroups::Schema);
  EXPECT_THAT(options.catalog.default_primary_key, ElementsAre("id", "day"));
  EXPECT_THAT(options.schemas.registry_urls, ElementsAre("http://a:8081", "https://b"));
  EXPECT_EQ(options.schemas.basic_auth->value(), "user:secret");
  EXPECT_EQ(options.schemas.file, "schemas");
  EXPECT_EQ(options.group_id, "onlinefs_rondb");
  EXPECT_EQ(options.mysql.consumer_group, "onlinefs_rondb");
  EXPECT_EQ(options.auto_offset_reset, "latest");
  EXPECT_EQ(options.serving.rondb_port, 4406);
  EXPECT_EQ(options.serving.checkpoint_folder, "/data-copies");
  EXPECT_EQ(options.serving.api_keys_file, "keys");
  EXPECT_THAT(options.collector.group_of_topic, ElementsAre(Pair("plain", 42), Pair("with:colon", 7)));
  EXPECT_EQ(options.notification_topic, "told");
  EXPECT_EQ(options.offline_connector, "lake");
  EXPECT_TRUE(options.tolerates_errors);
}

struct Bad {
  const char* name;
  Properties config;
  const char* key;
  const char* part;  // of the message
};

class BadOptionsTest : public testing::TestWithParam<Bad> {};

TEST_P(BadOptionsTest, IsAnErrorOfItsKeyAndFailsTheTask) {
  const Bad& bad = GetParam();
  Properties config = bad.config;
  config.insert({{"name", "fs"}, {"store.path", "/data"}});
  EXPECT_THAT(errors_of(config), ElementsAre(Pair(bad.key, HasSubstr(bad.part))));
  try {
    SinkOptions::parse(config);
    FAIL() << "no exception";
  } catch (const ConfigException& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr(bad.key), HasSubstr(bad.part)));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, BadOptionsTest,
    testing::Values(
        Bad{"no_path", {{"store.path", ""}}, "store.path", "needs a folder"},
        Bad{"replica_of_redis",
            {{"store.type", "redis"}, {"store.placement", "replica"}},
            "store.placement",
            "rocksdb alone"},
        Bad{"mysql_without_user", {{"store.type", "mysql"}}, "mysql.user", "needs a user"},
        Bad{"lookups_of_redis",
            {{"store.type", "redis"}, {"serving.feast.port", "6566"}},
            "serving.feast.port",
            "redis answers them itself"},
        Bad{"one_port",
            {{"serving.rondb.port", "7"}, {"serving.feast.port", "7"}},
            "serving.feast.port",
            "serving.rondb.port"},
        Bad{"two_lists", {{"topics", "a"}, {"topic_list", "b"}}, "topic_list", "other topics"},
        Bad{"two_groups",
            {{"consumer.group.id", "a"}, {"consumer.override.group.id", "b"}},
            "consumer.group.id",
            "consumer.override.group.id"},
        Bad{"mapping", {{"topic.to.group", "a:b"}}, "topic.to.group", "\"a:b\" is not TOPIC:ID"},
        Bad{"topic_twice", {{"topic.to.group", "a:1,b:2,a:3"}}, "topic.to.group", "Topic a is there twice"},
        Bad{"copies_in_the_store",
            {{"store.path", "/data/"}, {"store.checkpoint.dir", "/data/x/../copies"}},
            "store.checkpoint.dir",
            "within store.path"},
        Bad{"copies_of_redis",
            {{"store.type", "redis"}, {"store.checkpoint.dir", "/copies"}},
            "store.checkpoint.dir",
            "store.type=rocksdb alone"},
        Bad{"negative_id", {{"topic.to.group", "a:-1"}}, "topic.to.group", "is not TOPIC:ID"},
        Bad{"told_topic_is_read",
            {{"topics", "a,b"}, {"notification.topic", "b"}},
            "notification.topic",
            "reads topic b itself"},
        Bad{"told_topic_matches", {{"notification.topic", "x_onlinefs"}}, "notification.topic", "itself"},
        Bad{"no_key", {{"metadata.unknown.groups", "schema"}}, "metadata.default.primary.key", "columns"},
        Bad{"inline", {{"metadata.inline", "[1]"}}, "metadata.inline", "not a JSON object"},
        Bad{"registry", {{"schema.registry.url", "host:8081"}}, "schema.registry.url", "http://"},
        Bad{"auth", {{"schema.registry.basic.auth", "user"}}, "schema.registry.basic.auth", "USER:PASSWORD"}),
    [](const auto& bad) { return std::string(bad.param.name); });

TEST(FeatureStoreOptionsTest, SecretsAreInNoMessage) {
  for (const auto& [key, message] : errors_of(with({{"schema.registry.basic.auth", "hush"}}))) {
    EXPECT_THAT(message, Not(HasSubstr("hush"))) << key;
  }
}

TEST(FeatureStoreOptionsTest, WhatIsWrongWithOneKeyIsLeftToTheWorker) {
  EXPECT_THAT(errors_of(with({{"batch.size", "0"}})), IsEmpty());
  EXPECT_THROW(SinkOptions::parse(with({{"batch.size", "0"}})), ConfigException);
}

TEST(ResolveConfigTest, TopicsAreTheListOrItsAliasOrThePatternOfHopsworks) {
  EXPECT_EQ(resolve_config(with({})).at("topics.regex"), ".*_onlinefs");
  const Properties list = resolve_config(with({{"topic_list", "a, b"}}));
  EXPECT_EQ(list.at("topics"), "a,b");
  EXPECT_FALSE(list.contains("topics.regex"));
  EXPECT_EQ(resolve_config(with({{"topics", "a"}, {"topic_list", "a"}})).at("topics"), "a");
  EXPECT_EQ(resolve_config(with({{"topics.regex", "x.*"}})).at("topics.regex"), "x.*");
  const Properties blank = resolve_config(with({{"topics", " "}}));
  EXPECT_EQ(blank.at("topics.regex"), ".*_onlinefs");
}

TEST(ResolveConfigTest, ConvertersLeaveBytesAloneUnlessTheConfigurationHasItsOwn) {
  constexpr const char* kBytes = "org.apache.kafka.connect.converters.ByteArrayConverter";
  const Properties resolved = resolve_config(with({{"value.converter", "Own"}}));
  EXPECT_EQ(resolved.at("key.converter"), kBytes);
  EXPECT_EQ(resolved.at("header.converter"), kBytes);
  EXPECT_EQ(resolved.at("value.converter"), "Own");
  EXPECT_EQ(resolved.at("errors.deadletterqueue.context.headers.enable"), "true");
}

TEST(ResolveConfigTest, TheGroupOfAReplicaEndsInTheIdOfItsStore) {
  EXPECT_FALSE(resolve_config(with({})).contains("consumer.override.group.id"));
  EXPECT_EQ(resolve_config(with({{"consumer.group.id", "g"}})).at("consumer.override.group.id"), "g");
  const auto id = [](const RocksOptions& rocks) { return "id-of-" + rocks.path; };
  EXPECT_EQ(resolve_config(with({{"store.placement", "replica"}}), id).at("consumer.override.group.id"),
            "connect-fs-id-of-/data");
  EXPECT_EQ(resolve_config(with({{"store.placement", "replica"}, {"consumer.override.group.id", "g"}}), id)
                .at("consumer.override.group.id"),
            "g-id-of-/data");
  EXPECT_FALSE(resolve_config(with({}), id).contains("consumer.override.group.id"));
  EXPECT_FALSE(resolve_config(with({{"store.placement", "replica"}, {"store.path", ""}}), id)
                   .contains("consumer.override.group.id"))
      << "validation says that the path is missing";
}

TEST(ResolveConfigTest, NothingElseChanges) {
  const Properties config = with({{"topics", "a"}, {"unknown", "1"}});
  Properties resolved = resolve_config(config);
  for (const char* key : {"key.converter", "value.converter", "header.converter",
                          "errors.deadletterqueue.context.headers.enable"}) {
    resolved.erase(key);
  }
  EXPECT_EQ(resolved, config);
}

std::vector<std::string>& warnings() {
  static std::vector<std::string> all;
  return all;
}

TEST(WarnOfSettingsTest, KeysWithoutEffectAreNamed) {
  warnings().clear();
  set_log_sink([](LogLevel level, std::string_view, std::string_view message) {
    if (level == LogLevel::Warn) warnings().emplace_back(message);
  });
  warn_of_settings(with({{"apply.threads", "2"}, {"store.checkpoint.dir", "/copies"}}));
  EXPECT_THAT(warnings(), testing::IsSupersetOf({HasSubstr("apply.threads=2 makes no difference"),
                                                 HasSubstr("store.checkpoint.dir makes no difference")}));
  warnings().clear();
  warn_of_settings(with({{"apply.threads", "1"}, {"store.checkpoint.dir", "/copies"}, {"serving.rondb.port", "0"}}));
  set_log_sink(nullptr);
  EXPECT_THAT(warnings(), testing::Each(Not(HasSubstr("makes no difference"))));
}

TEST(UnknownKeysTest, AreNamedWithWhatTheyMayHaveMeantAndWithoutTheirValues) {
  const std::string text = unknown_keys(
      with({{"stor.type", "hush"}, {"nonsense", "hush"}, {"topics", "a"}, {"tasks.max", "1"},
            {"consumer.override.fetch.min.bytes", "1"}, {"kafka.data.sources.x.type", "KAFKA"},
            {"errors.log.enable", "true"}, {"transforms.a.type", "b"}}));
  EXPECT_THAT(text, HasSubstr("nonsense, stor.type (did you mean store.type?)"));
  EXPECT_THAT(text, Not(HasSubstr("hush")));
  EXPECT_EQ(unknown_keys(with({{"topics", "a"}})), "");
}

}  // namespace
}  // namespace millrace::feature_store

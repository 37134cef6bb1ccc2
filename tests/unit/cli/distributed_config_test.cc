#include "runtime/cli/distributed_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "millrace/errors.h"

namespace millrace {
namespace {

Properties minimal() {
  return {{"group.id", "g"},
          {"key.converter", "org.apache.kafka.connect.storage.StringConverter"},
          {"value.converter", "org.apache.kafka.connect.storage.StringConverter"},
          {"config.storage.topic", "configs"},
          {"offset.storage.topic", "offsets"},
          {"status.storage.topic", "status"}};
}

std::string refusal(const std::string& key, const std::string& value) {
  Properties properties = minimal();
  properties[key] = value;
  try {
    DistributedConfig::load(properties);
  } catch (const ConfigException& error) {
    return error.what();
  }
  return "";
}

TEST(DistributedConfigTest, DefaultsAreKafkas) {
  const DistributedConfig config = DistributedConfig::load(minimal());
  EXPECT_EQ(config.group.session_timeout_ms, 10'000);
  EXPECT_EQ(config.group.heartbeat_interval_ms, 3'000);
  EXPECT_EQ(config.group.rebalance_timeout_ms, 60'000);
  EXPECT_EQ(config.group.connect_protocol, "sessioned");
  EXPECT_EQ(config.group.scheduled_rebalance_max_delay_ms, 300'000);
  EXPECT_EQ(config.topics.offset_partitions, 25);
  EXPECT_EQ(config.topics.status_partitions, 5);
  EXPECT_EQ(config.topics.config_replication_factor, 3);
  EXPECT_FALSE(config.auto_restart.enable);
  EXPECT_EQ(config.group.task_stall_timeout_ms, 0);
}

TEST(DistributedConfigTest, EveryRequiredKeyIsAskedFor) {
  const Properties all = minimal();
  for (const auto& [key, value] : all) {
    Properties properties = all;
    properties.erase(key);
    try {
      DistributedConfig::load(properties);
      ADD_FAILURE() << key;
    } catch (const ConfigException& error) {
      EXPECT_EQ(std::string(error.what()),
                "Missing required configuration \"" + key + "\" which has no default value.");
    }
  }
}

TEST(DistributedConfigTest, WhatCannotWorkIsRefused) {
  EXPECT_THAT(refusal("heartbeat.interval.ms", "10000"), testing::HasSubstr("session.timeout.ms"));
  EXPECT_THAT(refusal("connect.protocol", "lazy"), testing::HasSubstr("connect.protocol"));
  EXPECT_THAT(refusal("exactly.once.source.support", "Enabled"),
              testing::HasSubstr("does not write source records in transactions"));
  EXPECT_EQ(refusal("exactly.once.source.support", "preparing"), "");
  EXPECT_EQ(refusal("connect.protocol", "COMPATIBLE"), "");
}

}  // namespace
}  // namespace millrace

#include "runtime/herder/config_hash.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

struct Options {
  Password key;
  std::string token_name;
};

const ConfigDefinition& definition() {
  static const auto rows = ConfigDef<Options>{}
                               .optional(&Options::key, {.name = "service.key", .doc = "A secret."})
                               .optional(&Options::token_name,
                                         {.name = "token.name", .doc = "Not a secret."});
  return rows.definition();
}

const Properties kConnector = {{"name", "c"}, {"topic", "t"}};

TEST(TaskConfigHash, ShowsChangesOfConnectorAndTask) {
  const std::string hash = task_config_hash(kConnector, {{"file", "a"}}, nullptr);
  EXPECT_EQ(hash.size(), 16U);
  EXPECT_EQ(hash, task_config_hash(kConnector, {{"file", "a"}}, nullptr));
  EXPECT_NE(hash, task_config_hash(kConnector, {{"file", "b"}}, nullptr));
  EXPECT_NE(hash, task_config_hash({{"name", "c"}}, {{"file", "a"}}, nullptr));
  EXPECT_NE(hash, task_config_hash({{"file", "a"}}, kConnector, nullptr));
  EXPECT_NE(task_config_hash({{"a", "b"}, {"c", "d"}}, {}, nullptr),
            task_config_hash({{"a", "bc"}, {"", "d"}}, {}, nullptr));
}

TEST(TaskConfigHash, IsTheSameEverywhere) {
  EXPECT_EQ(task_config_hash({}, {}, nullptr), "a3e9895baca1203d");
}

TEST(TaskConfigHash, LeavesSecretsOut) {
  const auto hash = [](const std::string& key, const std::string& value) {
    return task_config_hash({{key, value}}, {}, &definition());
  };
  for (const char* key : {"service.key", "producer.override.sasl.jaas.config", "db.PASSWORD",
                          "ssl.keystore.key", "aws.secret.access.key"}) {
    EXPECT_EQ(hash(key, "one"), hash(key, "two")) << key;
  }
  EXPECT_NE(hash("token.name", "one"), hash("token.name", "two"));
  EXPECT_NE(hash("batch.size", "1"), hash("batch.size", "2"));
}

}  // namespace
}  // namespace millrace

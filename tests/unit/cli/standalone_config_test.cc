#include "runtime/cli/standalone_config.h"
#include "runtime/cli/worker_file.h"

#include <gtest/gtest.h>

#include "millrace/errors.h"

namespace millrace {
namespace {

Properties minimal() {
  return {{"key.converter", "JsonConverter"},
          {"value.converter", "JsonConverter"},
          {"offset.storage.file.filename", "/data/offsets"}};
}

std::string error_of(const std::string& key, const std::string& value) {
  Properties properties = minimal();
  properties[key] = value;
  try {
    StandaloneConfig::load(properties);
    return "";
  } catch (const ConfigException& error) {
    return error.what();
  }
}

TEST(StandaloneConfigTest, DefaultsAreKafkas) {
  const StandaloneConfig config = StandaloneConfig::load(minimal());
  EXPECT_EQ(config.worker.bootstrap_servers, std::vector<std::string>{"localhost:9092"});
  EXPECT_EQ(config.worker.header_converter,
            "org.apache.kafka.connect.storage.SimpleHeaderConverter");
  EXPECT_EQ(config.worker.task_shutdown_graceful_timeout_ms, 5000);
  EXPECT_EQ(config.worker.offset_flush_interval_ms, 60000);
  EXPECT_EQ(config.worker.plugin_path, std::nullopt);
  EXPECT_TRUE(config.worker.topic_tracking_enable);
  EXPECT_EQ(config.worker.connector_client_config_override_policy, "All");
  EXPECT_EQ(config.rest.listeners, std::vector<std::string>{"http://:8083"});
  EXPECT_EQ(config.rest.admin_listeners, std::nullopt);
  EXPECT_EQ(config.rest.tls.enabled_protocols, (std::vector<std::string>{"TLSv1.2", "TLSv1.3"}));
  EXPECT_EQ(config.standalone.offset_storage_file_filename, "/data/offsets");
  EXPECT_EQ(config.standalone.embedded_log_dir, std::nullopt);
}

TEST(StandaloneConfigTest, ValuesAreReadAndOriginalsKept) {
  Properties properties = minimal();
  properties["bootstrap.servers"] = "a:1, b:2";
  properties["offset.flush.interval.ms"] = " 10000 ";
  properties["rest.advertised.port"] = "8084";
  properties["admin.listeners"] = "";
  properties["embedded.log.dir"] = "/data/log";
  properties["embedded.log.retention.ms"] = "1";
  properties["producer.acks"] = "1 ";
  const StandaloneConfig config = StandaloneConfig::load(properties);
  EXPECT_EQ(config.worker.bootstrap_servers, (std::vector<std::string>{"a:1", "b:2"}));
  EXPECT_EQ(config.worker.offset_flush_interval_ms, 10000);
  EXPECT_EQ(config.rest.advertised_port, 8084);
  EXPECT_EQ(config.rest.admin_listeners, std::vector<std::string>{});
  EXPECT_EQ(config.standalone.embedded_log_dir, "/data/log");
  EXPECT_EQ(config.originals, properties);
}

TEST(StandaloneConfigTest, FirstBadKeyInDefinitionOrderIsReported) {
  EXPECT_THROW(StandaloneConfig::load({}), ConfigException);
  try {
    StandaloneConfig::load({{"metrics.num.samples", "x"}});
    FAIL() << "no exception";
  } catch (const ConfigException& error) {
    EXPECT_STREQ(error.what(),
                 "Missing required configuration \"key.converter\" which has no default value.");
  }
  Properties without_file = minimal();
  without_file.erase("offset.storage.file.filename");
  try {
    StandaloneConfig::load(without_file);
    FAIL() << "no exception";
  } catch (const ConfigException& error) {
    EXPECT_STREQ(error.what(),
                 "Missing required configuration \"offset.storage.file.filename\" which has no "
                 "default value.");
  }
}

TEST(StandaloneConfigTest, BadValuesHaveKafkasMessages) {
  EXPECT_EQ(error_of("offset.flush.interval.ms", "1e3"),
            "Invalid value 1e3 for configuration offset.flush.interval.ms: Not a number of type "
            "LONG");
  EXPECT_EQ(error_of("metrics.num.samples", "0"),
            "Invalid value 0 for configuration metrics.num.samples: Value must be at least 1");
  EXPECT_EQ(error_of("plugin.discovery", "x"),
            "Invalid value x for configuration plugin.discovery: String must be one of (case "
            "insensitive): ONLY_SCAN, SERVICE_LOAD, HYBRID_WARN, HYBRID_FAIL");
  EXPECT_EQ(error_of("plugin.discovery", "SERVICE_load"), "");
  EXPECT_EQ(error_of("ssl.client.auth", "Required"),
            "Invalid value Required for configuration ssl.client.auth: String must be one of: "
            "required, requested, none");
  EXPECT_NE(error_of("listeners", "http://a:1,,")
                .find("Empty URL found when parsing listeners "
                      "list."),
            std::string::npos);
  EXPECT_NE(error_of("listeners", "").find("at least one URL is expected"), std::string::npos);
  EXPECT_NE(error_of("admin.listeners", "a,,b").find("Empty URL found"), std::string::npos);
}

TEST(StandaloneConfigTest, HeaderRulesAreChecked) {
  const std::string key = "response.http.headers.config";
  EXPECT_EQ(error_of(key, "set X-A:b, \"add Cache-Control: no-cache, no-store\""), "");
  EXPECT_EQ(error_of(key, " "), "");
  EXPECT_NE(error_of(key, "bad")
                .find("Invalid format of header config 'bad'. Expected: '[action] "
                      "[header name]:[header value]'"),
            std::string::npos);
  EXPECT_NE(error_of(key, "put a:b")
                .find("Invalid header config action: 'put'. Expected one of "
                      "[set, add, setDate, addDate]"),
            std::string::npos);
  EXPECT_NE(error_of(key, "add a b:c").find("Invalid header name 'a b'."), std::string::npos);
  EXPECT_NE(error_of(key, "add a:b:c").find("header value pair 'a:b:c'"), std::string::npos);
}

TEST(StandaloneConfigTest, LoggedValuesAreSortedAndHideSecrets) {
  Properties properties = minimal();
  properties["ssl.keystore.password"] = "hush";
  properties["bootstrap.servers"] = "a:1,b:2";
  const std::string text =
      config_values_text("StandaloneConfig", StandaloneConfig::definition(), properties);
  EXPECT_EQ(text.rfind("StandaloneConfig values: \n\taccess.control.allow.methods = \n", 0), 0U);
  EXPECT_NE(text.find("\n\tbootstrap.servers = [a:1, b:2]\n"), std::string::npos);
  EXPECT_NE(text.find("\n\tkey.converter = class JsonConverter\n"), std::string::npos);
  EXPECT_NE(text.find("\n\tplugin.path = null\n"), std::string::npos);
  EXPECT_NE(text.find("\n\tssl.keystore.password = [hidden]\n"), std::string::npos);
  EXPECT_EQ(text.find("hush"), std::string::npos);
}

TEST(StandaloneConfigTest, MisspeltKeysGetASuggestionAndNothingElseDoes) {
  EXPECT_EQ(suggest_worker_key(StandaloneConfig::definition(), "offset.flush.intervall.ms"), "offset.flush.interval.ms");
  EXPECT_EQ(suggest_worker_key(StandaloneConfig::definition(), "bootstrap.server"), "bootstrap.servers");
  EXPECT_EQ(suggest_worker_key(StandaloneConfig::definition(), "offset.storage.file.filname"), "offset.storage.file.filename");
  for (const char* key :
       {"offset.flush.interval.ms", "producer.acks", "key.converter.schemas.enable", "group.id",
        "embedded.log.retention.ms", "sasl.jaas.config", "my.own.note", "security.protocol",
        "retry.backoff.ms", "config.providers.file.class"}) {
    EXPECT_EQ(suggest_worker_key(StandaloneConfig::definition(), key), std::nullopt) << key;
  }
}

}  // namespace
}  // namespace millrace

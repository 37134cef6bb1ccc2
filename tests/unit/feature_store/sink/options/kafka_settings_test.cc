#include "connectors/feature_store/sink/kafka_settings.h"

#include <gmock/gmock.h>

#include "connectors/feature_store/sink/options.h"
#include "millrace/errors.h"
#include "tests/support/temporary_folder.h"

namespace millrace::feature_store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kJaas =
    "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"u\" password=\"hush\";";

class KafkaSettingsTest : public testing::Test {
 protected:
  KafkaSettings read(Properties config) const {
    config.insert({{"name", "fs"}, {"store.path", "/data"}});
    return read_kafka_settings(config, OptionRows::def().parse(config));
  }
  std::string error_of(const Properties& config) const {
    try {
      read(config);
    } catch (const ConfigException& error) {
      return error.what();
    }
    return "no error";
  }
  std::string write(const std::string& name, const std::string& text) const {
    const std::string path = folder_ / name;
    testing_support::write_text(path, text);
    return path;
  }
  std::string folder() const { return folder_.path().string(); }

  testing_support::TemporaryFolder folder_;
};

TEST_F(KafkaSettingsTest, WithoutADataSourceTheWorkersSettingsCountAndOneWarningSaysSo) {
  for (const Properties& config :
       {Properties{}, Properties{{"bring.your.own.kafka.enable", "true"}},
        Properties{{"kafka.data.sources.kafka_connector.bootstrap.servers", "b:1"}}}) {
    const KafkaSettings settings = read(config);
    EXPECT_THAT(settings.client, IsEmpty());
    EXPECT_FALSE(settings.external_kafka);
    EXPECT_THAT(settings.warnings, ElementsAre(HasSubstr("externalKafka=false")));
  }
}

TEST_F(KafkaSettingsTest, AFileHasTheSyntaxOfJava) {
  write("onlinefs-kafka.properties",
        "# of the platform\n"
        "bootstrap.servers : broker:9093,\\\n   other:9093\n"
        "security.protocol=SASL_SSL\n"
        "sasl.jaas.config=" + std::string(kJaas) + "\n"
        "ssl.truststore.location /certs/trust\\u002ejks\n"
        "ssl.endpoint.identification.algorithm=\n"
        "enable.auto.commit=false\n"
        "key.deserializer=x\n"
        "! end\n");
  const KafkaSettings settings = read({{"feature.store.config.dir", folder()}});
  EXPECT_TRUE(settings.external_kafka);
  EXPECT_THAT(settings.warnings, IsEmpty());
  EXPECT_EQ(settings.client, (Properties{{"bootstrap.servers", "broker:9093,other:9093"},
                                         {"security.protocol", "SASL_SSL"},
                                         {"sasl.jaas.config", kJaas},
                                         {"sasl.mechanism", "PLAIN"},
                                         {"ssl.truststore.location", "/certs/trust.jks"},
                                         {"ssl.endpoint.identification.algorithm", ""}}));
}

TEST_F(KafkaSettingsTest, UnknownKeysOfAFileAreOneWarningWithoutValues) {
  write("k.properties",
        "bootstrap.servers=b:1\nbootstrap.server=hush\nssl.trustore.location=hush\ngroup.id=hush\n");
  const KafkaSettings settings =
      read({{"feature.store.config.dir", folder()}, {"feature.store.kafka.properties.file", "k.properties"}});
  ASSERT_EQ(settings.warnings.size(), 1U);
  EXPECT_THAT(settings.warnings[0], HasSubstr("bootstrap.server (did you mean bootstrap.servers?)"));
  EXPECT_THAT(settings.warnings[0], HasSubstr("ssl.trustore.location (did you mean ssl.truststore.location?)"));
  EXPECT_THAT(settings.warnings[0], HasSubstr("group.id (set consumer.group.id"));
  EXPECT_THAT(settings.warnings[0], Not(HasSubstr("hush")));
}

TEST_F(KafkaSettingsTest, AFolderWithoutTheFileIsNoErrorButAFileThatIsNamedMustBeThere) {
  EXPECT_FALSE(read({{"feature.store.config.dir", folder()}}).external_kafka);
  EXPECT_THAT(error_of({{"feature.store.config.dir", folder()},
                        {"feature.store.kafka.properties.file", "gone.properties"}}),
              HasSubstr("gone.properties: No such file"));
  EXPECT_THAT(error_of({{"feature.store.config.dir", folder() + "/gone"}}), HasSubstr("is not a folder"));
  const std::string path = write("abs.properties", "bootstrap.servers=b:1\n");
  EXPECT_TRUE(read({{"feature.store.kafka.properties.file", path}}).external_kafka);
}

TEST_F(KafkaSettingsTest, AClusterOfItsOwnGetsNothingOfTheWorkersLogin) {
  const std::string plain = write("p.properties", "bootstrap.servers=b:1\n");
  EXPECT_EQ(read({{"feature.store.kafka.properties.file", plain}}).client.at("security.protocol"),
            "PLAINTEXT");
  const std::string sasl =
      write("s.properties", "bootstrap.servers=b:1\nsecurity.protocol=SASL_PLAINTEXT\n");
  EXPECT_THAT(error_of({{"feature.store.kafka.properties.file", sasl}}),
              HasSubstr("sasl.jaas.config is missing"));
}

TEST_F(KafkaSettingsTest, TheMechanismIsThatOfTheModuleButScramMustSayWhich) {
  const std::string scram = write(
      "s.properties",
      "bootstrap.servers=b:1\nsecurity.protocol=SASL_SSL\n"
      "sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required "
      "username=\"u\" password=\"hush\";\n");
  const std::string error = error_of({{"feature.store.kafka.properties.file", scram}});
  EXPECT_THAT(error, HasSubstr("sasl.mechanism is missing"));
  EXPECT_THAT(error, Not(HasSubstr("hush")));
  testing_support::append_text(scram, "sasl.mechanism=SCRAM-SHA-512\n");
  EXPECT_EQ(read({{"feature.store.kafka.properties.file", scram}}).client.at("sasl.mechanism"),
            "SCRAM-SHA-512");
}

TEST_F(KafkaSettingsTest, ADataSourceOfKeysCountsWhenBringingOnesOwnIsOn) {
  const KafkaSettings settings =
      read({{"bring.your.own.kafka.enable", "true"},
            {"kafka.data.source.name", "mine"},
            {"kafka.data.sources.mine.type", "KAFKA"},
            {"kafka.data.sources.mine.bootstrap.servers", "b:1"},
            {"kafka.data.sources.mine.security.protocol", "SASL_PLAINTEXT"},
            {"kafka.data.sources.mine.sasl.jaas.config", kJaas},
            {"kafka.data.sources.kafka_connector.bootstrap.servers", "not:1"}});
  EXPECT_TRUE(settings.external_kafka);
  EXPECT_THAT(settings.warnings, IsEmpty());
  EXPECT_EQ(settings.client.at("bootstrap.servers"), "b:1");
  EXPECT_EQ(settings.client.at("sasl.mechanism"), "PLAIN");
  EXPECT_FALSE(settings.client.contains("type"));
}

constexpr const char* kByok = R"({"type":"featurestoreKafkaConnectorDTO","id":7,"name":"kafka_connector",
  "storageConnectorType":"KAFKA","bootstrapServers":"b:9093","securityProtocol":"SSL",
  "sslTruststoreLocation":"/t.jks","sslTruststorePassword":"hush","sslKeystoreLocation":null,
  "sslEndpointIdentificationAlgorithm":"","externalKafka":true,"colour":"red",
  "options":[{"name":"bootstrap.servers","value":"not:1"},{"name":"fetch.min.bytes","value":"9"},
             {"name":"no.such.option","value":"hush"}]})";

TEST_F(KafkaSettingsTest, ADataSourceMayBeTheAnswerOfHopsworks) {
  const std::string path = write("source.json", kByok);
  for (const auto& [key, value] :
       Properties{{"kafka.data.sources.kafka_connector", kByok},
                  {"kafka.data.sources.kafka_connector.file", path}}) {
    SCOPED_TRACE(key);
    const KafkaSettings settings = read({{"bring.your.own.kafka.enable", "true"}, {key, value}});
    EXPECT_EQ(settings.client, (Properties{{"bootstrap.servers", "b:9093"},
                                           {"security.protocol", "SSL"},
                                           {"ssl.truststore.location", "/t.jks"},
                                           {"ssl.truststore.password", "hush"},
                                           {"ssl.endpoint.identification.algorithm", ""},
                                           {"fetch.min.bytes", "9"}}));
    EXPECT_THAT(settings.warnings, ElementsAre(HasSubstr("colour"), HasSubstr("no.such.option")));
    for (const std::string& text : settings.warnings) EXPECT_THAT(text, Not(HasSubstr("hush")));
  }
}

TEST_F(KafkaSettingsTest, TheBuiltInSourceAndOneThatIsNotExternalAreTheWorkersCluster) {
  for (const char* json : {R"({"id":-1,"bootstrapServers":"b:1"})",
                           R"({"id":7,"bootstrapServers":"b:1","externalKafka":false})"}) {
    const KafkaSettings settings =
        read({{"bring.your.own.kafka.enable", "true"}, {"kafka.data.sources.kafka_connector", json}});
    EXPECT_THAT(settings.client, IsEmpty()) << json;
    EXPECT_FALSE(settings.external_kafka);
    EXPECT_EQ(settings.warnings.size(), 1U);
  }
}

TEST_F(KafkaSettingsTest, ASourceOfAnotherTypeOrShapeIsAnError) {
  const std::string prefix = "kafka.data.sources.kafka_connector";
  const auto error = [&](const std::string& key, const std::string& value) {
    return error_of({{"bring.your.own.kafka.enable", "true"}, {key, value}});
  };
  EXPECT_THAT(error(prefix, R"({"storageConnectorType":"JDBC"})"), HasSubstr("its type is JDBC"));
  EXPECT_THAT(error(prefix + ".type", "S3"), HasSubstr("its type is S3"));
  EXPECT_THAT(error(prefix, "{"), HasSubstr("is not a JSON object"));
  EXPECT_THAT(error(prefix, "[]"), HasSubstr("is not a JSON object"));
  EXPECT_THAT(error(prefix, R"({"bootstrapServers":"b:1","options":{}})"), HasSubstr("options is not a list"));
  EXPECT_THAT(error(prefix + ".security.protocol", "SSL"), HasSubstr("names no bootstrap.servers"));
  EXPECT_THAT(error(prefix + ".file", folder() + "/gone.json"), HasSubstr("gone.json failed"));
  EXPECT_THAT(error_of({{prefix + ".type", "S3"}}), HasSubstr("no error")) << "it does not count";
  ConfigErrors errors;
  check_config({{"name", "fs"}, {"store.path", "/data"}, {"bring.your.own.kafka.enable", "true"},
                {prefix + ".type", "S3"}},
               errors);
  ASSERT_EQ(errors.entries().size(), 1U);
  EXPECT_EQ(errors.entries()[0].first, "kafka.data.source.name");
}

TEST_F(KafkaSettingsTest, AFileThatNamesTheClusterTakesThePlaceOfTheSource) {
  const std::string whole = write("whole.properties", "bootstrap.servers=file:1\n");
  const std::string part = write("part.properties", "fetch.min.bytes=5\n");
  const Properties source{{"bring.your.own.kafka.enable", "true"},
                          {"kafka.data.sources.kafka_connector.bootstrap.servers", "source:1"},
                          {"kafka.data.sources.kafka_connector.fetch.min.bytes", "9"}};
  Properties config = source;
  config["feature.store.kafka.properties.file"] = whole;
  KafkaSettings settings = read(config);
  EXPECT_EQ(settings.client.at("bootstrap.servers"), "file:1");
  EXPECT_FALSE(settings.client.contains("fetch.min.bytes"));
  EXPECT_THAT(settings.warnings, ElementsAre(HasSubstr("kafka_connector does not count")));
  config["feature.store.kafka.properties.file"] = part;
  settings = read(config);
  EXPECT_EQ(settings.client.at("bootstrap.servers"), "source:1");
  EXPECT_EQ(settings.client.at("fetch.min.bytes"), "5");
}

TEST_F(KafkaSettingsTest, OverridesGoToTheClientsTheyAreForAndYieldToThoseOfTheConfiguration) {
  Properties config{{"consumer.override.fetch.min.bytes", "1"}};
  add_client_overrides(config, {{"bootstrap.servers", "b:1"}, {"fetch.min.bytes", "9"}, {"ssl.protocol", "TLS"}});
  EXPECT_EQ(config, (Properties{{"consumer.override.bootstrap.servers", "b:1"},
                                {"admin.override.bootstrap.servers", "b:1"},
                                {"producer.override.bootstrap.servers", "b:1"},
                                {"consumer.override.ssl.protocol", "TLS"},
                                {"admin.override.ssl.protocol", "TLS"},
                                {"producer.override.ssl.protocol", "TLS"},
                                {"consumer.override.fetch.min.bytes", "1"}}));
}

TEST_F(KafkaSettingsTest, TheResetOfAFileIsTheTasksToo) {
  const std::string path = write("k.properties", "auto.offset.reset=latest\n");
  EXPECT_EQ(SinkOptions::parse({{"name", "fs"}, {"store.path", "/d"},
                                {"feature.store.kafka.properties.file", path}})
                .auto_offset_reset,
            "latest");
}

}  // namespace
}  // namespace millrace::feature_store

#include "routes_fixture.h"

namespace millrace::rest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PluginsTest : public RoutesTest {
 protected:
  PluginsTest() {
    herder_.plugin_list = {{"org.S", PluginKind::Sink, "4.1.1"},
                           {"org.C", PluginKind::Converter, ""}};
  }
  static ConfigKey key(std::string name) {
    ConfigKey result;
    result.name = std::move(name);
    return result;
  }
};

TEST_F(PluginsTest, ListsConnectorsUnlessAskedForAll) {
  EXPECT_EQ(call("GET", "/connector-plugins").body,
            R"([{"class":"org.S","type":"sink","version":"4.1.1"}])");
  EXPECT_EQ(call("GET", "/connector-plugins?connectorsOnly=False").body,
            R"([{"class":"org.S","type":"sink","version":"4.1.1"},)"
            R"({"class":"org.C","type":"converter"}])");
}

TEST_F(PluginsTest, ShowsKeys) {
  ConfigKey full = key("tasks.max");
  full.type = ConfigType::Int;
  full.default_text = "1";
  full.importance = Importance::High;
  full.doc = "How many.";
  full.group = "Common";
  full.order = 3;
  full.width = Width::Short;
  full.display_name = "Tasks max";
  full.dependents = {"x"};
  ConfigKey secret = key("secret");
  secret.type = ConfigType::Password;
  secret.default_text = "hush";
  ConfigKey internal = key("internal");
  internal.internal = true;
  ConfigKey plain = key("plain");
  plain.required = true;
  herder_.keys = {full, secret, internal, plain};
  const auto response = call("GET", "/connector-plugins/org.S/config?version=latest");
  EXPECT_EQ(response.body,
            R"([{"name":"tasks.max","type":"INT","required":false,"default_value":"1",)"
            R"("importance":"HIGH","documentation":"How many.","group":"Common","width":"SHORT",)"
            R"("display_name":"Tasks max","dependents":["x"],"order":3},)"
            R"({"name":"secret","type":"PASSWORD","required":false,"default_value":"[hidden]",)"
            R"("importance":"MEDIUM","documentation":"","group":null,"width":"NONE",)"
            R"("display_name":"secret","dependents":[],"order":-1},)"
            R"({"name":"plain","type":"STRING","required":true,"default_value":null,)"
            R"("importance":"MEDIUM","documentation":"","group":null,"width":"NONE",)"
            R"("display_name":"plain","dependents":[],"order":-1}])");
}

TEST_F(PluginsTest, UnknownPluginsAre404) {
  EXPECT_EQ(call("GET", "/connector-plugins/none/config").body,
            error_json(404, "Unknown plugin none."));
}

TEST_F(PluginsTest, ValidationShowsDefinitionsAndValues) {
  ConfigKeyResult bad{"tasks.max", int32_t{0}, {"1", "2"}, {"too \"small\""}, true};
  ConfigKeyResult secret{"s", Password("hush"), {}, {}, false};
  herder_.validation = {
      "FileStreamSink", 1, {"Common"}, {{std::nullopt, bad}, {key("s"), secret}, {key("n"), {}}}};
  const auto response = call("PUT", "/connector-plugins/FileStreamSinkConnector/config/validate",
                             R"({"connector.class":"FileStreamSink","tasks.max":0,"x":null})");
  EXPECT_EQ(response.status, 200);
  const std::string keys =
      R"("required":false,"default_value":null,"importance":"MEDIUM","documentation":"",)"
      R"("group":null,"width":"NONE","display_name":)";
  EXPECT_EQ(response.body,
            R"({"name":"FileStreamSink","error_count":1,"groups":["Common"],"configs":[)"
            R"({"definition":null,"value":{"name":"tasks.max","value":"0",)"
            R"("recommended_values":["1","2"],"errors":["too \"small\""],"visible":true}},)"
            R"({"definition":{"name":"s","type":"STRING",)" +
                keys +
                R"("s","dependents":[],"order":-1},"value":{"name":"s","value":"[hidden]",)"
                R"("recommended_values":[],"errors":[],"visible":false}},)"
                R"({"definition":{"name":"n","type":"STRING",)" +
                keys + R"("n","dependents":[],"order":-1},"value":null}]})");
  EXPECT_EQ(herder_.nullable.at("tasks.max"), "0");
  EXPECT_EQ(herder_.nullable.at("x"), std::nullopt);
}

TEST_F(PluginsTest, TheTypeInThePathIsACrossCheck) {
  const auto validate = [&](const std::string& path, const std::string& type) {
    return call("PUT", "/connector-plugins/" + path + "/config/validate",
                R"({"connector.class":")" + type + "\"}");
  };
  EXPECT_EQ(validate("FileStreamSink", "org.apache.FileStreamSinkConnector").status, 200);
  EXPECT_EQ(validate("org.apache.FileStreamSinkConnector", "org.apache.FileStreamSink").status,
            200);
  EXPECT_EQ(
      validate("Other", "FileStreamSink").body,
      error_json(400, "Included connector type FileStreamSink does not match request type Other"));
  EXPECT_THAT(herder_.calls, ElementsAre("validate", "validate"));
}

TEST_F(PluginsTest, ValidationOfAnEmptyBodyIs500) {
  EXPECT_EQ(call("PUT", "/connector-plugins/X/config/validate").status, 500);
  EXPECT_THAT(herder_.calls, IsEmpty());
}

TEST_F(PluginsTest, ErrorsOfTheHerderPass) {
  herder_.failure =
      error_of<RequestException>(400, "Failed to find any class X");
  const auto response =
      call("PUT", "/connector-plugins/X/config/validate", R"({"connector.class":"X"})");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("Failed to find any class X"));
}

TEST_F(PluginsTest, ABodyWithoutClassIsAnInternalErrorAsInKafka) {
  const auto response = call("PUT", "/connector-plugins/X/config/validate", "{}");
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, HasSubstr("contains no connector type"));
}

}  // namespace
}  // namespace millrace::rest

#include "runtime/herder/connector_file.h"

#include <gtest/gtest.h>

#include "millrace/errors.h"
#include "tests/support/temporary_folder.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

class ConnectorFileTest : public testing::Test {
 protected:
  ConnectorFile read(const std::string& text) {
    testing_support::write_text(path_, text);
    return read_connector_file(path_);
  }
  std::string error(const std::string& text) {
    try {
      read(text);
      return "none";
    } catch (const Error& error) {
      return error.what();
    }
  }
  std::string missing_name() const {
    return "Connector configuration at '" + path_.string() +
           "' is missing the mandatory 'name' configuration";
  }

  testing_support::TemporaryFolder root_;
  fs::path path_ = root_ / "connector";
};

TEST_F(ConnectorFileTest, Properties) {
  const ConnectorFile file = read("name=n\nconnector.class = X\ntopics=a,b \n");
  EXPECT_EQ(file.name, "n");
  EXPECT_EQ(file.config, (Properties{{"name", "n"}, {"connector.class", "X"}, {"topics", "a,b "}}));
  EXPECT_EQ(file.initial_state, std::nullopt);
  EXPECT_EQ(error("connector.class=X\n"), missing_name());
  EXPECT_EQ(error(""), missing_name());
}

TEST_F(ConnectorFileTest, JsonObjectOfScalarsKeepsSpellings) {
  const ConnectorFile file =
      read(R"({"name":"n","a":1.50,"b":1e3,"c":true,"d":"x","e":-7,"a2":12345678901234567890123})"
           " trailing");
  EXPECT_EQ(file.name, "n");
  EXPECT_EQ(file.config, (Properties{{"name", "n"},
                                     {"a", "1.50"},
                                     {"b", "1e3"},
                                     {"c", "true"},
                                     {"d", "x"},
                                     {"e", "-7"},
                                     {"a2", "12345678901234567890123"}}));
  // No second try as something else.
  EXPECT_EQ(error(R"({"connector.class":"X"})"), missing_name());
  EXPECT_EQ(error("{}"), missing_name());
}

TEST_F(ConnectorFileTest, RequestBody) {
  ConnectorFile file =
      read(R"({"name":"n","config":{"connector.class":"X","n":1.0},"unknown":[{"config":{}}]})");
  EXPECT_EQ(file.name, "n");
  EXPECT_EQ(file.config, (Properties{{"name", "n"}, {"connector.class", "X"}, {"n", "1.0"}}));
  file = read(R"({"initial_state":"paused","config":{"name":"n"},"name":"n"})");
  EXPECT_EQ(file.initial_state, TargetState::Paused);
  EXPECT_EQ(read(R"({"initial_state":"RUNNING","config":{},"name":"n"})").initial_state,
            TargetState::Started);
  EXPECT_EQ(error(R"({"name":"n","config":{"name":"m"}})"),
            "Connector name configuration in 'config' doesn't match the one specified in 'name' "
            "at '" +
                path_.string() + "'");
  EXPECT_NE(error(R"({"name":"n","config":{},"initial_state":"OFF"})").find("initial_state 'OFF'"),
            std::string::npos);
}

TEST_F(ConnectorFileTest, OtherJsonFallsThroughToProperties) {
  EXPECT_EQ(error(R"(["name"])"), missing_name());
  EXPECT_EQ(error(R"({"name":"n","config":{"a":{"b":1}}})"), missing_name());
  EXPECT_EQ(error(R"({"name":"n","config":[1]})"), missing_name());
  EXPECT_EQ(error(R"({"name":"n",)"), missing_name());
  EXPECT_EQ(error(std::string(100'000, '[')), missing_name());
}

TEST_F(ConnectorFileTest, NullsAreRefusedByKey) {
  EXPECT_NE(error(R"({"name":"n","a":null})").find("sets 'a' to null"), std::string::npos);
}

TEST_F(ConnectorFileTest, UnreadableFilesAreNamed) {
  try {
    read_connector_file(root_ / "missing");
    FAIL() << "no exception";
  } catch (const ConnectException& error) {
    EXPECT_NE(std::string(error.what()).find((root_ / "missing").string()), std::string::npos);
  }
  EXPECT_THROW(read_connector_file(root_.path()), Error);
  EXPECT_EQ(error("name=n\na=\\u12"),
            "reading " + path_.string() + ": Malformed \\uxxxx encoding.");
}

}  // namespace
}  // namespace millrace

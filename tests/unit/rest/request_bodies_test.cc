#include "runtime/rest/request_bodies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/rest/json_reader.h"

namespace millrace::rest {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

template <class Read>
std::string error_of(Read read) {
  try {
    read();
  } catch (const Error& e) {
    return e.what();
  }
  return "(no error)";
}

std::string config_error(std::string_view body) {
  return error_of([&] { read_config(body, "null!"); });
}
std::string create_error(std::string_view body) {
  return error_of([&] { read_create_request(body); });
}
std::string offsets_error(std::string_view body) {
  return error_of([&] { read_offsets(body); });
}

TEST(RequestBodies, ConfigKeepsSpellingAndNulls) {
  const auto config = read_config(
      R"({"a":1,"b":1.50,"c":1e3,"d":true,"e":null,"f":"x","a":"last","g":false} garbage)", "");
  const NullableConfig expected = {{"a", "last"},       {"b", "1.50"}, {"c", "1e3"},  {"d", "true"},
                                   {"e", std::nullopt}, {"f", "x"},    {"g", "false"}};
  EXPECT_EQ(config, expected);
}

TEST(RequestBodies, ConfigOfAnotherTypeIsRefused) {
  EXPECT_THAT(config_error("[]"),
              StartsWith("Cannot deserialize value of type `java.util.LinkedHashMap<java.lang."
                         "String,java.lang.String>` from Array value (token "
                         "`JsonToken.START_ARRAY`)\n at [Source: "));
  EXPECT_THAT(config_error(R"({"a":{"b":1}})"),
              AllOf(StartsWith("Cannot deserialize value of type `java.lang.String` from Object "
                               "value (token `JsonToken.START_OBJECT`)"),
                    HasSubstr(R"((through reference chain: java.util.LinkedHashMap["a"]))")));
  EXPECT_THAT(config_error("5"),
              HasSubstr("from Integer value (token `JsonToken.VALUE_NUMBER_INT"));
  EXPECT_THAT(config_error("1.5"), HasSubstr("`JsonToken.VALUE_NUMBER_FLOAT`"));
  EXPECT_EQ(config_error(""), "null!");
  EXPECT_EQ(config_error("null"), "null!");
}

TEST(RequestBodies, CreateReadsAllFields) {
  const auto request =
      read_create_request(R"({"initial_state":"Paused","config":{"k":"v"},"name":" x "})");
  EXPECT_EQ(request.name, " x ");
  EXPECT_EQ(request.config, (NullableConfig{{"k", "v"}}));
  EXPECT_EQ(request.initial_state, TargetState::Paused);
}

TEST(RequestBodies, CreateHasDefaults) {
  const auto request = read_create_request(R"({"config":{},"initial_state":null})");
  EXPECT_EQ(request.name, std::nullopt);
  EXPECT_EQ(request.initial_state, std::nullopt);
  EXPECT_EQ(read_create_request(R"({"config":{},"initial_state":"running"})").initial_state,
            TargetState::Started);
  EXPECT_EQ(read_create_request(R"({"config":{},"initial_state":"STOPPED"})").initial_state,
            TargetState::Stopped);
}

TEST(RequestBodies, CreateRefusesUnknownFieldsAndStates) {
  EXPECT_THAT(create_error(R"({"foo":1})"),
              StartsWith("Unrecognized field \"foo\" (class org.apache.kafka.connect.runtime.rest."
                         "entities.CreateConnectorRequest), not marked as ignorable"));
  EXPECT_THAT(create_error(R"({"config":{},"initial_state":"BOGUS"})"), HasSubstr("BOGUS"));
  EXPECT_THAT(create_error(R"({"name":"x"})"), HasSubstr("because \"connectorConfig\" is null"));
  EXPECT_THAT(create_error(R"({"config":null})"), HasSubstr("is null"));
  EXPECT_THAT(create_error(""), HasSubstr("because \"createRequest\" is null"));
  EXPECT_THAT(create_error("[]"), StartsWith("Cannot deserialize value of type"));
  EXPECT_THAT(create_error(R"({"name":{}})"), HasSubstr("CreateConnectorRequest[\"name\"]"));
}

TEST(RequestBodies, OffsetsAreVerbatim) {
  const auto offsets =
      read_offsets(R"({"offsets":[{"partition":{"f" : "a"},"offset":{"p":1.50}},{"offset":null},)"
                   R"({"partition":null,"offset":{}}]})");
  ASSERT_THAT(offsets, SizeIs(3));
  EXPECT_EQ(offsets[0].partition, R"({"f" : "a"})");
  EXPECT_EQ(offsets[0].offset, R"({"p":1.50})");
  EXPECT_EQ(offsets[1].partition, "null");
  EXPECT_EQ(offsets[1].offset, std::nullopt);
  EXPECT_EQ(offsets[2].partition, "null");
}

TEST(RequestBodies, OffsetsMayBeMissing) {
  EXPECT_THAT(read_offsets("{}"), IsEmpty());
  EXPECT_THAT(read_offsets(R"({"offsets":null})"), IsEmpty());
  EXPECT_THAT(read_offsets(R"({"offsets":[]})"), IsEmpty());
}

TEST(RequestBodies, OffsetsOfAnotherShapeAreRefused) {
  EXPECT_THAT(offsets_error("[]"), StartsWith("Cannot deserialize value of type"));
  EXPECT_THAT(offsets_error(R"({"offsets":{}})"), StartsWith("Cannot deserialize value of type"));
  EXPECT_THAT(offsets_error(R"({"offsets":[[]]})"), HasSubstr("ConnectorOffset"));
  EXPECT_THAT(offsets_error(R"({"offsets":[null]})"), HasSubstr("is null"));
  EXPECT_THAT(offsets_error(R"({"x":1})"), StartsWith("Unrecognized field \"x\""));
  EXPECT_THAT(offsets_error(R"({"offsets":[{"x":1}]})"),
              HasSubstr("ConnectorOffset), not marked as ignorable"));
  EXPECT_THAT(offsets_error(R"({"offsets":[{"partition":5}]})"), HasSubstr("Integer value"));
  EXPECT_THAT(offsets_error(""), HasSubstr("is null"));
}

}  // namespace
}  // namespace millrace::rest

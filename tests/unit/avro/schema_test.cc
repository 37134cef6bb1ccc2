#include "connectors/avro/schema.h"

#include <gtest/gtest.h>

#include "connectors/avro/limits.h"
#include "millrace/errors.h"

namespace millrace::avro {
namespace {

std::string error_of(std::string_view text) {
  try {
    Schema::parse(text);
  } catch (const DataException& error) {
    return error.what();
  }
  return "";
}

TEST(AvroSchema, KeepsPropertiesWhereTheyWere) {
  const Json json = Json::parse(R"({"type":"record","name":"r","doc":"of r","fields":[
    {"name":"at","type":{"type":"long","logicalType":"timestamp-micros","adjust-to-utc":true},
     "field-id":7},
    {"name":"list","type":["null",{"type":"array","items":"string","element-id":9}],
     "default":null,"field-id":8,"doc":"of list"},
    {"name":"sizes","type":{"type":"map","values":"long","x":{"y":[1,null]}},"order":"ignore"}]})");
  const SchemaPtr schema = Schema::from_json(json);
  // The order of members is ours.
  EXPECT_EQ(nlohmann::json(schema->to_json()), nlohmann::json(json));
  const Node& root = schema->root();
  ASSERT_EQ(root.fields.size(), 3U);
  EXPECT_EQ(number(root.fields[0].properties, "field-id"), 7);
  EXPECT_EQ(root.fields[0].type->properties["adjust-to-utc"], true);
  EXPECT_EQ(root.fields[1].type->members[1]->number("element-id"), 9);
  EXPECT_EQ(root.number("element-id"), std::nullopt);
  EXPECT_TRUE(root.fields[1].default_value.has_value());
  EXPECT_FALSE(root.fields[2].default_value.has_value());
}

TEST(AvroSchema, ResolvesNames) {
  const SchemaPtr schema = Schema::parse(R"({"type":"record","name":"node","namespace":"a.b",
    "fields":[{"name":"next","type":["null","node"]},
      {"name":"kind","type":{"type":"enum","name":"c.kind","symbols":["X","Y"]}},
      {"name":"other","type":"c.kind"},
      {"name":"id","type":{"type":"fixed","name":"id","size":4}},
      {"name":"ids","type":{"type":"array","items":"a.b.id"}}]})");
  const Node& root = schema->root();
  EXPECT_EQ(root.name, "a.b.node");
  EXPECT_EQ(root.fields[0].type->members[1], &root);
  EXPECT_EQ(root.fields[1].type->name, "c.kind");
  EXPECT_EQ(root.fields[2].type, root.fields[1].type);
  EXPECT_EQ(root.fields[3].type->name, "a.b.id");
  EXPECT_EQ(root.fields[4].type->members[0], root.fields[3].type);
  EXPECT_EQ(Schema::parse(schema->to_text())->to_json(), schema->to_json());
}

TEST(AvroSchema, CanonicalFormHasOnlyWhatDecidesTheBytes) {
  const SchemaPtr schema = Schema::parse(R"({"fields":[{"default":1,"type":{"type":"int"},
    "name":"a","doc":"d"},{"name":"b","type":["null",{"items":{"size":2,"name":"f","type":"fixed",
    "aliases":["g"]},"type":"array"}]},{"name":"c","type":"f"}],
    "type":"record","namespace":"n","name":"r"})");
  EXPECT_EQ(schema->canonical_form(),
            R"({"name":"n.r","type":"record","fields":[{"name":"a","type":"int"},)"
            R"({"name":"b","type":["null",{"type":"array","items":)"
            R"({"name":"n.f","type":"fixed","size":2}}]},{"name":"c","type":"n.f"}]})");
}

TEST(AvroSchema, PrimitivesAreSchemasToo) {
  EXPECT_EQ(Schema::parse(R"("long")")->root().kind, Kind::Long);
  EXPECT_EQ(Schema::parse("string")->root().kind, Kind::String);
  EXPECT_EQ(Schema::parse(R"({"type":{"type":"bytes"}})")->root().kind, Kind::Bytes);
}

TEST(AvroSchema, RefusesWhatIsNoSchemaAndSaysWhere) {
  EXPECT_NE(error_of("{"), "");
  EXPECT_NE(error_of("17"), "");
  EXPECT_NE(error_of("[]"), "");
  EXPECT_NE(error_of(R"(["null","null"])"), "");
  EXPECT_NE(error_of(R"(["null",["int"]])"), "");
  EXPECT_NE(error_of(R"({"type":"array"})"), "");
  EXPECT_NE(error_of(R"({"type":"fixed","name":"f","size":-1})"), "");
  EXPECT_NE(error_of(R"({"type":"fixed","name":"f","size":99999999999})"), "");
  EXPECT_NE(error_of(R"({"type":"enum","name":"e","symbols":["A","A"]})"), "");
  EXPECT_NE(error_of(R"({"type":"enum","name":"e"})"), "");
  EXPECT_NE(error_of(R"({"type":"record","name":"int","fields":[]})"), "");
  EXPECT_NE(error_of(R"({"type":"fixed","name":".f","size":1})"), "");
  EXPECT_NE(error_of(R"({"type":"fixed","name":"f","namespace":"a..b","size":1})"), "");
  EXPECT_EQ(error_of(R"({"type":"record","name":"r","fields":[{"name":"a","type":
    {"type":"record","name":"s","fields":[{"name":"b","type":"nothing"}]}}]})"),
            "parsing an Avro schema: a.b: unknown type \"nothing\"");
  EXPECT_EQ(error_of(R"({"type":"record","name":"r","fields":[{"name":"a","type":"int"},
    {"name":"a","type":"int"}]})"),
            "parsing an Avro schema: a: the field is there twice");
}

TEST(AvroSchema, TakesAFixedTypeThatIsDefinedTwiceAlike) {
  const auto two = [](int size) {
    return R"({"type":"record","name":"r","fields":[
      {"name":"a","type":{"type":"fixed","name":"f","size":4}},
      {"name":"b","type":{"type":"fixed","name":"f","size":)" + std::to_string(size) + "}}]}";
  };
  EXPECT_EQ(Schema::parse(two(4))->to_json()["fields"][1]["type"], "f");
  EXPECT_EQ(error_of(two(5)), "parsing an Avro schema: b: the name \"f\" is defined already");
}

TEST(AvroSchema, LimitsDepthAndSize) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += R"({"type":"array","items":)";
  EXPECT_NE(error_of(deep), "");
  deep += "\"int\"" + std::string(100'000, '}');
  EXPECT_NE(error_of(deep).find("nested too deeply"), std::string::npos);
  EXPECT_NE(error_of(std::string(kMaxSchemaBytes + 1, ' ')).find("too long"), std::string::npos);
}

}  // namespace
}  // namespace millrace::avro

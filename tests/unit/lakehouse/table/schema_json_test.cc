#include "connectors/lakehouse/table/schema_json.h"

#include <gtest/gtest.h>

#include <random>

#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

TableSchema sample() {
  return {.id = 3,
          .fields = {{1, "id", true, primitive(TypeId::Long), "key"},
                     {2, "price", false, decimal_type(9, 2)},
                     {3, "tags", false, list_type(4, primitive(TypeId::String), true)},
                     {5, "by_day", false,
                      map_type(6, primitive(TypeId::Date), 7,
                               struct_type({{8, "n", true, primitive(TypeId::Int)}}), false)},
                     {9, "hash", false, fixed_type(16)}},
          .identifier_ids = {1}};
}

constexpr std::string_view kSampleJson =
    R"({"type":"struct","schema-id":3,"identifier-field-ids":[1],"fields":[)"
    R"({"id":1,"name":"id","required":true,"type":"long","doc":"key"},)"
    R"J({"id":2,"name":"price","required":false,"type":"decimal(9, 2)"},)J"
    R"({"id":3,"name":"tags","required":false,"type":{"type":"list","element-id":4,)"
    R"("element":"string","element-required":true}},)"
    R"({"id":5,"name":"by_day","required":false,"type":{"type":"map","key-id":6,"key":"date",)"
    R"("value-id":7,"value":{"type":"struct","fields":[)"
    R"({"id":8,"name":"n","required":true,"type":"int"}]},"value-required":false}},)"
    R"({"id":9,"name":"hash","required":false,"type":"fixed[16]"}]})";

TEST(SchemaJson, IsAsJavaWritesIt) {
  EXPECT_EQ(to_json(sample()).dump(), kSampleJson);
}

TEST(SchemaJson, ComesBack) {
  const TableSchema schema = schema_from_json(to_json(sample()));
  EXPECT_EQ(schema.id, 3);
  EXPECT_EQ(schema.identifier_ids, std::vector<int32_t>{1});
  EXPECT_TRUE(*struct_type(schema.fields) == *struct_type(sample().fields));
}

TEST(SchemaJson, FieldsAreFoundAtAnyDepth) {
  const TableSchema schema = sample();
  EXPECT_EQ(schema.highest_id(), 9);
  EXPECT_EQ(schema.path_of(8), "by_day.value.n");
  EXPECT_EQ(schema.path_of(4), "tags.element");
  EXPECT_EQ(schema.path_of(44), "");
  EXPECT_EQ(schema.field(8)->name, "n");
  EXPECT_EQ(schema.field(44), nullptr);
  EXPECT_EQ(schema.column("PRICE"), nullptr);
  EXPECT_EQ(schema.column("PRICE", true)->id, 2);
  EXPECT_EQ(schema.column("n"), nullptr);
  EXPECT_EQ(type_text(*schema.column("by_day")->type), "map<date, struct<n: int>>");
}

TEST(SchemaJson, BlanksInParametersMayVary) {
  EXPECT_EQ(type_text(*type_from_json("decimal(38,10)")), "decimal(38, 10)");
  EXPECT_EQ(type_text(*type_from_json("decimal( 4 ,  0 )")), "decimal(4, 0)");
}

TEST(SchemaJson, WhatIsNoTypeIsNamed) {
  for (const char* text :
       {"", "integer", "fixed", "fixed[]", "fixed[-1]", "fixed[4", "decimal(39, 2)",
        "decimal(4, 5)", "decimal(4)", "timestamp_ns", "decimal(99999999999, 1)"}) {
    try {
      type_from_json(text);
      ADD_FAILURE() << text;
    } catch (const DataException& error) {
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
    }
  }
}

TEST(SchemaJson, WrongMembersAreNamed) {
  const auto message = [](const char* text) {
    try {
      schema_from_json(Json::parse(text));
    } catch (const DataException& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(message(R"({"schema-id":4})").find("schema 4: member `fields`"), std::string::npos);
  EXPECT_NE(message(R"({"fields":[{"id":1,"name":"x","type":"int"}]})").find("`required`"),
            std::string::npos);
  EXPECT_NE(message(R"({"fields":[{"id":1.5}]})").find("`id`"), std::string::npos);
  EXPECT_NE(message(R"({"fields":[{"id":4294967297,"name":"x"}]})").find("32-bit"),
            std::string::npos);
  EXPECT_NE(message(R"({"fields":[{"id":1,"name":"x","required":true,"type":"int"},)"
                    R"({"id":1,"name":"y","required":true,"type":"int"}]})")
                .find("id 1"),
            std::string::npos);
  EXPECT_FALSE(message("[]").empty());
}

TEST(SchemaJson, DeepNestingIsRefused) {
  Json type = "int";
  for (int i = 0; i < 200; ++i) {
    type = {
        {"type", "list"}, {"element-id", i + 2}, {"element", type}, {"element-required", false}};
  }
  EXPECT_THROW(type_from_json(type), DataException);
}

TEST(SpecJson, ComesBackWithTransformsThatAreNotKnown) {
  const Json json = Json::parse(
      R"({"spec-id":2,"fields":[{"name":"b","transform":"bucket[16]","source-id":1,"field-id":1000},)"
      R"({"name":"z","transform":"zorder[3]","source-id":2,"field-id":1004}]})");
  const PartitionSpec spec = spec_from_json(json);
  EXPECT_EQ(spec.fields[0].transform.kind, TransformKind::Bucket);
  EXPECT_EQ(spec.fields[0].transform.parameter, 16);
  EXPECT_EQ(spec.fields[1].transform.kind, TransformKind::Unknown);
  EXPECT_EQ(to_json(spec), json);
  EXPECT_EQ(fields_to_json(spec).size(), 2U);
}

TEST(SpecJson, FieldsOfOldSpecsGetTheirIds) {
  const PartitionSpec spec = spec_from_json(Json::parse(
      R"({"fields":[{"name":"a","transform":"day","source-id":1},{"name":"b","transform":"void","source-id":2}]})"));
  EXPECT_EQ(spec.id, 0);
  EXPECT_EQ(spec.fields[0].field_id, 1000);
  EXPECT_EQ(spec.fields[1].field_id, 1001);
}

/// Types with ids from `next` on.
TypePtr random_type(std::mt19937_64& random, int32_t& next, int depth) {
  switch (random() % (depth > 3 ? 4 : 7)) {
    case 0:
      return primitive(static_cast<TypeId>(random() % 11));
    case 1:
      return fixed_type(static_cast<int32_t>(random() % 100));
    case 2:
      return decimal_type(static_cast<int32_t>(random() % 20 + 10),
                          static_cast<int32_t>(random() % 9));
    case 3:
      return primitive(TypeId::Binary);
    case 4: {
      const int32_t id = next++;
      return list_type(id, random_type(random, next, depth + 1), random() % 2 == 0);
    }
    case 5: {
      const int32_t key = next++;
      const int32_t value = next++;
      TypePtr key_type = random_type(random, next, depth + 1);
      return map_type(key, key_type, value, random_type(random, next, depth + 1),
                      random() % 2 == 0);
    }
    default: {
      std::vector<NestedField> fields;
      for (auto left = random() % 4; left > 0; --left) {
        const int32_t id = next++;
        fields.push_back({id, "f\"" + std::to_string(id), random() % 2 == 0,
                          random_type(random, next, depth + 1), random() % 2 == 0 ? "é" : ""});
      }
      return struct_type(fields);
    }
  }
}

TEST(SchemaJson, AnyTypeRoundTrips) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 500; ++i) {
    int32_t next = 1;
    const TypePtr type = random_type(random, next, 0);
    const TypePtr back = type_from_json(Json::parse(to_json(*type).dump()));
    ASSERT_TRUE(*type == *back) << to_json(*type).dump();
  }
}

}  // namespace
}  // namespace millrace::lakehouse

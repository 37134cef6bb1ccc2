#include "connectors/feature_store/model/feature_type.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/feature_store/model/hive_schema.h"
#include "millrace/errors.h"

namespace millrace::feature_store {
namespace {

FeatureType of_avro(const std::string& type) { return feature_type_of(avro::Schema::parse(type)->root()); }

TEST(FeatureType, OfHiveText) {
  EXPECT_EQ(parse_feature_type("BigInt").kind, FeatureKind::BigInt);
  EXPECT_EQ(parse_feature_type(" int ").kind, FeatureKind::Int);
  EXPECT_EQ(parse_feature_type("integer").text, "int");
  EXPECT_EQ(parse_feature_type("varchar(20)").kind, FeatureKind::String);
  const FeatureType decimal = parse_feature_type("Decimal( 10 , 2 )");
  EXPECT_EQ(decimal.kind, FeatureKind::Decimal);
  EXPECT_EQ(decimal.precision, 10);
  EXPECT_EQ(decimal.scale, 2);
  EXPECT_EQ(decimal.text, "decimal(10,2)");
  EXPECT_EQ(parse_feature_type("decimal").text, "decimal(10,0)");
  EXPECT_EQ(parse_feature_type("decimal(5)").scale, 0);
  const FeatureType array = parse_feature_type("ARRAY< struct<A:int, b:string> >");
  EXPECT_EQ(array.kind, FeatureKind::Complex);
  EXPECT_EQ(array.text, "array<struct<a:int,b:string>>");
  for (const char* complex : {"map<string,int>", "struct<a:int>", "uniontype<int,string>"}) {
    EXPECT_EQ(parse_feature_type(complex).kind, FeatureKind::Complex) << complex;
  }
}

TEST(FeatureType, WholeTokensCount) {
  for (const char* none : {"", "integer_id", "int2", "mapping", "array", "structure<a:int>", "arrays<int>",
                           "map<string,int", "decimal(", "decimal(x)", "decimal(39,0)", "decimal(0,0)",
                           "decimal(5,6)", "decimal(5,-1)", "decimal(5,2", "decimal(5,2,1)", "int(", "bigint(5)",
                           "double precision"}) {
    EXPECT_THROW(parse_feature_type(none), DataException) << none;
  }
}

TEST(FeatureType, OfRegisteredSchemas) {
  EXPECT_EQ(of_avro(R"(["null","int"])").text, "int");
  EXPECT_EQ(of_avro(R"(["long","null"])").text, "bigint");
  EXPECT_EQ(of_avro(R"(["float"])").text, "float");
  EXPECT_EQ(of_avro(R"({"type":"int","logicalType":"date"})").text, "date");
  EXPECT_EQ(of_avro(R"({"type":"long","logicalType":"timestamp-micros"})").text, "timestamp");
  EXPECT_EQ(of_avro(R"({"type":"long","logicalType":"timestamp-millis"})").text, "timestamp");
  EXPECT_EQ(of_avro(R"({"type":"long","logicalType":"date"})").text, "bigint") << "no logical type of long";
  EXPECT_EQ(of_avro(R"("bytes")").text, "binary");
  EXPECT_EQ(of_avro(R"({"type":"bytes","logicalType":"decimal","precision":6,"scale":2})").text, "decimal(6,2)");
  EXPECT_EQ(of_avro(R"({"type":"bytes","logicalType":"decimal","precision":6})").text, "decimal(6,0)");
  EXPECT_EQ(of_avro(R"(["null",{"type":"array","items":["null",{"type":"map","values":["null",
      {"type":"record","name":"r","fields":[{"name":"A","type":["null","string"]},
      {"name":"d","type":["null",{"type":"bytes","logicalType":"decimal","precision":4,"scale":1}]}]}]}]}])").text,
            "array<map<string,struct<a:string,d:decimal(4,1)>>>");
  for (const char* none : {R"("null")", R"(["null"])", R"(["int","string"])", R"(["null","int","string"])",
                           R"({"type":"enum","name":"e","symbols":["A"]})",
                           R"({"type":"fixed","name":"f","size":4})",
                           R"({"type":"array","items":["int","string"]})",
                           R"({"type":"bytes","logicalType":"decimal","precision":39})",
                           R"({"type":"bytes","logicalType":"decimal","precision":3,"scale":4})"}) {
    EXPECT_THROW(of_avro(none), DataException) << none;
  }
}

TEST(FeatureType, WhatATypeBecomesComesBack) {
  for (const char* text : {"boolean", "int", "bigint", "float", "double", "string", "binary", "date", "timestamp",
                           "decimal(20,3)", "array<int>", "array<array<decimal(3,1)>>", "map<string,date>",
                           "struct<a:int,b:struct<c:timestamp,d:array<string>>,e:map<string,struct<f:boolean>>>"}) {
    const avro::SchemaPtr schema = schema_of_hive(text);
    EXPECT_EQ(schema->root().kind, avro::Kind::Union) << text;
    EXPECT_EQ(feature_type_of(schema->root()).text, text);
    EXPECT_EQ(feature_type_of(schema->root()), parse_feature_type(text));
  }
}

TEST(HiveSchema, RefusesWhatIsNone) {
  std::string deep;
  for (int i = 0; i < 5'000; ++i) deep += "array<";
  for (const std::string& none : std::vector<std::string>{
           "", "array<>", "array<int>>", "array<int", "map<int,int>", "map<string>", "struct<>", "struct<a>",
           "struct<a:int,>", "struct<:int>", "array<int,int>", "nothing", "array<nothing>", "map<string,int>x",
           "struct<a:int)>", "array<decimal(3,1>", deep}) {
    EXPECT_THROW(schema_of_hive(none), DataException) << none.substr(0, 40);
  }
}

}  // namespace
}  // namespace millrace::feature_store

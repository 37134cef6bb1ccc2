#include "connectors/transforms/insert_field.h"

#include "tests/unit/connectors/transforms_edit_fixture.h"

namespace millrace::transforms {
namespace {

using InsertFieldTest = EditFixture<InsertField>;

const Properties kAll = {{"topic.field", "t!"},     {"partition.field", "p?"},
                         {"offset.field", "o"},     {"timestamp.field", "ts"},
                         {"static.field", "st"},    {"static.value", "v"}};

TEST_F(InsertFieldTest, NeedsAField) {
  EXPECT_EQ(config_error({}), "No field insertion configured");
  EXPECT_THAT(config_error({{"static.field", "x!"}}),
              testing::StartsWith("Invalid value null for configuration static.value: "
                                  "No value specified for static field: "));
}

TEST_F(InsertFieldTest, AppendsToAStructInOrder) {
  configure(kAll);
  const SchemaPtr schema = sample_schema(true);
  EXPECT_EQ(apply(schema, structure(schema, {Value::int32(7), Value()})),
            "Schema{n:STRUCT}v2{a:Schema{INT32},b:Schema{STRING}?=dd,t:Schema{STRING},"
            "p:Schema{INT32}?,o:Schema{INT64}?,"
            "ts:Schema{org.apache.kafka.connect.data.Timestamp:INT64}?v1,st:Schema{STRING}?,} "
            "Struct{a=7,b=dd,t=t,p=3,o=42,ts=Thu Jan 01 00:00:00 UTC 1970,st=v}");
}

TEST_F(InsertFieldTest, PutsIntoAMap) {
  configure(kAll);
  EXPECT_EQ(apply_json(R"({"a":1,"p":"old"})"),
            R"({"p":3,"a":1,"st":"v","t":"t","o":42,"ts":100})");
}

TEST_F(InsertFieldTest, LeavesAbsentFactsOut) {
  configure({{"partition.field", "p!"}, {"timestamp.field", "ts"}});
  Record& record = fresh(nullptr, map({}));
  record.partition = kNoPartition;
  record.timestamp = kNoTimestamp;
  EXPECT_EQ(run(), "null {}");
  const SchemaPtr schema = sample_schema();
  Record& with_schema = fresh(schema, structure(schema, {Value::int32(7), Value::string("x")}));
  with_schema.partition = kNoPartition;
  with_schema.timestamp = kNoTimestamp;
  EXPECT_THAT(run(), testing::EndsWith(" Struct{a=7,b=x}"));
}

TEST_F(InsertFieldTest, RefusesOffsetsOfSourceRecords) {
  configure({{"offset.field", "o"}});
  fresh(nullptr, map({})).offset = -1;
  EXPECT_EQ(run(),
            "!DataException: Only SinkRecord supported for [field insertion], found: "
            "org.apache.kafka.connect.source.SourceRecord");
}

TEST_F(InsertFieldTest, RefusesOtherValues) {
  configure({{"topic.field", "x"}});
  EXPECT_EQ(apply(nullptr, Value::string("s")),
            "!DataException: Only Map objects supported in absence of schema for [field "
            "insertion], found: java.lang.String");
  EXPECT_EQ(apply(primitive_schema(Type::String), Value::string("s")),
            "!DataException: Only Struct objects supported for [field insertion], found: "
            "java.lang.String");
}

TEST_F(InsertFieldTest, PassesTombstones) {
  configure(kAll);
  EXPECT_EQ(apply(nullptr, Value()), "null null");
  EXPECT_EQ(apply(primitive_schema(Type::String, true), Value()), "Schema{STRING}? null");
}

TEST_F(InsertFieldTest, RefusesNamesThatAreTaken) {
  const SchemaPtr schema = sample_schema();
  const Value data = structure(schema, {Value::int32(7), Value()});
  configure({{"topic.field", "a"}});
  EXPECT_EQ(apply(schema, data),
            "!SchemaBuilderException: Cannot create field because of field name duplication a");
  configure({{"topic.field", "?"}});
  EXPECT_EQ(apply(schema, data), "!SchemaBuilderException: fieldName cannot be null.");
  EXPECT_EQ(apply_json("{}"), R"({"":"t"})");
}

TEST_F(InsertFieldTest, DefaultsReplaceNullsUnlessToldOtherwise) {
  const SchemaPtr schema = defaulted_schema();
  const Value data = structure(schema, {Value()});
  configure({{"topic.field", "t"}});
  EXPECT_THAT(apply(schema, data), testing::EndsWith(" Struct{a=5,t=t}"));
  configure({{"topic.field", "t"}, {"replace.null.with.default", "false"}});
  EXPECT_EQ(apply(schema, data),
            "!DataException: Invalid value: null used for required field: \"a\", schema type: "
            "INT32");
}

TEST_F(InsertFieldTest, DerivesASchemaOnce) {
  configure({{"topic.field", "t"}});
  const SchemaPtr schema = sample_schema();
  const SchemaPtr equal = sample_schema();
  apply(schema, structure(schema, {Value::int32(7), Value()}));
  const Schema* first = batch_[0].value.schema;
  apply(equal, structure(equal, {Value::int32(8), Value()}));
  EXPECT_EQ(batch_[0].value.schema, first);
}

TEST_F(InsertFieldTest, WorksOnKeys) {
  configure({{"static.field", "s"}, {"static.value", "v"}});
  fresh(nullptr, map({})).key = {nullptr, map({})};
  key_.apply(batch_, rows_);
  EXPECT_EQ(result(Side::Key), "null {s=v}");
  EXPECT_EQ(result(Side::Value), "null {}");
}

}  // namespace
}  // namespace millrace::transforms

#include "connectors/transforms/replace_field.h"

#include "tests/unit/connectors/transforms_edit_fixture.h"

namespace millrace::transforms {
namespace {

class ReplaceFieldTest : public EditFixture<ReplaceField> {
 protected:
  std::string replace(const Properties& config, const SchemaPtr& schema,
                      std::vector<Value> values) {
    configure(config);
    return apply(schema, structure(schema, std::move(values)));
  }
  std::string replace(const Properties& config) {
    return replace(config, sample_schema(true), {Value::int32(7), Value()});
  }
};

TEST_F(ReplaceFieldTest, ChecksRenamings) {
  const std::string prefix = " for configuration renames: Invalid rename mapping: ";
  EXPECT_EQ(config_error({{"renames", "a"}}), "Invalid value [a]" + prefix + "a");
  EXPECT_EQ(config_error({{"renames", "a:b:c"}}), "Invalid value [a:b:c]" + prefix + "a:b:c");
  EXPECT_EQ(config_error({{"renames", "a:"}}), "Invalid value [a:]" + prefix + "a:");
  EXPECT_EQ(config_error({{"renames", "::"}}), "Invalid value [::]" + prefix + "::");
  EXPECT_EQ(config_error({{"renames", "a:b,c"}}), "Invalid value [a:b, c]" + prefix + "c");
  EXPECT_EQ(config_error({{"renames", "a:b,"}}), "Invalid value [a:b, ]" + prefix);
  EXPECT_EQ(config_error({{"renames", "a:b:,:c"}}), "");
}

TEST_F(ReplaceFieldTest, ChoosesAndRenamesInMaps) {
  configure({{"exclude", "x"}, {"include", "a,b,x"}, {"renames", "a:b,b:a"}});
  EXPECT_EQ(apply_json(R"({"a":1,"b":2,"x":3,"z":4})"), R"({"a":2,"b":1})");
  configure({{"renames", "a:b"}});
  EXPECT_EQ(apply_json(R"({"a":1,"b":2})"), R"({"b":2})");
  configure({});
  EXPECT_EQ(apply_json(R"({"b":1,"a":2})"), R"({"a":2,"b":1})") << "as new HashMap<>(2)";
}

TEST_F(ReplaceFieldTest, ChoosesAndRenamesInStructs) {
  EXPECT_EQ(replace({{"renames", "a:b,b:a"}}),
            "Schema{n:STRUCT}v2{b:Schema{INT32},a:Schema{STRING}?=dd,} Struct{b=7,a=dd}");
  EXPECT_EQ(replace({{"include", "a"}, {"exclude", "b"}}),
            "Schema{n:STRUCT}v2{a:Schema{INT32},} Struct{a=7}");
  EXPECT_EQ(replace({{"include", "b"}, {"replace.null.with.default", "false"}}),
            "Schema{n:STRUCT}v2{b:Schema{STRING}?=dd,} Struct{}");
  EXPECT_EQ(replace({{"blacklist", "a"}}),
            "Schema{n:STRUCT}v2{a:Schema{INT32},b:Schema{STRING}?=dd,} Struct{a=7,b=dd}");
}

TEST_F(ReplaceFieldTest, TakesValuesByTheOldNameOfTheNewName) {
  EXPECT_EQ(replace({{"renames", "zz:a"}}), "!DataException: zz is not a valid field name");
  EXPECT_EQ(replace({{"renames", "a:b"}, {"exclude", "a"}}),
            "!DataException: Invalid Java object for schema with type STRING: class "
            "java.lang.Integer for field: \"b\"");
}

TEST_F(ReplaceFieldTest, RefusesNamesThatAreTaken) {
  EXPECT_EQ(replace({{"renames", "a:b"}}),
            "!SchemaBuilderException: Cannot create field because of field name duplication b");
}

TEST_F(ReplaceFieldTest, RefusesNullsOfRequiredFields) {
  EXPECT_EQ(replace({{"replace.null.with.default", "false"}}, defaulted_schema(), {Value()}),
            "!DataException: Invalid value: null used for required field: \"a\", schema type: "
            "INT32");
}

TEST_F(ReplaceFieldTest, PassesTombstonesAndRefusesOtherValues) {
  configure({{"exclude", "a"}});
  EXPECT_EQ(apply(nullptr, Value()), "null null");
  EXPECT_EQ(apply(nullptr, Value::int32(3)),
            "!DataException: Only Map objects supported in absence of schema for [field "
            "replacement], found: java.lang.Integer");
}

}  // namespace
}  // namespace millrace::transforms

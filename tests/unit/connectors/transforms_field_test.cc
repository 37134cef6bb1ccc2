// Transformations that take fields of keys and values, wrap them, or rename schemas.

#include "tests/unit/connectors/transforms_fixture.h"

namespace millrace::transforms {
namespace {

using testing::ElementsAre;

SchemaPtr with_default(const char* text) {
  return SchemaBuilder(Type::String).optional().default_value(Value::string(text)).build();
}

class TransformsField : public TransformsFixture {
 protected:
  const SchemaPtr int32_ = primitive_schema(Type::Int32);
  const SchemaPtr text_ = with_default("dflt");
  const SchemaPtr schema_ = SchemaBuilder::structure()
                                .name("rec")
                                .version(3)
                                .doc("d")
                                .parameter("p", "q")
                                .field("a", int32_)
                                .field("b", text_)
                                .build();
  const SchemaPtr outer_ =
      SchemaBuilder::structure()
          .field("in", SchemaBuilder::structure().optional().field("x.y", int32_).build())
          .field("n", int32_)
          .build();

  std::string extract(const std::string& path, const std::string& version = "V2") {
    configure("ExtractField$Value", {{"field", path}, {"field.syntax.version", version}});
    if (const std::string why = apply(); !why.empty()) return "!" + why;
    return text(record().value.value);
  }
  void set_outer() {
    fresh();
    const SchemaPtr& inner = outer_->field("in")->schema;
    set_struct(Side::Value, outer_, {structure(inner, {Value::int32(7)}), Value::int32(1)});
  }
};

TEST_F(TransformsField, ExtractsFromAStruct) {
  configure("ExtractField$Key", {{"field", "a"}});
  set_struct(Side::Key, schema_, {Value::int32(5), Value()});
  EXPECT_EQ(apply(), "");
  EXPECT_EQ(record().key.schema, int32_.get());
  EXPECT_EQ(record().key.value, Value::int32(5));
}

TEST_F(TransformsField, ExtractReplacesNullWithTheDefault) {
  configure("ExtractField$Value", {{"field", "b"}});
  set_struct(Side::Value, schema_, {Value::int32(5), Value()});
  EXPECT_EQ(apply(), "");
  EXPECT_EQ(text(record().value.value), "dflt");
  configure("ExtractField$Value", {{"field", "b"}, {"replace.null.with.default", "false"}});
  fresh();
  set_struct(Side::Value, schema_, {Value::int32(5), Value()});
  EXPECT_EQ(apply(), "");
  EXPECT_TRUE(record().value.value.is_null());
  EXPECT_EQ(record().value.schema, text_.get());
}

TEST_F(TransformsField, ExtractOfNull) {
  configure("ExtractField$Value", {{"field", "b"}});
  record().value.schema = schema_.get();
  EXPECT_EQ(apply(), "");
  EXPECT_TRUE(record().value.value.is_null()) << "no default: there is no struct";
  EXPECT_EQ(record().value.schema, text_.get());
  fresh();
  EXPECT_EQ(apply(), "");
  EXPECT_EQ(record().value.schema, nullptr);
}

TEST_F(TransformsField, ExtractOfAnUnknownField) {
  configure("ExtractField$Value", {{"field", "no"}});
  set_struct(Side::Value, schema_, {Value::int32(5), Value()});
  EXPECT_EQ(apply(), "Unknown field: no");
  EXPECT_EQ(error_kind(), ErrorKind::IllegalArgument);
  EXPECT_EQ(record().value.schema, schema_.get()) << "a rejected record is as it was";
  fresh().value.value = map({{"a", Value::int32(1)}});
  EXPECT_EQ(apply(), "");
  EXPECT_TRUE(record().value.value.is_null());
}

TEST_F(TransformsField, ExtractNeedsAStructOrMap) {
  configure("ExtractField$Value", {{"field", "a"}});
  record().value.value = Value::string("x");
  EXPECT_EQ(apply(),
            "Only Map objects supported in absence of schema for [field extraction], "
            "found: java.lang.String");
  fresh().value = {schema_.get(), Value::int64(1)};
  EXPECT_EQ(apply(),
            "Only Struct objects supported for [field extraction], found: java.lang.Long");
}

TEST_F(TransformsField, ExtractsNestedFields) {
  set_outer();
  EXPECT_EQ(extract("in.`x.y`"), "7");
  EXPECT_EQ(record().value.schema, int32_.get());
  set_outer();
  EXPECT_EQ(extract("in.`x.y`", "V1"), "!Unknown field: in.`x.y`");
  set_outer();
  EXPECT_EQ(extract("n.x"), "!Cannot look up fields on non-struct type");
  fresh().value.value = map({{"m", map({{"a`.b", Value::int32(2)}})}, {"s", Value::int32(1)}});
  EXPECT_EQ(extract("m.`a\\`.b`", "v2"), "2");
  fresh().value.value = map({{"s", Value::int32(1)}});
  EXPECT_EQ(extract("s.x"),
            "!Only Map objects supported in absence of schema for [nested field access], "
            "found: java.lang.Integer");
  fresh().value.value = map({{"m", map({{"", Value::int32(3)}})}});
  EXPECT_EQ(extract("m."), "3");
  fresh().value.value = map({});
  EXPECT_EQ(extract("m.x"), "null");
}

TEST_F(TransformsField, NestedExtractionStopsAtNull) {
  set_struct(Side::Value, outer_, {Value(), Value::int32(1)});
  EXPECT_EQ(extract("in.`x.y`"), "null");
  EXPECT_EQ(record().value.schema, int32_.get());
}

TEST_F(TransformsField, BackticksNeedTheirPair) {
  EXPECT_EQ(config_error("ExtractField$Value", {{"field", "a.`b"}, {"field.syntax.version", "V2"}}),
            "Incomplete backtick pair in path: [a.`b], consider adding a backslash before backtick "
            "at position 2 to escape it");
  EXPECT_EQ(config_error("ExtractField$Value", {{"field", "`b\\`"}, {"field.syntax.version", "V2"}}),
            "Incomplete backtick pair in path: [`b\\`], consider adding a backslash before backtick "
            "at position 0 to escape it");
  EXPECT_EQ(config_error("ExtractField$Value", {{"field", "a.`b"}}), "");
}

TEST_F(TransformsField, HoistsIntoAStruct) {
  configure("HoistField$Value", {{"field", "f"}});
  set_struct(Side::Value, schema_, {Value::int32(1), Value()});
  EXPECT_EQ(apply(), "");
  EXPECT_EQ(text(record().value.value), "Struct{f=Struct{a=1}}");
  EXPECT_EQ(record().value.schema->field("f")->schema, schema_);
  EXPECT_EQ(record().value.value.as_struct().schema, record().value.schema);
}

TEST_F(TransformsField, HoistsIntoAMap) {
  configure("HoistField$Key", {{"field", "f"}});
  EXPECT_EQ(apply(), "");
  EXPECT_EQ(text(record().key.value), "{f=null}");
  EXPECT_EQ(record().key.schema, nullptr);
}

TEST_F(TransformsField, HoistingNullNeedsAnOptionalSchema) {
  configure("HoistField$Value", {{"field", "f"}});
  record().value.schema = int32_.get();
  EXPECT_EQ(apply(),
            "Invalid value: null used for required field: \"f\", schema type: INT32");
  fresh().value.schema = text_.get();
  EXPECT_EQ(apply(), "");
  EXPECT_EQ(record().value.schema->fields().size(), 1U);
}

TEST_F(TransformsField, ValueToKeyTakesFieldsInOrder) {
  configure("ValueToKey", {{"fields", "b,a"}});
  set_struct(Side::Value, schema_, {Value::int32(1), Value()});
  EXPECT_EQ(apply(), "");
  EXPECT_EQ(text(record().key.value), "Struct{b=dflt,a=1}");
  EXPECT_FALSE(record().key.schema->name());
  EXPECT_EQ(record().value.schema, schema_.get());
  const Schema* first = record().key.schema;
  fresh();
  set_struct(Side::Value, schema_, {Value::int32(2), Value()});
  EXPECT_EQ(apply(), "");
  EXPECT_EQ(record().key.schema, first) << "derived once";
}

TEST_F(TransformsField, ValueToKeyWithoutSchema) {
  configure("ValueToKey", {{"fields", "b,no,b"}});
  record().value.value = map({{"a", Value::int32(1)}, {"b", Value::int32(2)}});
  EXPECT_EQ(apply(), "");
  EXPECT_EQ(text(record().key.value), "{no=null, b=2}");
  EXPECT_EQ(record().key.schema, nullptr);
}

TEST_F(TransformsField, ValueToKeyRefusesWhatItCannotTake) {
  configure("ValueToKey", {{"fields", "no"}});
  set_struct(Side::Value, schema_, {Value::int32(1), Value()});
  EXPECT_EQ(apply(), "Field does not exist: no");
  EXPECT_EQ(error_kind(), ErrorKind::Data);
  fresh();
  EXPECT_EQ(apply(),
            "Only Map objects supported in absence of schema for "
            "[copying fields from value to key], found: null");
  configure("ValueToKey", {{"fields", "a,a"}});
  fresh();
  set_struct(Side::Value, schema_, {Value::int32(1), Value()});
  EXPECT_EQ(apply(), "Cannot create field because of field name duplication a");
  EXPECT_EQ(error_kind(), ErrorKind::SchemaBuilder);
}

TEST_F(TransformsField, HeaderFromMoves) {
  configure("HeaderFrom$Value", {{"fields", "b"}, {"headers", "h"}, {"operation", "move"}});
  add_header("h", Value::string("old"));
  set_struct(Side::Value, schema_, {Value::int32(1), Value::string("v")});
  EXPECT_EQ(apply(), "");
  EXPECT_THAT(headers(), ElementsAre("h=old", "h=v"));
  EXPECT_EQ(record().headers[1].data.schema, text_.get());
  EXPECT_EQ(text(record().value.value), "Struct{a=1}");
  EXPECT_EQ(record().value.schema->name(), "rec");
  EXPECT_EQ(record().value.schema->doc(), "d");
  EXPECT_EQ(record().value.schema->version(), 3);
  EXPECT_EQ(*record().value.schema->parameter("p"), "q");
}

TEST_F(TransformsField, HeaderFromCopies) {
  configure("HeaderFrom$Key", {{"fields", "b,a"}, {"headers", "x,y"}, {"operation", "copy"}});
  set_struct(Side::Key, schema_, {Value::int32(1), Value()});
  EXPECT_EQ(apply(), "");
  EXPECT_THAT(headers(), ElementsAre("x=dflt", "y=1"));
  EXPECT_EQ(record().key.schema, schema_.get());
}

TEST_F(TransformsField, HeaderFromAMap) {
  configure("HeaderFrom$Value", {{"fields", "b,no"}, {"headers", "x,y"}, {"operation", "move"}});
  record().value.value = map({{"a", Value::int32(1)}, {"b", Value::int32(2)}});
  EXPECT_EQ(apply(), "");
  EXPECT_THAT(headers(), ElementsAre("x=2", "y=null"));
  EXPECT_EQ(text(record().value.value), "{a=1}");
}

TEST_F(TransformsField, HeaderFromRefusesWhatItCannotTake) {
  const Properties config{{"fields", "no"}, {"headers", "h"}, {"operation", "move"}};
  configure("HeaderFrom$Value", config);
  EXPECT_EQ(apply(),
            "Only Map objects supported in absence of schema for [header move], found: null");
  fresh();
  set_struct(Side::Value, schema_, {Value::int32(1), Value()});
  apply();
  EXPECT_EQ(error_kind(), ErrorKind::NullPointer);
  EXPECT_EQ(record().header_count, 0U);
  EXPECT_EQ(record().value.schema, schema_.get());
  EXPECT_EQ(config_error("HeaderFrom$Value",
                         {{"fields", "a"}, {"headers", "h,i"}, {"operation", "copy"}}),
            "'fields' config must have the same number of elements as 'headers' config.");
  EXPECT_EQ(config_error("HeaderFrom$Value",
                         {{"fields", "a"}, {"headers", "h"}, {"operation", "x"}}),
            "Invalid value x for configuration operation: String must be one of: move, copy");
}

TEST_F(TransformsField, EqualSchemasOfOtherAddressesShareAPlan) {
  configure("HeaderFrom$Value", {{"fields", "b"}, {"headers", "h"}, {"operation", "move"}});
  for (int i = 0; i < 3; ++i) {
    const SchemaPtr own = SchemaBuilder::structure()
                              .field("a", primitive_schema(Type::Int32))
                              .field("b", with_default("dflt"))
                              .build();
    fresh();
    set_struct(Side::Value, own, {Value::int32(i), Value()});
    EXPECT_EQ(apply(), "");
    EXPECT_THAT(headers(), ElementsAre("h=dflt"));
  }
}

TEST_F(TransformsField, ManySchemasDoNotStopTheCache) {
  configure("HoistField$Value", {{"field", "f"}});
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 40; ++i) {
      const SchemaPtr own = SchemaBuilder(Type::Int32).name("s" + std::to_string(i)).build();
      fresh().value = {batch_.keep(own), Value::int32(i)};
      EXPECT_EQ(apply(), "");
      EXPECT_EQ(record().value.schema->field("f")->schema->name(), own->name());
    }
  }
}

TEST_F(TransformsField, SetSchemaMetadataRenames) {
  configure("SetSchemaMetadata$Value", {{"schema.name", "other"}, {"schema.version", "9"}});
  set_struct(Side::Value, schema_, {Value::int32(1), Value()});
  EXPECT_EQ(apply(), "");
  EXPECT_EQ(record().value.schema->name(), "other");
  EXPECT_EQ(record().value.schema->version(), 9);
  EXPECT_EQ(record().value.schema->doc(), "d");
  EXPECT_EQ(record().value.value.as_struct().schema, record().value.schema);
  EXPECT_EQ(text(record().value.value), "Struct{a=1,b=dflt}");
}

TEST_F(TransformsField, SetSchemaMetadataKeepsWhatIsNotSet) {
  configure("SetSchemaMetadata$Key",
            {{"schema.version", "4"}, {"replace.null.with.default", "false"}});
  const SchemaPtr optional = SchemaBuilder::structure().optional().field("b", text_).build();
  set_struct(Side::Key, optional, {Value()});
  EXPECT_EQ(apply(), "");
  EXPECT_FALSE(record().key.schema->name());
  EXPECT_TRUE(record().key.schema->optional());
  EXPECT_EQ(text(record().key.value), "Struct{}");
  fresh().key.schema = optional.get();
  EXPECT_EQ(apply(), "");
  EXPECT_TRUE(record().key.value.is_null());
  EXPECT_EQ(record().key.schema->version(), 4);
}

TEST_F(TransformsField, SetSchemaMetadataOfOtherThings) {
  configure("SetSchemaMetadata$Value", {{"schema.name", "n"}});
  EXPECT_EQ(apply(), "") << "null without schema passes";
  record().value.value = Value::int32(1);
  EXPECT_EQ(apply(), "Schema required for [updating schema metadata]");
  fresh().value = {int32_.get(), Value::int32(1)};
  EXPECT_EQ(apply(), "Cannot list fields on non-struct type");
  EXPECT_EQ(config_error("SetSchemaMetadata$Value", {}),
            "Neither schema name nor version configured");
}

}  // namespace
}  // namespace millrace::transforms

#include "tests/unit/connectors/transforms_fixture.h"

namespace millrace::transforms {
namespace {

class TransformsFlatten : public TransformsFixture {
 protected:
  /// `in`: x INT32, y STRING with default `dy`.
  SchemaBuilder inner() {
    return SchemaBuilder::structure()
        .field("x", primitive_schema(Type::Int32))
        .field("y", SchemaBuilder(Type::String).default_value(Value::string("dy")).build());
  }
  SchemaPtr outer(SchemaPtr in) {
    return SchemaBuilder::structure()
        .name("n")
        .version(3)
        .field("a", primitive_schema(Type::Int64, true))
        .field("in", std::move(in))
        .build();
  }
  const Field& field(std::string_view name) { return *record().value.schema->field(name); }
};

TEST_F(TransformsFlatten, JoinsNamesOfNestedStructs) {
  configure("Flatten$Value", {{"delimiter", "_"}});
  const SchemaPtr in = inner().build();
  set_struct(Side::Value, outer(in), {Value::int64(1), structure(in, {Value::int32(2), Value()})});
  EXPECT_EQ(apply(), "");
  EXPECT_EQ(text(record().value.value), "Struct{a=1,in_x=2,in_y=dy}");
  EXPECT_EQ(*record().value.schema->name(), "n");
  EXPECT_EQ(record().value.schema->version(), 3);
  EXPECT_FALSE(field("in_x").schema->optional());
  EXPECT_EQ(text(field("in_y").schema->default_value()), "dy");
}

TEST_F(TransformsFlatten, FieldsOfAnOptionalStructAreOptional) {
  configure("Flatten$Value");
  set_struct(Side::Value, outer(inner().optional().build()), {Value(), Value()});
  EXPECT_EQ(apply(), "");
  EXPECT_EQ(text(record().value.value), "Struct{}");
  EXPECT_TRUE(field("in.x").schema->optional());
  EXPECT_TRUE(field("in.y").schema->has_default());
}

TEST_F(TransformsFlatten, TakesDefaultsFromTheStructAround) {
  SchemaBuilder builder = inner();
  const Value values[] = {Value::int32(9), Value::string("z")};
  const StructData data{&builder.peek(), values};
  builder.default_value(Value::structure(&data));
  const SchemaPtr in = builder.build();
  configure("Flatten$Value");
  set_struct(Side::Value, outer(in), {Value(), structure(in, {Value::int32(2), Value()})});
  EXPECT_EQ(apply(), "");
  EXPECT_EQ(field("in.x").schema->default_value(), Value::int32(9));
  EXPECT_EQ(text(field("in.y").schema->default_value()), "dy") << "its own goes first";
}

TEST_F(TransformsFlatten, RefusesStructsItCannotTake) {
  configure("Flatten$Key");
  const SchemaPtr clash = SchemaBuilder::structure()
                              .field("in.x", primitive_schema(Type::Int32))
                              .field("in", inner().build())
                              .build();
  set_struct(Side::Key, clash, {Value::int32(1), Value()});
  EXPECT_EQ(apply(), "Cannot create field because of field name duplication in.x");
  EXPECT_EQ(error_kind(), ErrorKind::SchemaBuilder);
  fresh();
  const SchemaPtr text_map = SchemaBuilder::map(primitive_schema(Type::String),
                                                primitive_schema(Type::String)).build();
  set_struct(Side::Key, outer(SchemaBuilder::structure().field("m", text_map).build()), {{}, {}});
  EXPECT_EQ(apply(),
            "Flatten transformation does not support MAP for record with schemas (for field in.m).");
  fresh().key = {primitive_schema(Type::Int32).get(), Value::int32(1)};
  EXPECT_EQ(apply(),
            "Only Struct objects supported for [flattening], found: java.lang.Integer");
}

TEST_F(TransformsFlatten, JoinsKeysOfNestedMaps) {
  configure("Flatten$Value");
  const Value deep = map({{"c", Value::int32(1)}, {"d", Value()}});
  record().value.value =
      map({{"a", map({{"b", deep}, {"e", map({})}})}, {"l", Value::array({})}, {"a.b.d", deep}});
  EXPECT_EQ(apply(), "");
  EXPECT_EQ(text(record().value.value), "{a.b.c=1, a.b.d=null, l=[], a.b.d.c=1, a.b.d.d=null}");
  fresh().value.value = map({{"a", map({{"b", Value::int32(1)}})}, {"a.b", Value::int32(2)}});
  EXPECT_EQ(apply(), "");
  EXPECT_EQ(text(record().value.value), "{a.b=2}");
}

TEST_F(TransformsFlatten, RefusesMembersWithoutAType) {
  configure("Flatten$Value");
  record().value.value = map({{"a", map({{"b", Value::date(1)}})}});
  EXPECT_EQ(apply(),
            "Flatten transformation was passed a value of type class java.util.Date which is not "
            "supported by Connect's data API");
  fresh().value.value = map({{"a", map({{"b", structure(inner().build(), {{}, {}})}})}});
  EXPECT_EQ(apply(),
            "Flatten transformation does not support class org.apache.kafka.connect.data.Struct "
            "for record without schemas (for field a.b).");
  EXPECT_EQ(text(record().value.value), "{a={b=Struct{}}}") << "left as it was";
}

TEST_F(TransformsFlatten, PassesTombstones) {
  configure("Flatten$Value");
  const SchemaPtr schema = inner().build();
  record().value.schema = schema.get();
  EXPECT_EQ(apply(), "");
  EXPECT_EQ(record().value.schema, schema.get());
}

}  // namespace
}  // namespace millrace::transforms

// SchemaProjector: what oracle.converters compares with Kafka's class at random, case by case.

#include <gtest/gtest.h>

#include "millrace/schema_projector.h"

namespace millrace {
namespace {

struct Projected {
  std::optional<RowError> error;
  Value value;
};

class SchemaProjectorTest : public testing::Test {
 protected:
  Projected project(const SchemaPtr& source, const Value& value, const SchemaPtr& target) {
    Projected result;
    result.error = project_value(*source, value, *target, arena_, result.value);
    return result;
  }
  std::string refusal(const SchemaPtr& source, const Value& value, const SchemaPtr& target) {
    const Projected result = project(source, value, target);
    return result.error ? result.error->message : "";
  }
  Value structure(const SchemaPtr& schema, std::initializer_list<Value> fields) {
    const auto values = arena_.make_array<Value>(fields.size());
    std::copy(fields.begin(), fields.end(), values.begin());
    auto* data = arena_.make<StructData>();
    *data = {schema.get(), values.data()};
    return Value::structure(data);
  }

  Arena arena_;
};

TEST_F(SchemaProjectorTest, NumbersWidenOnly) {
  const std::vector<Type> order = {Type::Int8,  Type::Int16,   Type::Int32,
                                   Type::Int64, Type::Float32, Type::Float64};
  for (size_t from = 0; from < order.size(); ++from) {
    const Value value = order[from] <= Type::Int64 ? Value::int8(5) : Value::float64(5);
    for (size_t to = 0; to < order.size(); ++to) {
      Value number = value;  // of exactly the source's type
      if (order[from] == Type::Int16) number = Value::int16(5);
      if (order[from] == Type::Int32) number = Value::int32(5);
      if (order[from] == Type::Int64) number = Value::int64(5);
      if (order[from] == Type::Float32) number = Value::float32(5);
      const auto result =
          project(primitive_schema(order[from]), number, primitive_schema(order[to]));
      ASSERT_EQ(!result.error, from <= to) << from << " to " << to;
      if (result.error) continue;
      EXPECT_EQ(result.value.type(), order[to]);
      EXPECT_EQ(order[to] <= Type::Int64 ? static_cast<double>(result.value.as_int())
                                         : result.value.as_double(),
                5);
    }
  }
  EXPECT_EQ(refusal(primitive_schema(Type::Int32), Value::int32(1), primitive_schema(Type::String)),
            "Schema type mismatch. source type: INT32 and target type: STRING");
}

TEST_F(SchemaProjectorTest, LongsRoundToFloatsOnce) {
  // Through double this would round twice, to 2^60.
  constexpr int64_t kValue = (int64_t{1} << 60) + (int64_t{1} << 36) + 1;
  const auto result = project(primitive_schema(Type::Int64), Value::int64(kValue),
                              primitive_schema(Type::Float32));
  EXPECT_EQ(result.value.as_float(), static_cast<float>(kValue));
}

TEST_F(SchemaProjectorTest, NamesAndParametersCount) {
  const SchemaPtr two = logical::decimal(2).build();
  EXPECT_EQ(refusal(two, {}, logical::decimal(3).build()),
            "Schema parameters not equal. source parameters: {scale=2} and target parameters: "
            "{scale=3}");
  EXPECT_EQ(refusal(primitive_schema(Type::Int32), {}, logical::date().build()),
            "Schema name mismatch. source name: null and target name: "
            "org.apache.kafka.connect.data.Date");
  const auto versions = [](int32_t version) {
    return SchemaBuilder(Type::Int8).version(version).doc(std::to_string(version)).build();
  };
  EXPECT_EQ(refusal(versions(1), Value::int8(1), versions(2)), "");
  const auto parameters = [](const char* first, const char* second) {
    return SchemaBuilder(Type::Int8).parameter(first, "v").parameter(second, "v").build();
  };
  EXPECT_EQ(refusal(parameters("a", "b"), Value::int8(1), parameters("b", "a")), "");
}

TEST_F(SchemaProjectorTest, DefaultsStandForNull) {
  const SchemaPtr optional = primitive_schema(Type::Int8, true);
  const SchemaPtr with_default = SchemaBuilder(Type::Int16).default_value(Value::int16(7)).build();
  EXPECT_EQ(project(optional, {}, with_default).value, Value::int16(7));
  EXPECT_EQ(project(optional, Value::int8(3), with_default).value, Value::int16(3));
  EXPECT_TRUE(project(optional, {}, optional).value.is_null());
  EXPECT_EQ(refusal(optional, Value::int8(3), primitive_schema(Type::Int8)),
            "Writer schema is optional, however, target schema does not provide a default value.");
}

TEST_F(SchemaProjectorTest, StructsTakeTheFieldsOfTheTarget) {
  const SchemaPtr source = SchemaBuilder::structure()
                               .field("gone", primitive_schema(Type::Int8))
                               .field("kept", primitive_schema(Type::Int32))
                               .build();
  const SchemaPtr target =
      SchemaBuilder::structure()
          .field("maybe", primitive_schema(Type::String, true))
          .field("kept", primitive_schema(Type::Int64))
          .field("new", SchemaBuilder(Type::Int8).default_value(Value::int8(9)).build())
          .build();
  const Value value = structure(source, {Value::int8(1), Value::int32(2)});
  const auto result = project(source, value, target);
  ASSERT_FALSE(result.error) << result.error->message;
  EXPECT_EQ(result.value, structure(target, {Value(), Value::int64(2), Value::int8(9)}));

  const SchemaPtr wants =
      SchemaBuilder::structure().field("absent", primitive_schema(Type::Int8)).build();
  EXPECT_EQ(refusal(source, value, wants),
            "Required field `absent` is missing from source schema: Schema{STRUCT}");
}

TEST_F(SchemaProjectorTest, ErrorsNameTheWayToTheField) {
  const auto nest = [](Type type) {
    const SchemaPtr inner =
        SchemaBuilder::structure().field("b", primitive_schema(type)).build();
    return SchemaBuilder::structure().field("a", inner).build();
  };
  const SchemaPtr source = nest(Type::String);
  const Value inner = structure(source->fields()[0].schema, {Value::string("x")});
  const auto result = project(source, structure(source, {inner}), nest(Type::Int8));
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->kind, ErrorKind::SchemaProjector);
  EXPECT_EQ(result.error->message,
            "Error projecting a: Error projecting b: Schema type mismatch. source type: STRING and "
            "target type: INT8");
}

TEST_F(SchemaProjectorTest, ValuesThatDoNotFitAreRefused) {
  const SchemaPtr source =
      SchemaBuilder::structure().field("a", primitive_schema(Type::Int8)).build();
  const auto unset = project(source, structure(source, {Value()}), source);
  ASSERT_TRUE(unset.error);
  EXPECT_EQ(unset.error->kind, ErrorKind::Data);
  EXPECT_EQ(unset.error->message,
            "Invalid value: null used for required field: \"a\", schema type: INT8");
  EXPECT_EQ(refusal(source, Value::int8(1), source),
            "Cannot project a value of class java.lang.Byte as STRUCT");
}

TEST_F(SchemaProjectorTest, MapKeysThatBecomeOneKeepTheLaterValue) {
  const auto map = [](Type key) {
    return SchemaBuilder::map(primitive_schema(key), primitive_schema(Type::Int8)).build();
  };
  constexpr int64_t kLarge = int64_t{1} << 60;
  const MapEntry entries[] = {{Value::int64(kLarge), Value::int8(1)},
                              {Value::int64(kLarge + 1), Value::int8(2)}};
  const auto result = project(map(Type::Int64), Value::map(entries), map(Type::Float32));
  ASSERT_EQ(result.value.size(), 1U);
  EXPECT_EQ(result.value.as_map()[0].value, Value::int8(2));
}

}  // namespace
}  // namespace millrace

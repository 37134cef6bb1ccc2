// Schemas: set-once rules, equality, defaults. Expected messages are those of Connect's classes.

#include "millrace/schema.h"

#include <gtest/gtest.h>

#include <functional>
#include <tuple>

#include "millrace/errors.h"
#include "tests/unit/core/random_value.h"

namespace millrace {
namespace {

using core_test::message_of;
using core_test::Random;
using core_test::RandomValues;

const SchemaPtr& int8() {
  return primitive_schema(Type::Int8);
}
const SchemaPtr& text() {
  return primitive_schema(Type::String);
}

TEST(SchemaTest, PrimitivesAreShared) {
  for (auto t = static_cast<uint8_t>(Type::Int8); t <= static_cast<uint8_t>(Type::Bytes); ++t) {
    const auto type = static_cast<Type>(t);
    const SchemaPtr& required = primitive_schema(type);
    EXPECT_EQ(required->type(), type);
    EXPECT_EQ(required->value_class(), type);
    EXPECT_FALSE(required->optional());
    EXPECT_TRUE(primitive_schema(type, true)->optional());
    EXPECT_EQ(required.get(), primitive_schema(type).get());
    EXPECT_EQ(*required, *SchemaBuilder(type).build());
    EXPECT_FALSE(*required == *primitive_schema(type, true));
  }
}

TEST(SchemaTest, BuilderSetsEverything) {
  const SchemaPtr schema = SchemaBuilder(Type::Int8)
                               .optional()
                               .name("n")
                               .version(3)
                               .doc("d")
                               .parameter("b", "1")
                               .parameter("a", "2")
                               .default_value(Value::int8(5))
                               .build();
  EXPECT_TRUE(schema->optional());
  EXPECT_EQ(schema->name(), "n");
  EXPECT_EQ(schema->version(), 3);
  EXPECT_EQ(schema->doc(), "d");
  EXPECT_EQ(schema->parameters(), (SchemaParameters{{"b", "1"}, {"a", "2"}})) << "in order";
  EXPECT_EQ(*schema->parameter("a"), "2");
  EXPECT_EQ(schema->parameter("c"), nullptr);
  EXPECT_EQ(schema->default_value(), Value::int8(5));
  EXPECT_EQ(schema->to_string(), "Schema{n:INT8}");
  EXPECT_EQ(int8()->to_string(), "Schema{INT8}");
}

std::string refused(SchemaBuilder& builder, const std::function<void(SchemaBuilder&)>& call) {
  EXPECT_THROW(call(builder), SchemaBuilderException);
  return message_of([&] { call(builder); });
}

TEST(SchemaTest, AttributesAreSetOnce) {
  SchemaBuilder builder(Type::Int8);
  builder.optional().name("n").version(1).doc("d").default_value(Value::int8(1));
  const auto set = [](const std::string& what) {
    return "Invalid SchemaBuilder call: " + what + " has already been set.";
  };
  builder.optional();  // the same again is no change
  EXPECT_EQ(refused(builder, [](SchemaBuilder& b) { b.optional(false); }), set("optional"));
  EXPECT_EQ(refused(builder, [](SchemaBuilder& b) { b.name("m"); }), set("name"));
  EXPECT_EQ(refused(builder, [](SchemaBuilder& b) { b.version(2); }), set("version"));
  EXPECT_EQ(refused(builder, [](SchemaBuilder& b) { b.doc("e"); }), set("doc"));
  EXPECT_EQ(refused(builder, [](SchemaBuilder& b) { b.default_value(Value::int8(2)); }),
            set("default"));
  builder.parameter("a", "1").parameter("a", "2");
  EXPECT_EQ(builder.peek().parameters(), (SchemaParameters{{"a", "2"}})) << "the last one wins";
}

TEST(SchemaTest, OnlyTypesOfSchemas) {
  for (const Type type : {Type::Null, Type::Decimal, Type::Date}) {
    EXPECT_EQ(message_of([&] { SchemaBuilder builder(type); }), "type cannot be null");
  }
}

TEST(SchemaTest, FieldsHaveUniqueNames) {
  SchemaBuilder number(Type::Int8);
  EXPECT_EQ(refused(number, [](SchemaBuilder& b) { b.field("a", int8()); }),
            "Cannot create fields on type INT8");
  SchemaBuilder builder = SchemaBuilder::structure();
  builder.field("a", int8());
  EXPECT_EQ(refused(builder, [](SchemaBuilder& b) { b.field("a", text()); }),
            "Cannot create field because of field name duplication a");
  EXPECT_EQ(refused(builder, [](SchemaBuilder& b) { b.field("", int8()); }),
            "fieldName cannot be null.");
  EXPECT_EQ(refused(builder, [](SchemaBuilder& b) { b.field("b", nullptr); }),
            "fieldSchema for field b cannot be null.");
  EXPECT_EQ(builder.peek().fields().size(), 1U);
}

TEST(SchemaTest, ContainersNeedTheirSchemas) {
  EXPECT_EQ(message_of([] { SchemaBuilder::array(nullptr); }), "valueSchema cannot be null.");
  EXPECT_EQ(message_of([] { SchemaBuilder::map(nullptr, int8()); }), "keySchema cannot be null.");
  EXPECT_EQ(message_of([] { SchemaBuilder::map(int8(), nullptr); }), "valueSchema cannot be null.");
  const SchemaPtr map = SchemaBuilder::map(text(), int8()).build();
  EXPECT_EQ(map->key_schema(), text());
  EXPECT_EQ(map->value_schema(), int8());
  EXPECT_TRUE(map->fields().empty());
  EXPECT_EQ(map->field("a"), nullptr);
}

TEST(SchemaTest, ManyFieldsAreFound) {
  Random random;
  for (size_t count = 0; count < 40; ++count) {
    std::vector<std::string> names;
    for (size_t i = 0; i < count; ++i) names.push_back("f" + std::to_string(i * 7919 % 1000));
    std::shuffle(names.begin(), names.end(), random.engine());
    SchemaBuilder builder = SchemaBuilder::structure();
    for (const std::string& name : names) builder.field(name, int8());
    const SchemaPtr schema = builder.build();
    for (uint32_t i = 0; i < count; ++i) {
      const Field* field = schema->field(names[i]);
      ASSERT_NE(field, nullptr) << names[i];
      ASSERT_EQ(field->index, i);
      ASSERT_EQ(field, &schema->fields()[i]);
    }
    for (const char* absent : {"", "e", "f", "g", "f1000", "zz"}) {
      ASSERT_EQ(schema->field(absent), nullptr) << absent;
    }
  }
}

TEST(SchemaTest, EveryAttributeCountsForEquality) {
  const auto base = [] { return SchemaBuilder(Type::Int8); };
  const std::vector<SchemaPtr> different = {
      base().build(),
      base().optional().build(),
      base().name("n").build(),
      base().name("m").build(),
      base().version(1).build(),
      base().version(2).build(),
      base().doc("d").build(),
      base().parameter("a", "1").build(),
      base().parameter("a", "2").build(),
      base().parameter("a", "1").parameter("b", "1").build(),
      base().default_value(Value::int8(0)).build(),
      base().default_value(Value::int8(1)).build(),
      SchemaBuilder(Type::Int16).build(),
      SchemaBuilder::array(int8()).build(),
      SchemaBuilder::array(text()).build(),
      SchemaBuilder::map(int8(), text()).build(),
      SchemaBuilder::map(text(), int8()).build(),
      SchemaBuilder::map_of_unknown(nullptr, text()).build(),
      SchemaBuilder::structure().build(),
      SchemaBuilder::structure().field("a", int8()).build(),
      SchemaBuilder::structure().field("b", int8()).build(),
      SchemaBuilder::structure().field("a", text()).build(),
      SchemaBuilder::structure().field("a", int8()).field("b", int8()).build(),
      SchemaBuilder::structure().field("b", int8()).field("a", int8()).build(),
  };
  for (size_t i = 0; i < different.size(); ++i) {
    for (size_t j = 0; j < different.size(); ++j) {
      EXPECT_EQ(*different[i] == *different[j], i == j) << i << " and " << j;
    }
  }
  EXPECT_FALSE(same_schema(different[0].get(), nullptr));
  EXPECT_TRUE(same_schema(nullptr, nullptr));
}

TEST(SchemaTest, ParametersCompareWithoutOrder) {
  EXPECT_EQ(*SchemaBuilder(Type::Int8).parameter("a", "1").parameter("b", "2").build(),
            *SchemaBuilder(Type::Int8).parameter("b", "2").parameter("a", "1").build());
}

TEST(SchemaTest, ADefaultMustFit) {
  SchemaBuilder builder(Type::Int8);
  try {
    builder.default_value(Value::string("x"));
    ADD_FAILURE() << "accepted";
  } catch (const SchemaBuilderException& error) {
    EXPECT_EQ(describe(error),
              "org.apache.kafka.connect.errors.SchemaBuilderException: Invalid default value\n"
              "Caused by: org.apache.kafka.connect.errors.DataException: Invalid Java object for "
              "schema with type INT8: class java.lang.String for value");
  }
  EXPECT_EQ(refused(builder, [](SchemaBuilder& b) { b.default_value({}); }),
            "Invalid default value");
  EXPECT_FALSE(builder.peek().has_default());
  builder.optional().default_value({});
  EXPECT_FALSE(builder.peek().has_default()) << "null is the default of optional schemas";
  builder.default_value(Value::int8(1));
  EXPECT_EQ(builder.build()->default_value(), Value::int8(1));
}

TEST(SchemaTest, DefaultsAreCopied) {
  Arena arena;
  std::string bytes = "abc";
  const Value element = Value::string(bytes);
  const SchemaPtr list =
      SchemaBuilder::array(text()).default_value(Value::array({&element, 1})).build();
  const SchemaPtr raw =
      SchemaBuilder(Type::Bytes)
          .default_value(Value::bytes({reinterpret_cast<const uint8_t*>(bytes.data()), 3}))
          .build();
  const SchemaPtr number = logical::decimal(1).default_value(parse_decimal("1.5", arena)).build();
  bytes = "xxx";
  arena.reset();
  EXPECT_EQ(list->default_value().as_array()[0].as_string(), "abc");
  EXPECT_EQ(raw->default_value().as_bytes()[0], 'a');
  Arena other;
  EXPECT_EQ(number->default_value(), parse_decimal("1.5", other));
}

/// A struct schema with a default made on its own builder.
SchemaPtr with_struct_default(int8_t value) {
  SchemaBuilder builder = SchemaBuilder::structure();
  builder.field("x", int8());
  const Value member = Value::int8(value);
  const StructData data{&builder.peek(), &member};
  return builder.default_value(Value::structure(&data)).build();
}

TEST(SchemaTest, AStructDefaultBelongsToItsBuilder) {
  const SchemaPtr schema = with_struct_default(4);
  EXPECT_EQ(schema->default_value().as_struct().schema, schema.get());
  EXPECT_EQ(schema->default_value().as_struct().values[0], Value::int8(4));
  EXPECT_EQ(*schema, *with_struct_default(4));
  EXPECT_FALSE(*schema == *with_struct_default(5));
  EXPECT_EQ(schema->default_value(), with_struct_default(4)->default_value());

  const SchemaPtr plain = SchemaBuilder::structure().field("x", int8()).build();
  const Value member = Value::int8(1);
  const StructData foreign{plain.get(), &member};
  SchemaBuilder builder = SchemaBuilder::structure();
  builder.field("x", int8());
  EXPECT_EQ(
      refused(builder, [&](SchemaBuilder& b) { b.default_value(Value::structure(&foreign)); }),
      "Invalid default value")
      << "an equal schema is another";
}

TEST(SchemaTest, StructsInsideADefaultKeepTheirSchemaAlive) {
  SchemaPtr list;
  {
    const SchemaPtr point = SchemaBuilder::structure().field("x", int8()).build();
    const SchemaPtr twin = SchemaBuilder::structure().field("x", int8()).build();
    const Value member = Value::int8(9);
    const StructData data{twin.get(), &member};
    const Value element = Value::structure(&data);
    list = SchemaBuilder::array(point).default_value(Value::array({&element, 1})).build();
  }
  const Value& element = list->default_value().as_array()[0];
  EXPECT_EQ(element.as_struct().schema, list->value_schema().get());
  EXPECT_EQ(element.as_struct().values[0], Value::int8(9));
}

TEST(SchemaTest, AnyFittingDefaultIsKept) {
  Random random;
  RandomValues values(random);
  for (int round = 0; round < 300; ++round) {
    const SchemaPtr element = values.schema(2);
    SchemaPtr schemas[2];
    Arena arena;
    const Value value[] = {values.value(*element, arena)};
    for (SchemaPtr& schema : schemas) {
      schema = SchemaBuilder::array(element).default_value(Value::array(value)).build();
    }
    ASSERT_EQ(schemas[0]->default_value(), Value::array(value));
    ASSERT_EQ(*schemas[0], *schemas[1]);
  }
}

TEST(SchemaTest, LogicalTypes) {
  const SchemaPtr decimal = logical::decimal(-2).build();
  EXPECT_EQ(decimal->to_string(), "Schema{org.apache.kafka.connect.data.Decimal:BYTES}");
  EXPECT_EQ(decimal->version(), 1);
  EXPECT_EQ(decimal->parameters(), (SchemaParameters{{"scale", "-2"}}));
  EXPECT_EQ(decimal->value_class(), Type::Decimal);
  for (const auto& [schema, base, name] :
       {std::tuple{logical::date().build(), Type::Int32, logical::kDate},
        std::tuple{logical::time().build(), Type::Int32, logical::kTime},
        std::tuple{logical::timestamp().build(), Type::Int64, logical::kTimestamp}}) {
    EXPECT_EQ(schema->type(), base);
    EXPECT_EQ(schema->name(), name);
    EXPECT_EQ(schema->version(), 1);
    EXPECT_EQ(schema->value_class(), Type::Date);
    EXPECT_TRUE(schema->parameters().empty());
  }
  EXPECT_EQ(SchemaBuilder(Type::Int8).name("org.example.Date").build()->value_class(), Type::Int8);
}

}  // namespace
}  // namespace millrace

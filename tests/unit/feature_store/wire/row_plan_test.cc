// What plans refuse, and what rows are refused for.

#include "millrace/errors.h"
#include "tests/unit/feature_store/wire/fixture.h"
#include "connectors/avro/binary.h"

namespace millrace::feature_store {
namespace {

template <typename Action>
std::string refusal(const Action& action) {
  try {
    action();
  } catch (const DataException& error) {
    return error.what();
  }
  return "nothing was refused";
}

TEST(RowPlan, SaysWhyASchemaDoesNotFitItsGroup) {
  const auto plan = [](const std::string& fields, FeatureGroup group) {
    return refusal([&] { plan_of_fields(fields, std::move(group)); });
  };
  using testing::HasSubstr;
  const std::string id = R"({"name":"id","type":"long"})";
  EXPECT_THAT(plan(id, keyed_by({"no"})), HasSubstr("it has no field no, which is a primary key"));
  EXPECT_THAT(plan(id, keyed_by({"id"}, "at")), HasSubstr("no field at, which is the event time"));
  EXPECT_THAT(plan(id, keyed_by({"id", "id"})), HasSubstr("primary key id twice"));
  EXPECT_THAT(plan(id, keyed_by({})), HasSubstr("needs a primary key"));
  EXPECT_THAT(plan(R"({"name":"id","type":"double"})", keyed_by({"id"})),
              HasSubstr("feature id of type double cannot be in a primary key"));
  EXPECT_THAT(plan(R"({"name":"id","type":{"type":"array","items":"int"}})", keyed_by({"id"})),
              HasSubstr("cannot be in a primary key"));
  EXPECT_THAT(plan(id + R"(,{"name":"x","type":["int","string"]})", keyed_by({"id"})),
              HasSubstr("a union of several types"));
  EXPECT_THAT(plan(id + R"(,{"name":"x","type":{"type":"enum","name":"e","symbols":["A"]}})", keyed_by({"id"})),
              HasSubstr("enum is no feature"));
  EXPECT_THAT(plan(id + R"(,{"name":"x","type":"string"})", keyed_by({"id"}, "x")),
              HasSubstr("event time x is a string"));
  FeatureGroup group = keyed_by({"s"});
  group.online_types["s"] = parse_column_type("text");
  EXPECT_THAT(plan(R"({"name":"s","type":"string"})", group), HasSubstr("primary key s is a text"));
  group = keyed_by({"id"});
  group.complex_types["b"] = "int";
  EXPECT_THAT(plan(id + R"(,{"name":"b","type":"bytes"})", group), HasSubstr("has the type int"));
  EXPECT_THAT(refusal([] { plan_of(R"("long")"); }), HasSubstr("it is no record"));
}

TEST(RowPlan, RefusesWhatHasTooManyFields) {
  std::string fields = R"({"name":"id","type":"long"})";
  for (int i = 0; i < 500; ++i) fields += R"(,{"name":"f)" + std::to_string(i) + R"(","type":"int"})";
  EXPECT_THAT(refusal([&] { plan_of_fields(fields, keyed_by({"id"})); }), testing::HasSubstr("500"));
}

TEST(RowPlan, RefusesTypesWithoutEnd) {
  const std::string id = R"({"name":"id","type":"long"},)";
  EXPECT_THAT(refusal([&] {
                plan_of_fields(id + R"({"name":"n","type":{"type":"record","name":"node","fields":[
                  {"name":"next","type":["null","node"]}]}})", keyed_by({"id"}));
              }),
              testing::HasSubstr("refers to itself"));
  // Each record has the one before it four times: text of 4^20 parts.
  std::string fields = id + R"({"name":"x0","type":{"type":"record","name":"r0","fields":[{"name":"a","type":"int"}]}})";
  for (int i = 1; i < 20; ++i) {
    const std::string before = "r" + std::to_string(i - 1);
    fields += R"(,{"name":"x)" + std::to_string(i) + R"(","type":{"type":"record","name":"r)" + std::to_string(i) +
              R"(","fields":[)";
    for (const char* name : {"a", "b", "c", "d"}) {
      if (name[0] != 'a') fields += ',';
      fields += R"({"name":")" + std::string(name) + R"(","type":")" + before + R"("})";
    }
    fields += "]}}";
  }
  EXPECT_THAT(refusal([&] { plan_of_fields(fields, keyed_by({"id"})); }), testing::HasSubstr("too large"));
}

TEST(RowPlan, KeepsTheKeyOfItsTable) {
  const KeySchema table({"id"}, {parse_feature_type("bigint")});
  const auto group = std::make_shared<FeatureGroup>(keyed_by({"id"}));
  const auto schema = avro::Schema::parse(R"({"type":"record","name":"r","fields":[{"name":"id","type":"int"}]})");
  const RowPlan plan(group, 1, schema, {}, &table);
  EXPECT_EQ(scan(plan, from_hex("0a")).key, from_hex("8000000000000005")) << "int in a table of bigint";
  const KeySchema other({"x"}, {parse_feature_type("bigint")});
  EXPECT_THROW(RowPlan(group, 1, schema, {}, &other), DataException);
}

TEST(RowPlan, TellsWhichRowsTheUserGotWrong) {
  FeatureGroup group = keyed_by({"id"});
  group.online_types = {{"s", parse_column_type("varchar(3)")},
                        {"b", parse_column_type("varbinary(2)")},
                        {"n", parse_column_type("tinyint")}};
  group.feature_types["t"] = parse_feature_type("smallint");
  const std::string fields = R"({"name":"id","type":["null","long"]},{"name":"s","type":"string"},
      {"name":"b","type":"bytes"},{"name":"n","type":"int"},{"name":"t","type":"int"},
      {"name":"d","type":{"type":"bytes","logicalType":"decimal","precision":3,"scale":1}})";
  const RowPlanPtr plan = plan_of_fields(fields, group);
  const auto row = [](std::string_view s, std::string_view b, int64_t n, int64_t t, std::string_view d) {
    std::string out = from_hex("02 0a");
    avro::Writer writer(out);
    writer.write_bytes(s);
    writer.write_bytes(b);
    writer.write_long(n);
    writer.write_long(t);
    writer.write_bytes(d);
    return out;
  };
  const std::string d = from_hex("03e7");  // 99.9
  EXPECT_FALSE(scan(*plan, row("äöü", "ab", -128, 32767, d)).failure) << "characters count, not bytes";
  struct Wrong {
    std::string row;
    int32_t field;
  };
  for (const Wrong& wrong : std::vector<Wrong>{{row("abcd", "", 0, 0, d), 1},
                                               {row("", "abc", 0, 0, d), 2},
                                               {row("", "", 128, 0, d), 3},
                                               {row("", "", 0, -32769, d), 4},
                                               {row("", "", 0, 0, from_hex("03e8")), 5},
                                               {row("", "", 0, 0, std::string(17, '\x7f')), 5},
                                               {row("", "", 0, 0, ""), 5},
                                               {from_hex("00 00 00 00 00 02 01"), 0}}) {
    const Scan result = scan(*plan, wrong.row);
    EXPECT_EQ(result.failure.type, FailureType::UserData) << wrong.field;
    EXPECT_EQ(result.failure.field, wrong.field);
    EXPECT_EQ(result.key, "") << "the key is as it was";
  }
  EXPECT_FALSE(scan(*plan, row("", "", 0, 0, std::string(20, '\0') + d)).failure) << "repeated signs are no digits";
  EXPECT_FALSE(scan(*plan, row("abcd", "abc", 999, 99999, d), true).failure) << "of a delete, the key alone";
  PlanLimits limits;
  limits.check_lengths = false;
  const RowPlanPtr lenient =
      plan_of(R"({"type":"record","name":"r","fields":[)" + fields + "]}", group, limits);
  EXPECT_FALSE(scan(*lenient, row("abcd", "abc", 999, 99999, d)).failure);
}

TEST(RowPlan, BoundsComplexValuesAndKeys) {
  const std::string fields =
      R"({"name":"s","type":"string"},{"name":"a","type":["null",{"type":"array","items":"int"}]})";
  PlanLimits limits;
  limits.max_nested_bytes = 4;
  const RowPlanPtr plan =
      plan_of(R"({"type":"record","name":"r","fields":[)" + fields + "]}", keyed_by({"s"}), limits);
  EXPECT_FALSE(scan(*plan, from_hex("02 78 02 08 02020200")).failure);
  EXPECT_EQ(scan(*plan, from_hex("02 78 02 0a 0204020200")).failure.type, FailureType::UserData);
  std::string row;
  avro::Writer(row).write_bytes(std::string(kMaxKeyBytes - 2, 'x'));
  row += from_hex("00");
  EXPECT_FALSE(scan(*plan, row).failure);
  row.clear();
  avro::Writer(row).write_bytes(std::string(kMaxKeyBytes - 1, 'x'));
  row += from_hex("00");
  EXPECT_EQ(scan(*plan, row).failure.type, FailureType::UserData);
}

TEST(RowPlan, WhatANarrowerTypeOfTheGroupSays) {
  FeatureGroup group = keyed_by({"id"});
  group.feature_types = {{"id", parse_feature_type("tinyint")}};
  const RowPlanPtr plan = plan_of_fields(R"({"name":"id","type":"int"})", group);
  EXPECT_EQ(plan->key().types()[0].kind, FeatureKind::TinyInt);
  EXPECT_EQ(scan(*plan, from_hex("0a")).key, from_hex("85"));
  EXPECT_EQ(scan(*plan, from_hex("8002")).failure.type, FailureType::UserData) << "128";
}

}  // namespace
}  // namespace millrace::feature_store

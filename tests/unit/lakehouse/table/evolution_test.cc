#include "connectors/lakehouse/table/evolution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "millrace/errors.h"
#include "tests/unit/lakehouse/table/sample_table.h"

namespace millrace::lakehouse {
namespace {

using ::testing::HasSubstr;

TableSchema schema() {
  return {.id = 2,
          .fields = {{1, "id", true, primitive(TypeId::Int)},
                     {2, "price", false, decimal_type(9, 2)},
                     {3, "place", true,
                      struct_type({{4, "x", true, primitive(TypeId::Float)},
                                   {5, "y.z", false, primitive(TypeId::String)}})},
                     {6, "items", false,
                      list_type(7, struct_type({{8, "n", false, primitive(TypeId::Int)}}), true)},
                     {9, "by", false,
                      map_type(10, primitive(TypeId::Int), 11, primitive(TypeId::Int), true)}},
          .identifier_ids = {1}};
}

SchemaChange::NewColumn column(int32_t parent, std::string name, TypePtr type) {
  return {parent, {0, std::move(name), false, std::move(type)}};
}

TEST(Evolution, NewColumnsGetNewIds) {
  const EvolvedSchema evolved = evolve(
      schema(), 20,
      {.columns = {column(0, "note", primitive(TypeId::String)),
                   column(3, "w", struct_type({{1, "a", false, primitive(TypeId::Int)}})),
                   column(7, "m", list_type(1, primitive(TypeId::Int), false))}});
  EXPECT_TRUE(evolved.changed);
  EXPECT_EQ(evolved.schema.path_of(21), "note");
  EXPECT_EQ(evolved.schema.path_of(22), "place.w");
  EXPECT_EQ(evolved.schema.path_of(23), "place.w.a");
  EXPECT_EQ(evolved.schema.path_of(24), "items.element.m");
  EXPECT_EQ(evolved.schema.path_of(25), "items.element.m.element");
  EXPECT_EQ(evolved.last_column_id, 25);
  EXPECT_EQ(evolved.schema.field(4)->name, "x");
  EXPECT_EQ(evolved.schema.fields.size(), schema().fields.size() + 1);
}

TEST(Evolution, TypesAreWidened) {
  const EvolvedSchema evolved = evolve(schema(), 11,
                                       {.types = {{1, primitive(TypeId::Long)},
                                                  {4, primitive(TypeId::Double)},
                                                  {2, decimal_type(12, 2)},
                                                  {8, primitive(TypeId::Long)},
                                                  {11, primitive(TypeId::Long)}},
                                        .optionals = {3, 4, 7}});
  const TableSchema& wide = evolved.schema;
  EXPECT_EQ(wide.field(1)->type->id, TypeId::Long);
  EXPECT_EQ(wide.field(4)->type->id, TypeId::Double);
  EXPECT_EQ(wide.field(2)->type->precision, 12);
  EXPECT_EQ(wide.field(8)->type->id, TypeId::Long);
  EXPECT_EQ(wide.field(11)->type->id, TypeId::Long);
  EXPECT_FALSE(wide.field(3)->required);
  EXPECT_FALSE(wide.field(4)->required);
  EXPECT_FALSE(wide.field(7)->required);
  EXPECT_TRUE(wide.field(1)->required);
  EXPECT_EQ(evolved.last_column_id, 11);
}

TEST(Evolution, WhatIsThereAlreadyIsNoChange) {
  const SchemaChange change = {.columns = {column(0, "note", primitive(TypeId::Int))},
                               .types = {{1, primitive(TypeId::Long)}},
                               .optionals = {3}};
  const EvolvedSchema once = evolve(schema(), 11, change);
  EXPECT_TRUE(once.changed);
  const EvolvedSchema twice = evolve(once.schema, once.last_column_id, change);
  EXPECT_FALSE(twice.changed);
  EXPECT_EQ(twice.last_column_id, once.last_column_id);
  const EvolvedSchema wider =
      evolve(once.schema, once.last_column_id, {.types = {{12, primitive(TypeId::Long)}}});
  EXPECT_FALSE(evolve(wider.schema, wider.last_column_id, change).changed)
      << "another writer made it wider";
}

TEST(Evolution, WhatCannotBeSaysWhy) {
  const auto why = [](const SchemaChange& change) -> std::string {
    try {
      evolve(schema(), 11, change);
    } catch (const DataException& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  EXPECT_THAT(why({.types = {{1, primitive(TypeId::String)}}}), HasSubstr("`id` of type int"));
  EXPECT_THAT(why({.types = {{1, primitive(TypeId::Double)}}}), HasSubstr("cannot become double"));
  EXPECT_THAT(why({.types = {{2, decimal_type(12, 3)}}}), HasSubstr("`price`"));
  EXPECT_THAT(why({.types = {{99, primitive(TypeId::Int)}}}), HasSubstr("not in the table"));
  EXPECT_THAT(why({.types = {{10, primitive(TypeId::Long)}}}), HasSubstr("key of a map"));
  EXPECT_THAT(why({.optionals = {1}}), HasSubstr("identifies rows"));
  EXPECT_THAT(why({.optionals = {10}}), HasSubstr("key of a map"));
  EXPECT_THAT(why({.columns = {column(1, "a", primitive(TypeId::Int))}}), HasSubstr("no struct"));
  EXPECT_THAT(why({.columns = {{0, {0, "r", true, primitive(TypeId::Int)}}}}),
              HasSubstr("cannot be added as required"));
}

TEST(Evolution, AColumnThatIsThereByNowGetsWhatItLacks) {
  const auto text = [](const SchemaChange& change) {
    return type_text({.id = TypeId::Struct, .fields = evolve(schema(), 11, change).schema.fields});
  };
  const std::string before = text({});
  EXPECT_EQ(text({.columns = {column(0, "id", primitive(TypeId::String))}}), before)
      << "quite another type stays as it is";
  EXPECT_NE(text({.columns = {column(0, "id", primitive(TypeId::Long))}}), before);
  EXPECT_EQ(evolve(schema(), 11, {.columns = {column(0, "ID", primitive(TypeId::Int))}}).last_column_id, 12);
  EXPECT_FALSE(
      evolve(schema(), 11, {.columns = {column(0, "ID", primitive(TypeId::Int))}, .ignore_case = true}).changed);
  const auto item = struct_type({{0, "n", false, primitive(TypeId::Long)},
                                 {0, "m", false, primitive(TypeId::Date)}});
  const EvolvedSchema evolved =
      evolve(schema(), 11,
             {.columns = {column(0, "items", list_type(0, item, false)),
                          column(0, "place", struct_type({{0, "x", false, primitive(TypeId::Double)}})),
                          column(0, "by", map_type(0, primitive(TypeId::Long), 0, primitive(TypeId::Long), true))}});
  EXPECT_EQ(evolved.schema.field(8)->type->id, TypeId::Long);
  EXPECT_EQ(evolved.schema.path_of(12), "items.element.m");
  EXPECT_FALSE(evolved.schema.field(7)->required);
  EXPECT_FALSE(evolved.schema.field(3)->required);
  EXPECT_EQ(evolved.schema.field(4)->type->id, TypeId::Double);
  EXPECT_EQ(evolved.schema.field(10)->type->id, TypeId::Int) << "the key of a map";
  EXPECT_EQ(evolved.schema.field(11)->type->id, TypeId::Long);
}

TEST(Evolution, AppliesToATable) {
  const TableMetadata table = sample_metadata();
  const EvolvedSchema evolved =
      evolve(table.current_schema(), table.last_column_id(),
             {.columns = {column(0, "note", primitive(TypeId::String))}});
  const TableMetadata after = table.apply(
      {change::add_schema(evolved.schema, evolved.last_column_id), change::set_current_schema(-1)},
      kNow);
  EXPECT_EQ(after.current_schema().column("note")->id, 6);
  EXPECT_EQ(after.last_column_id(), 6);
}

TEST(Evolution, NeverUsesAnIdAgain) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  EvolvedSchema state{schema(), 11, false};
  std::map<int32_t, std::string> owners;
  for (int round = 0; round < 200; ++round) {
    const int32_t parents[] = {0, 3, 7};
    const std::string name = "c" + std::to_string(random() % 60);
    state = evolve(state.schema, state.last_column_id,
                   {.columns = {column(parents[random() % 3], name, primitive(TypeId::Int))}});
    if (random() % 4 == 0)
      state.schema.fields.erase(state.schema.fields.begin() + 5, state.schema.fields.end());
    for (int32_t id = 1; id <= state.last_column_id; ++id) {
      const std::string path = state.schema.path_of(id);
      if (path.empty()) continue;
      EXPECT_EQ(owners.emplace(id, path).first->second, path);
    }
  }
}

TEST(NameMapping, ListsAllFields) {
  EXPECT_EQ(name_mapping(sample_metadata().current_schema()),
            R"([{"field-id":1,"names":["id"]},{"field-id":2,"names":["ts"]},)"
            R"({"field-id":3,"names":["tags"],"fields":[{"field-id":5,"names":["element"]}]},)"
            R"({"field-id":4,"names":["kind"]}])");
}

TEST(NameMapping, GrowsWithTheSchemaAndKeepsAliases) {
  const TableSchema given{.fields = {{1, "id", true, primitive(TypeId::Long)},
                                     {7, "note", false, primitive(TypeId::String)}}};
  EXPECT_EQ(extended_name_mapping(
                R"([{"field-id":1,"names":["id","key"]},{"field-id":3,"names":["note"]}])", given),
            R"([{"field-id":1,"names":["id","key"]},{"field-id":3,"names":[]},)"
            R"({"field-id":7,"names":["note"]}])");
  EXPECT_THROW(extended_name_mapping("{}", given), DataException);
  EXPECT_THROW(extended_name_mapping("[1]", given), DataException);
  EXPECT_THROW(extended_name_mapping("[", given), DataException);
}

}  // namespace
}  // namespace millrace::lakehouse

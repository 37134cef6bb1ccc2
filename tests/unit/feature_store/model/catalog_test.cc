// What a catalog refuses: names that are there twice, limits of stores, views of nothing.

#include "connectors/feature_store/model/catalog.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "millrace/errors.h"

namespace millrace::feature_store {
namespace {

using ::testing::HasSubstr;

FeatureGroup group(int64_t id, const std::string& name) {
  FeatureGroup made;
  made.id = id;
  made.project = "bank";
  made.name = name;
  made.primary_key = {"k"};
  return made;
}

/// With features; the first is the key.
FeatureGroup typed(const std::vector<std::pair<std::string, std::string>>& features) {
  FeatureGroup made = group(1, "g");
  made.primary_key = {features.front().first};
  for (const auto& [name, type] : features) made.feature_types[name] = parse_feature_type(type);
  return made;
}

std::string why_not(Catalog::Parts parts) {
  try {
    const Catalog catalog(std::move(parts));
    return "it was accepted";
  } catch (const ConfigException& error) {
    return error.what();
  }
}

Catalog::Parts parts_of(const std::vector<FeatureGroup>& groups) {
  Catalog::Parts parts;
  for (const FeatureGroup& one : groups) {
    parts.groups.push_back(std::make_shared<FeatureGroup>(one));
  }
  return parts;
}

std::string why_not(const FeatureGroup& one) {
  return why_not(parts_of({one}));
}

const std::string kAccepted = "it was accepted";

TEST(CatalogTest, IdsAndNamesAreUnique) {
  EXPECT_THAT(why_not(parts_of({group(1, "a"), group(1, "b")})),
              HasSubstr("feature group 1 (bank a_1) and feature group 1 (bank b_1) have one id"));
  FeatureGroup other_case = group(2, "a");
  other_case.project = "BANK_featurestore";
  EXPECT_THAT(why_not(parts_of({group(1, "a"), other_case})), HasSubstr("one name and version"));
}

TEST(CatalogTest, ADeletedGroupLeavesItsNameToTheNextOne) {
  FeatureGroup old = group(1, "a");
  old.deleted = true;
  const Catalog catalog(parts_of({old, group(2, "a")}));
  EXPECT_EQ(catalog.table("bank", "a_1"), catalog.group(2));
  EXPECT_TRUE(catalog.group(1)->deleted);
}

TEST(CatalogTest, KeysHaveTypesThatCompareExactly) {
  for (const char* type : {"float", "double", "array<int>", "map<string,int>"}) {
    EXPECT_THAT(why_not(typed({{"k", type}, {"v", "int"}})), HasSubstr("primary key k is")) << type;
  }
  for (const char* column : {"text", "blob", "double"}) {
    FeatureGroup one = typed({{"k", "string"}});
    one.online_types["k"] = parse_column_type(column);
    EXPECT_THAT(why_not(one), HasSubstr("no keys")) << column;
  }
  for (const char* type :
       {"int", "string", "binary", "date", "timestamp", "decimal(10,2)", "boolean"}) {
    EXPECT_EQ(why_not(typed({{"k", type}})), kAccepted) << type;
  }
}

TEST(CatalogTest, KeysAreNotTooLong) {
  FeatureGroup one = typed({{"k", "string"}});
  one.online_types["k"] = parse_column_type("varchar(1025)");
  EXPECT_THAT(why_not(one), HasSubstr("may take"));
  one.online_types["k"] = parse_column_type("varchar(1000)");
  EXPECT_EQ(why_not(one), kAccepted);
}

TEST(CatalogTest, AKeyIsThere) {
  FeatureGroup one = group(1, "a");
  one.primary_key = {};
  EXPECT_THAT(why_not(one), HasSubstr("no primary key"));
  one.primary_key = {"k", "k"};
  EXPECT_THAT(why_not(one), HasSubstr("primary key k is there twice"));
  one.primary_key = {"k"};
  one.offline_only = {"k"};
  EXPECT_THAT(why_not(one), HasSubstr("not online"));
  one = typed({{"card", "int"}, {"v", "int"}});
  one.primary_key = {"crad"};
  EXPECT_THAT(why_not(one), HasSubstr("crad is no feature of it; is card meant?"));
}

TEST(CatalogTest, TimesAreTimes) {
  FeatureGroup one = typed({{"k", "int"}, {"ts", "timestamp"}, {"s", "string"}});
  one.ttl_seconds = 5;
  EXPECT_THAT(why_not(one), HasSubstr("no eventTime"));
  one.event_time = "s";
  EXPECT_THAT(why_not(one), HasSubstr("event time s is string"));
  one.event_time = "ts";
  EXPECT_EQ(why_not(one), kAccepted);
  one.event_time = "none";
  EXPECT_THAT(why_not(one), HasSubstr("event time none is no feature"));
}

TEST(CatalogTest, RowsHaveNoMoreThan500Columns) {
  std::vector<std::pair<std::string, std::string>> features = {{"k", "int"}};
  for (int i = 1; i < 501; ++i) features.emplace_back(fmt::format("f{}", i), "int");
  FeatureGroup one = typed(features);
  EXPECT_THAT(why_not(one), HasSubstr("501 online columns"));
  one.offline_only = {"f1"};
  EXPECT_EQ(why_not(one), kAccepted);
}

TEST(CatalogTest, RowsFitTheStores) {
  std::vector<std::pair<std::string, std::string>> features = {{"k", "int"}};
  for (int i = 0; i < 75; ++i) features.emplace_back(fmt::format("s{}", i), "string");
  FeatureGroup one = typed(features);  // 75 of varchar(100) are 30,000 bytes by themselves
  EXPECT_THAT(why_not(one), HasSubstr("a row may take"));
  one.online_types["s0"] = parse_column_type("text");
  EXPECT_EQ(why_not(one), kAccepted);
  // The same from a schema, where the group does not list its features.
  std::string fields = R"({"name":"k","type":["null","long"]})";
  for (int i = 0; i < 76; ++i) {
    fields += fmt::format(R"(,{{"name":"s{}","type":["null","string"]}})", i);
  }
  one = group(1, "g");
  one.schemas[3] =
      avro::Schema::parse(R"({"type":"record","name":"g_1","fields":[)" + fields + "]}");
  EXPECT_THAT(why_not(one), HasSubstr("a row may take"));
  one.online_enabled = false;
  EXPECT_EQ(why_not(one), kAccepted);
}

TEST(CatalogTest, SchemasOfGroupsAreRecords) {
  FeatureGroup one = group(1, "g");
  one.schemas[3] = avro::Schema::parse("\"string\"");
  EXPECT_THAT(why_not(one), HasSubstr("schema 3: it is no record"));
}

TEST(CatalogTest, ViewsAreOfWhatIsThere) {
  const auto with_view = [](std::vector<ViewFeature> features) {
    FeatureGroup one = typed({{"k", "int"}, {"v", "int"}, {"raw", "int"}});
    one.offline_only = {"raw"};
    Catalog::Parts parts = parts_of({one});
    FeatureView view;
    view.project = "bank";
    view.name = "view";
    view.features = std::move(features);
    parts.views = {view};
    return parts;
  };
  EXPECT_EQ(why_not(with_view({{1, "k"}, {1, "v"}, {1, "v", "p_"}})), kAccepted);
  EXPECT_THAT(why_not(with_view({{2, "k"}})), HasSubstr("there is no feature group 2"));
  EXPECT_THAT(why_not(with_view({{1, "x"}})), HasSubstr("has no feature x"));
  EXPECT_THAT(why_not(with_view({{1, "raw"}})),
              HasSubstr("raw of feature group 1 (bank g_1) is not online"));
  EXPECT_THAT(why_not(with_view({{1, "v"}, {1, "v"}})), HasSubstr("two features are named v"));
  Catalog::Parts parts = with_view({{1, "k"}});
  parts.views.push_back(parts.views.front());
  EXPECT_THAT(why_not(parts), HasSubstr("is there twice"));
  parts.views.pop_back();
  parts.views[0].serving_keys[{1, "v"}] = "x";
  EXPECT_THAT(why_not(parts), HasSubstr("v is not in the primary key"));
}

TEST(CatalogTest, FeastsNamesAreOfWhatIsThere) {
  Catalog::Parts parts = parts_of({typed({{"k", "int"}, {"v", "int"}})});
  parts.feast_views = {{"view", 1, {{"entity", "k"}}}};
  parts.feast_services = {{"service", {"view:v"}}};
  parts.push_sources = {{"source", "view"}};
  EXPECT_EQ(why_not(parts), kAccepted);
  Catalog::Parts wrong = parts;
  wrong.feast_views[0].group_id = 5;
  EXPECT_THAT(why_not(wrong), HasSubstr("Feast view view: there is no feature group 5"));
  wrong = parts;
  wrong.feast_views[0].entities = {{"entity", "v"}};
  EXPECT_THAT(why_not(wrong), HasSubstr("not in the primary key"));
  for (const char* feature : {"v", "other:v", "view"}) {
    wrong = parts;
    wrong.feast_services[0].features = {feature};
    EXPECT_THAT(why_not(wrong), HasSubstr("is no VIEW:FEATURE")) << feature;
  }
  wrong = parts;
  wrong.feast_services[0].features = {"view:x"};
  EXPECT_THAT(why_not(wrong), HasSubstr("has no feature x"));
  wrong = parts;
  wrong.push_sources[0].view = "none";
  EXPECT_THAT(why_not(wrong), HasSubstr("there is no view none"));
  wrong = parts;
  wrong.push_sources.push_back(wrong.push_sources[0]);
  EXPECT_THAT(why_not(wrong), HasSubstr("push source source is there twice"));
}

TEST(CatalogTest, HasAMost) {
  Catalog::Parts parts;
  parts.groups.assign(kMaxGroups + 1, std::make_shared<FeatureGroup>(group(1, "a")));
  EXPECT_THAT(why_not(parts), HasSubstr("10001 feature groups"));
}

}  // namespace
}  // namespace millrace::feature_store

// Documents of feature groups and views: what they mean, and what is said of wrong ones.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "connectors/feature_store/model/catalog.h"
#include "connectors/feature_store/model/json_object.h"
#include "millrace/errors.h"

namespace millrace::feature_store {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kSample = R"json({"featureGroups":[{
  "project":"Bank","projectId":119,"featurestoreId":67,"id":42,"name":"txn","version":1,
  "topic":"bank_onlinefs","subject":"txn_1",
  "primaryKey":["cc_num"],"eventTime":"ts","ttlSeconds":86400,
  "online":{"types":{"note":"varchar(500)"},"offlineOnly":["raw"],"indexes":[["day"]],
            "pkIndex":"hash"},
  "complex":{"loc":"struct<lat:double, lon:double>"},
  "schemas":{"17":{"type":"record","name":"txn_1","namespace":"bank_featurestore","fields":[
     {"name":"cc_num","type":["null","long"]},
     {"name":"ts","type":["null",{"type":"long","logicalType":"timestamp-micros"}]},
     {"name":"note","type":["null","string"]},
     {"name":"loc","type":["null","bytes"]}]}}}],
 "featureViews":[{"project":"bank","name":"fraud","version":2,"id":7,"features":[
     {"featureGroup":42,"feature":"cc_num"},
     {"featureGroup":"txn_1","features":["ts","note"],"prefix":"t_"},
     {"featureGroup":{"project":"BANK_featurestore","name":"txn","version":1},
      "feature":"is_fraud","label":true}],
   "servingKeys":[{"featureGroup":{"id":42},"feature":"cc_num","name":"card"}]}],
 "feast":{"views":[{"name":"txns","featureGroup":"txn_1","entities":{"card":"cc_num"}}],
   "services":[{"name":"scoring","features":["txns:note"]}],
   "pushSources":[{"name":"push","view":"txns"}]}})json";

std::string why_not(const std::string& json) {
  try {
    const Catalog catalog(parse_catalog(json, "the file"));
    return "it was accepted";
  } catch (const ConfigException& error) {
    return error.what();
  }
}

/// A group with more members.
std::string group_with(const std::string& members) {
  return R"({"featureGroups":[{"project":"bank","id":1,"name":"g","version":1,)" + members + "}]}";
}

std::vector<std::string> warnings_of(const std::string& json) {
  std::vector<std::string> warnings;
  parse_catalog(json, "the file", &warnings);
  return warnings;
}

TEST(CatalogDocument, HasEveryMemberOfAGroup) {
  std::vector<std::string> warnings;
  const Catalog catalog(parse_catalog(kSample, "the file", &warnings));
  EXPECT_THAT(warnings, IsEmpty());
  const FeatureGroup* group = catalog.group(42);
  ASSERT_NE(group, nullptr);
  EXPECT_EQ(group->project_id, 119);
  EXPECT_EQ(group->feature_store_id, 67);
  EXPECT_EQ(group->database(), "bank");
  EXPECT_EQ(group->table(), "txn_1");
  EXPECT_EQ(group->topic, "bank_onlinefs");
  EXPECT_EQ(group->subject, "txn_1");
  EXPECT_THAT(group->primary_key, ElementsAre("cc_num"));
  EXPECT_EQ(group->event_time, "ts");
  EXPECT_EQ(group->ttl_seconds, 86400);
  EXPECT_EQ(group->online_types.at("note"), parse_column_type("varchar(500)"));
  EXPECT_THAT(group->offline_only, ElementsAre("raw"));
  EXPECT_THAT(group->indexes, ElementsAre(ElementsAre("day")));
  EXPECT_TRUE(group->hash_index);
  EXPECT_EQ(group->complex_types.at("loc"), "struct<lat:double,lon:double>");
  EXPECT_EQ(group->schemas.at(17)->root().fields.size(), 4U);
  EXPECT_TRUE(group->online_enabled);
  EXPECT_FALSE(group->deleted);
}

TEST(CatalogDocument, FindsGroupsAsClientsNameThem) {
  const Catalog catalog(parse_catalog(kSample, "the file"));
  EXPECT_EQ(catalog.table("bank", "txn_1"), catalog.group(42));
  EXPECT_EQ(catalog.group_ptr(42).get(), catalog.group(42));
  EXPECT_EQ(catalog.table("bank", "txn_2"), nullptr);
  EXPECT_EQ(catalog.table("Bank", "txn_1"), nullptr);
  EXPECT_TRUE(catalog.has_database("bank"));
  EXPECT_FALSE(catalog.has_database("bank_featurestore"));
  EXPECT_EQ(catalog.group_of_topic("bank_onlinefs"), catalog.group(42));
  EXPECT_EQ(catalog.group_of_topic("other"), nullptr);
  EXPECT_EQ(catalog.group(43), nullptr);
  EXPECT_EQ(catalog.group_ptr(43), nullptr);
}

TEST(CatalogDocument, ATopicOfSeveralGroupsBelongsToNone) {
  const Catalog catalog(parse_catalog(R"({"featureGroups":[
    {"project":"p","id":1,"name":"a","topic":"t","primaryKey":["k"]},
    {"project":"p","id":2,"name":"b","topic":"t","primaryKey":["k"]},
    {"project":"p","id":3,"name":"c","topic":"u","primaryKey":["k"]},
    {"project":"p","id":4,"name":"d","topic":"u","deleted":true}]})",
                                      "f"));
  EXPECT_EQ(catalog.group_of_topic("t"), nullptr);
  EXPECT_EQ(catalog.group_of_topic("u"), catalog.group(3));
}

TEST(CatalogDocument, ViewsNameGroupsInEachWay) {
  const Catalog catalog(parse_catalog(kSample, "the file"));
  const FeatureView* view = catalog.view("bank", "fraud", 2);
  ASSERT_NE(view, nullptr);
  std::vector<std::string> names;
  for (const ViewFeature& feature : view->features) {
    EXPECT_EQ(feature.group_id, 42);
    names.push_back(feature.name());
  }
  EXPECT_THAT(names, ElementsAre("cc_num", "t_ts", "t_note", "is_fraud"));
  EXPECT_FALSE(view->features[2].label);
  EXPECT_TRUE(view->features[3].label);
  EXPECT_EQ(view->serving_keys.at({42, "cc_num"}), "card");
  EXPECT_EQ(view->id, 7);
  EXPECT_EQ(catalog.view("bank", "fraud", 1), nullptr);
  EXPECT_EQ(catalog.view("bank", "other", 2), nullptr);
  EXPECT_EQ(catalog.view("other", "fraud", 2), nullptr);
}

TEST(CatalogDocument, HasFeastsNames) {
  const Catalog catalog(parse_catalog(kSample, "the file"));
  ASSERT_NE(catalog.feast_view("txns"), nullptr);
  EXPECT_EQ(catalog.feast_view("txns")->group_id, 42);
  EXPECT_EQ(catalog.feast_view("txns")->entities.at("card"), "cc_num");
  EXPECT_THAT(catalog.feast_service("scoring")->features, ElementsAre("txns:note"));
  EXPECT_EQ(catalog.push_source("push")->view, "txns");
  EXPECT_EQ(catalog.feast_view("push"), nullptr);
}

TEST(CatalogDocument, ReadsFeaturesAsHopsworksAnswersThem) {
  std::vector<std::string> warnings;
  const Catalog catalog(parse_catalog(group_with(R"json("features":[
        {"name":"b","type":"STRING","onlineType":"varchar(50)","primary":true,"partition":false,
         "hudiPrecombineKey":false,"defaultValue":null,"featureGroupId":1,"description":""},
        {"name":"a","type":"bigint","onlineType":null,"primary":true},
        {"name":"v","type":"array<double>","onlineType":"varbinary(200)"}],
        "online":{"types":{"v":"blob"}}, "ttl":60,"ttlEnabled":false,"topicName":"t",
        "onlineEnabled":false)json"),
                                      "f", &warnings));
  const FeatureGroup& group = *catalog.group(1);
  EXPECT_THAT(warnings, IsEmpty());
  EXPECT_THAT(group.primary_key, ElementsAre("b", "a"));
  EXPECT_EQ(group.feature_types.at("b").kind, FeatureKind::String);
  EXPECT_EQ(group.feature_types.at("v").kind, FeatureKind::Complex);
  EXPECT_EQ(group.online_types.at("b"), parse_column_type("varchar(50)"));
  EXPECT_FALSE(group.online_types.contains("a"));
  EXPECT_EQ(group.online_types.at("v"), parse_column_type("blob"));  // said twice: `online` wins
  EXPECT_EQ(group.ttl_seconds, std::nullopt);
  EXPECT_EQ(group.topic, "t");
  EXPECT_FALSE(group.online_enabled);
}

TEST(CatalogDocument, EarlierDocumentsWinAndViewsSeeAll) {
  const CatalogText first{R"({
      "featureGroups":[{"project":"p","id":1,"name":"a","primaryKey":["first"]}],
      "featureViews":[{"project":"p","name":"v","features":[{"featureGroup":"b_1","feature":"x"}]}]})",
                          "inline"};
  const CatalogText second{R"({
      "featureGroups":[{"project":"p","id":1,"name":"a","primaryKey":["second"]},
                       {"project":"p","id":9,"name":"a","primaryKey":["third"]},
                       {"project":"p","id":2,"name":"b","primaryKey":["k"]}],
      "featureViews":[{"project":"p","name":"v","features":[{"featureGroup":2,"feature":"y"}]}]})",
                           "file"};
  const Catalog catalog(parse_catalog({first, second}));
  EXPECT_THAT(catalog.group(1)->primary_key, ElementsAre("first"));
  EXPECT_EQ(catalog.group(9), nullptr);
  EXPECT_EQ(catalog.view("p", "v", 1)->features.at(0).feature, "x");
}

TEST(CatalogDocument, WarnsOfMembersThatAreNotKnown) {
  EXPECT_THAT(
      warnings_of(group_with(R"("primaryKey":["k"],"eventTme":"ts","zzzzzzzz":1)")),
      ElementsAre(AllOf(StartsWith("reading the file: featureGroups[0].eventTme is not known"),
                        HasSubstr("is eventTime meant?")),
                  AllOf(HasSubstr("featureGroups[0].zzzzzzzz"), Not(HasSubstr("meant")))));
  EXPECT_THAT(warnings_of(R"({"featuregroup":[]})"),
              ElementsAre(HasSubstr("is featureGroups meant?")));
}

TEST(CatalogDocument, SaysWhereADocumentIsWrong) {
  const auto view_of = [](const std::string& reference) {
    return R"({"featureViews":[{"project":"p","name":"v","features":[{)" + reference +
           R"("feature":"x"}]}]})";
  };
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {R"([])", "reading the file: an object is wanted, not a list"},
      {R"({"featureGroups":{}})", "featureGroups: a list is wanted, not an object"},
      {R"({"featureGroups":[7]})", "featureGroups[0]: an object is wanted, not a number"},
      {R"({"featureGroups":[{}]})", "featureGroups[0].id: it is missing"},
      {group_with(R"("topic":5)"), "featureGroups[0].topic: a text is wanted, not a number"},
      {group_with(R"("primaryKey":"k")"), "primaryKey: a list of texts is wanted, not a text"},
      {group_with(R"("primaryKey":["a",3])"), "featureGroups[0].primaryKey[1]: a text"},
      {group_with(R"("primaryKey":[""])"), "featureGroups[0].primaryKey[0]: it is empty"},
      {group_with(R"("ttlSeconds":0)"), "ttlSeconds: a whole number from 1 to"},
      {group_with(R"("ttlSeconds":1.5)"), "not 1.5"},
      {group_with(R"("projectId":99999999999999999999)"), "projectId: a whole number"},
      {group_with(R"("projectId":18446744073709551615)"), "not 18446744073709551615"},
      {group_with(R"("projectId":-1)"), "projectId: a whole number from 0"},
      {group_with(R"("ttlSeconds":1e400)"), "it is no JSON"},
      {group_with(R"("deleted":"yes")"), "deleted: true or false is wanted, not a text"},
      {group_with(R"("online":{"pkIndex":"tree"})"), "online.pkIndex: \"tree\" is neither"},
      {group_with(R"json("online":{"types":{"a":"varchr(3)"}})json"),
       "featureGroups[0].online.types.a: "},
      {group_with(R"("online":{"indexes":[[]]})"), "online.indexes[0]: an index has columns"},
      {group_with(R"("complex":{"a":"int"})"), "complex.a: int is no array"},
      {group_with(R"("features":[{"name":"a","type":"integer_id"}])"), "features[0].type: "},
      {group_with(R"("features":[{"name":"a","type":"int"},{"name":"a","type":"int"}])"),
       "features[1].name: the feature a is there twice"},
      {group_with(R"("schemas":{"x":"string"})"), "schemas.x: a schema's name is its id"},
      {group_with(R"("schemas":{"1":{"type":"recrd"}})"), "schemas.1: parsing an Avro schema"},
      {group_with(R"("id":2)"), "the member \"id\" is twice in one object"},
      {R"({"featureGroups":[)", "it is no JSON"},
      {"", "it is no JSON"},
      {"{\"featureGroups\":[\"\xff\"]}", "it is no JSON"},
      {view_of(""), "featureViews[0].features[0].featureGroup: it is missing"},
      {view_of(R"("featureGroup":"g_1",)"), "there is no feature group g_1 in project p"},
      {view_of(R"("featureGroup":[],)"), "featureGroup.id: a whole number"},
      {R"({"feast":{"views":[{"name":"v","featureGroup":{}}]}})", "id is missing, or name"},
  };
  for (const auto& [json, message] : wrong) {
    EXPECT_THAT(why_not(json), AllOf(StartsWith("reading the file: "), HasSubstr(message))) << json;
  }
}

TEST(CatalogDocument, FeastViewsOfAmbiguousNamesAreRefused) {
  const std::string groups = R"({"featureGroups":[
      {"project":"p","id":1,"name":"g","primaryKey":["k"]},
      {"project":"q","id":2,"name":"g","primaryKey":["k"]}],"feast":{"views":[)";
  EXPECT_THAT(why_not(groups + R"({"name":"v","featureGroup":"g_1"}]}})"),
              HasSubstr("feast.views[0].featureGroup: there are several groups g_1"));
  const Catalog catalog(
      parse_catalog(groups + R"({"name":"v","featureGroup":{"project":"q","name":"g"}}]}})", "f"));
  EXPECT_EQ(catalog.feast_view("v")->group_id, 2);
}

TEST(CatalogDocument, DeepDocumentsAreRefusedWithoutDepthOfStack) {
  for (const char* bracket : {"[", "{\"a\":"}) {
    std::string deep = R"({"featureGroups":)";
    for (int i = 0; i < 200'000; ++i) deep += bracket;
    EXPECT_THAT(why_not(deep), HasSubstr("nested deeper than")) << bracket;
  }
  EXPECT_THAT(why_not(std::string(kMaxDocumentBytes + 1, ' ')), HasSubstr("more than"));
}

/// Changes of single bytes end in a catalog or in a ConfigException, never elsewhere.
TEST(CatalogDocument, MutatedDocumentsAreReadOrRefused) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  size_t refused = 0;
  for (int round = 0; round < 3'000; ++round) {
    std::string text = kSample;
    for (int changes = 1 + static_cast<int>(random() % 3); changes > 0; --changes) {
      const size_t at = random() % text.size();
      if (random() % 2 == 0) {
        text[at] = "{}[]\",:0-.eEtfn\\\x80"[random() % 17];
      } else {
        text.erase(at, 1 + random() % 8);
      }
    }
    try {
      const Catalog catalog(parse_catalog(text, "f"));
    } catch (const ConfigException&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 0U);
}

}  // namespace
}  // namespace millrace::feature_store

// Groups and views from Hopsworks' REST API.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/feature_store/metadata/catalog_source.h"
#include "millrace/errors.h"
#include "tests/unit/feature_store/metadata/hopsworks_fake.h"

namespace millrace::feature_store {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kStores = "/api/project/119/featurestores";
constexpr const char* kViews = "/api/project/119/featurestores/67/featureview?expand=features";

GroupHints hints(int64_t id, int64_t project = 119) {
  GroupHints made;
  made.project_id = project;
  made.group_id = id;
  return made;
}

class HopsworksTest : public ::testing::Test {
 protected:
  CatalogOptions options() {
    CatalogOptions made;
    made.hopsworks = fake_.options();
    made.refresh = milliseconds(0);
    made.not_found_for = hours(1);
    return made;
  }

  HopsworksFake fake_;
};

TEST_F(HopsworksTest, AnswersBecomeGroups) {
  fake_.put_group(42, "txn");
  CatalogSource source(options());
  const FeatureGroupPtr group = source.find(hints(42));
  ASSERT_NE(group, nullptr);
  EXPECT_EQ(group->database(), "bank");
  EXPECT_EQ(group->table(), "txn_1");
  EXPECT_EQ(group->project_id, 119);
  EXPECT_EQ(group->feature_store_id, 67);
  EXPECT_THAT(group->primary_key, ElementsAre("cc_num"));
  EXPECT_EQ(group->event_time, "ts");
  EXPECT_EQ(group->ttl_seconds, 3600);
  EXPECT_EQ(group->topic, "bank_onlinefs");
  EXPECT_EQ(group->feature_types.size(), 3U);
  EXPECT_EQ(source.find(hints(42)), group);
  EXPECT_EQ(fake_.asked_for(HopsworksFake::group_path(42)), 1U);
  for (const auto& request : fake_.requests()) {
    EXPECT_EQ(request.headers.at("authorization"), "ApiKey hush-hush");
  }
}

TEST_F(HopsworksTest, WhatIsNotThereIsAskedOnceInAWhile) {
  CatalogSource source(options());
  EXPECT_EQ(source.find(hints(42)), nullptr);
  EXPECT_EQ(source.find(hints(42)), nullptr);
  EXPECT_EQ(fake_.asked_for(HopsworksFake::group_path(42)), 1U);
  // A project that we do not see, or that is none: the record's fault, not ours.
  fake_.put("/api/project/5/featurestores", {403, "{}"});
  EXPECT_EQ(source.find(hints(43, 5)), nullptr);
  EXPECT_EQ(source.find(hints(44, 6)), nullptr);
  EXPECT_EQ(source.find(hints(45, 0)), nullptr);
  CatalogOptions at_once = options();
  at_once.not_found_for = milliseconds(0);
  CatalogSource hasty(at_once);
  EXPECT_EQ(hasty.find(hints(42)), nullptr);
  fake_.put_group(42, "txn");
  EXPECT_NE(hasty.find(hints(42)), nullptr);
}

TEST_F(HopsworksTest, NoAnswerIsRetriableAndNotRemembered) {
  CatalogSource source(options());
  fake_.put(HopsworksFake::group_path(42), {503, "{}"});
  EXPECT_THROW(source.find(hints(42)), RetriableException);
  fake_.put(HopsworksFake::group_path(42), {.kind = HopsworksFake::Reply::Kind::Half});
  EXPECT_THROW(source.find(hints(42)), RetriableException);
  fake_.put_group(42, "txn");
  EXPECT_NE(source.find(hints(42)), nullptr);
}

TEST_F(HopsworksTest, AWrongKeyIsSaidWithoutTheKey) {
  CatalogSource source(options());
  fake_.put(kStores, {401, R"({"usrMsg":"hush-hush is wrong"})"});
  try {
    source.find(hints(42));
    ADD_FAILURE();
  } catch (const ConnectException& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("check the API key"), Not(HasSubstr("hush"))));
  }
}

TEST_F(HopsworksTest, AnswersThatCannotBeReadMakeNoGroup) {
  CatalogOptions made = options();
  made.not_found_for = milliseconds(0);
  CatalogSource source(made);
  for (const std::string& body :
       {std::string("<html>"), std::string("[]"), std::string("{}"),
        HopsworksFake::group_answer(43, "txn"), std::string(100'000, '['),
        HopsworksFake::group_answer(42, "txn", R"(,"eventTime":"none")")}) {
    fake_.put(HopsworksFake::group_path(42), {.body = body});
    EXPECT_EQ(source.find(hints(42)), nullptr) << body.substr(0, 100);
    EXPECT_THAT(source.last_error(), HasSubstr("featuregroups/42"));
  }
  // One that cannot be stored.
  std::string answer = HopsworksFake::group_answer(42, "txn");
  answer.replace(answer.find("bigint"), 6, "double");
  fake_.put(HopsworksFake::group_path(42), {.body = answer});
  EXPECT_EQ(source.find(hints(42)), nullptr);
  EXPECT_THAT(source.last_error(), HasSubstr("primary key cc_num is double"));
  fake_.put_group(42, "txn");
  EXPECT_NE(source.find(hints(42)), nullptr);
  EXPECT_EQ(source.last_error(), "");
}

TEST_F(HopsworksTest, GroupsChangeAndGo) {
  fake_.put_group(42, "txn");
  CatalogSource source(options());
  const FeatureGroupPtr first = source.find(hints(42));
  EXPECT_FALSE(source.refresh_if_due());
  EXPECT_EQ(source.find(hints(42)), first);
  fake_.put_group(42, "txn", R"(,"subject":"other")");
  EXPECT_TRUE(source.refresh_if_due());
  EXPECT_EQ(source.find(hints(42))->subject, "other");
  fake_.put(HopsworksFake::group_path(42), {400, R"({"errorCode":270009})"});
  EXPECT_TRUE(source.refresh_if_due());
  EXPECT_TRUE(source.find(hints(42))->deleted);
  EXPECT_FALSE(source.refresh_if_due());
  // Made anew under another id; and the old one by a restored backup.
  fake_.put_group(43, "txn");
  EXPECT_EQ(source.find(hints(43))->table(), "txn_1");
  EXPECT_EQ(source.current()->table("bank", "txn_1")->id, 43);
  fake_.put_group(42, "txn", R"(,"subject":"other")");
  EXPECT_FALSE(source.refresh_if_due());
  EXPECT_TRUE(source.find(hints(42))->deleted);
  fake_.put(HopsworksFake::group_path(43), {.status = 404});
  EXPECT_TRUE(source.refresh_if_due());
  EXPECT_TRUE(source.find(hints(43))->deleted);
}

TEST_F(HopsworksTest, KnowsBetterThanRecords) {
  CatalogOptions made = options();
  made.not_found_for = milliseconds(0);
  made.unknown = UnknownGroups::Schema;
  made.default_primary_key = {"cc_num"};
  CatalogSource source(made);
  GroupHints told = hints(99'999);
  told.schema = avro::Schema::parse(R"({"type":"record","name":"bank_featurestore.txn_1","fields":[
      {"name":"cc_num","type":["null","long"]}]})");
  EXPECT_NE(source.find(told), nullptr);
  fake_.put_group(42, "txn");
  EXPECT_FALSE(source.find(hints(42))->deleted);
  EXPECT_EQ(source.current()->group(99'999), nullptr);
  EXPECT_EQ(source.find(told), nullptr);
  EXPECT_FALSE(source.find(hints(42))->deleted);
}

TEST_F(HopsworksTest, A404OfAnotherServerDeletesNothing) {
  fake_.put_group(42, "txn");
  CatalogSource source(options());
  ASSERT_NE(source.find(hints(42)), nullptr);
  fake_.put(HopsworksFake::group_path(42), {404, "not found"});
  fake_.put(kStores, {404, "not found"});
  EXPECT_FALSE(source.refresh_if_due());
  EXPECT_FALSE(source.find(hints(42))->deleted);
}

TEST_F(HopsworksTest, TroubleKeepsWhatIsKnown) {
  fake_.put_group(42, "txn");
  CatalogSource source(options());
  const FeatureGroupPtr group = source.find(hints(42));
  fake_.put(HopsworksFake::group_path(42), {500, "{}"});
  EXPECT_FALSE(source.refresh_if_due());
  EXPECT_THAT(source.last_error(), HasSubstr("answered 500"));
  EXPECT_EQ(source.find(hints(42)), group);
  fake_.put_group(42, "txn");
  EXPECT_FALSE(source.refresh_if_due());
  EXPECT_EQ(source.last_error(), "");
}

TEST_F(HopsworksTest, LooksAtSomeGroupsInTurn) {
  CatalogSource source(options());
  const int64_t count = static_cast<int64_t>(CatalogSource::kMaxAsked) + 20;
  for (int64_t id = 1; id <= count; ++id) {
    fake_.put_group(id, fmt::format("g{}", id));
    ASSERT_NE(source.find(hints(id)), nullptr);
  }
  const size_t before = fake_.requests().size();
  source.refresh_if_due();
  EXPECT_EQ(fake_.requests().size() - before, CatalogSource::kMaxAsked);
  source.refresh_if_due();
  for (int64_t id = 1; id <= count; ++id) {
    EXPECT_GE(fake_.asked_for(HopsworksFake::group_path(id)), 2U) << id;
  }
}

TEST_F(HopsworksTest, DocumentsMayReferToItsGroups) {
  fake_.put_group(42, "txn");
  CatalogOptions made = options();
  made.inline_json = R"({"feast":{"views":[{"name":"txns","featureGroup":42}]}})";
  EXPECT_THROW(CatalogSource{made}, ConfigException);  // of which project?
  made.hopsworks.projects = {119};
  CatalogSource source(made);
  EXPECT_EQ(source.current()->feast_view("txns")->group_id, 42);
  ASSERT_NE(source.current()->group(42), nullptr);
  fake_.put(HopsworksFake::group_path(42), {503, "{}"});
  EXPECT_THROW(CatalogSource{made}, RetriableException);
}

TEST_F(HopsworksTest, AGroupThatNoLongerFitsADocumentStaysAsItWas) {
  fake_.put_group(42, "txn");
  CatalogOptions made = options();
  made.hopsworks.projects = {119};
  made.inline_json = R"({"feast":{"views":[{"name":"txns","featureGroup":42}],
                         "services":[{"name":"s","features":["txns:amount"]}]}})";
  CatalogSource source(made);
  std::string answer = HopsworksFake::group_answer(42, "txn");
  answer.replace(answer.find("amount"), 6, "volume");
  fake_.put(HopsworksFake::group_path(42), {.body = answer});
  EXPECT_FALSE(source.refresh_if_due());
  EXPECT_THAT(source.last_error(), HasSubstr("has no feature amount"));
  EXPECT_TRUE(source.current()->group(42)->feature_types.contains("amount"));
  // Others can be learnt all the same.
  fake_.put_group(50, "other");
  EXPECT_NE(source.find(hints(50)), nullptr);
}

TEST_F(HopsworksTest, TakesFeatureViews) {
  fake_.put_group(42, "txn");
  fake_.put(kViews, {.body = R"({"count":2,"items":[
    {"name":"fraud","version":3,"id":11,"featurestoreId":67,"features":[
      {"name":"r_amount","type":"double","index":1,"featureGroupFeatureName":"amount",
       "featuregroup":{"id":42,"name":"txn","version":1}},
      {"name":"cc_num","type":"bigint","index":0,"label":false,"featuregroup":{"id":42}},
      {"name":"ts","type":"timestamp","index":2,"label":true,"featuregroup":{"id":42}}],
     "servingKeys":[{"featureName":"cc_num","prefix":"r_","required":true,"featureGroup":{"id":42}}]},
    {"name":"broken","version":1,"features":[{"name":"x"}]}]})"});
  CatalogOptions made = options();
  made.hopsworks.projects = {119};
  made.hopsworks.feature_views = true;
  CatalogSource source(made);
  const CatalogPtr catalog = source.current();
  const FeatureView* view = catalog->view("bank", "fraud", 3);
  ASSERT_NE(view, nullptr);
  ASSERT_EQ(view->features.size(), 3U);
  EXPECT_EQ(view->features[0].name(), "cc_num");
  EXPECT_EQ(view->features[1].name(), "r_amount");
  EXPECT_EQ(view->features[1].feature, "amount");
  EXPECT_TRUE(view->features[2].label);
  EXPECT_EQ(view->serving_keys.at({42, "cc_num"}), "r_cc_num");
  EXPECT_EQ(view->id, 11);
  EXPECT_EQ(catalog->view("bank", "broken", 1), nullptr);
  EXPECT_THAT(source.last_error(), HasSubstr("featuregroup: it is missing"));
  EXPECT_FALSE(source.refresh_if_due());
  fake_.put(kViews, {.body = R"({"count":0})"});
  EXPECT_TRUE(source.refresh_if_due());
  EXPECT_EQ(source.current()->view("bank", "fraud", 3), nullptr);
  EXPECT_EQ(source.last_error(), "");
}

TEST_F(HopsworksTest, AViewOfAGroupThatIsGoneKeepsTheOthers) {
  fake_.put_group(42, "txn");
  fake_.put(kViews, {.body = R"({"items":[
    {"name":"bad","version":1,"features":[{"name":"a","featuregroup":{"id":99}}]},
    {"name":"good","version":1,"features":[{"name":"amount","featuregroup":{"id":42}}]},
    {"name":"good","version":1,"features":[{"name":"ts","featuregroup":{"id":42}}]}]})"});
  CatalogOptions made = options();
  made.hopsworks.projects = {119};
  made.hopsworks.feature_views = true;
  CatalogSource source(made);
  ASSERT_NE(source.current()->view("bank", "good", 1), nullptr);
  EXPECT_EQ(source.current()->view("bank", "good", 1)->features.at(0).name(), "amount");
  EXPECT_EQ(source.current()->view("bank", "bad", 1), nullptr);
  EXPECT_THAT(source.last_error(), HasSubstr("there is no feature group 99"));
}

}  // namespace
}  // namespace millrace::feature_store

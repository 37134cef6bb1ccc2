// feature_store and batch_feature_store, byte for byte.

#include <fmt/format.h>

#include "tests/unit/feature_store/serving/serving_fixture.h"

namespace millrace::feature_store {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using VectorsTest = ServingFixture;

constexpr std::string_view kFraud =
    R"("featureStoreName":"bank","featureViewName":"fraud","featureViewVersion":1)";
constexpr std::string_view kWide =
    R"("featureStoreName":"bank_featurestore","featureViewName":"wide","featureViewVersion":2)";

std::string request(std::string_view view, std::string_view more) {
  return fmt::format("{{{},{}}}", view, more);
}

TEST_F(VectorsTest, AnswersAsTheContractShows) {
  put(42, kTransaction);
  EXPECT_EQ(
      rondb("feature_store",
            request(kFraud, R"("entries":{"cc_num":4711},"passedFeatures":{"amount":1.0},
      "metadataOptions":{"featureName":true,"featureType":true},
      "options":{"validatePassedFeatures":true,"includeDetailedStatus":true})")),
      (Reply{200,
             R"({"features":[4711,1.0,"2026-01-02 03:04:05"],)"
             R"("metadata":[{"featureName":"cc_num","featureType":"bigint"},)"
             R"({"featureName":"amount","featureType":"double"},)"
             R"({"featureName":"ts","featureType":"timestamp"}],)"
             R"("status":"COMPLETE","detailedStatus":[{"featureGroupId":42,"httpStatus":200}]})"}));
}

TEST_F(VectorsTest, LeavesOutWhatIsNotAskedFor) {
  put(42, kTransaction);
  EXPECT_EQ(rondb("feature_store", request(kFraud, R"("entries":{"cc_num":4711})")),
            (Reply{200, R"({"features":[4711,9.25,"2026-01-02 03:04:05"],"metadata":null,)"
                        R"("status":"COMPLETE","detailedStatus":null})"}));
  EXPECT_THAT(
      rondb("feature_store",
            request(kFraud, R"("entries":{"cc_num":4711},"metadataOptions":{"featureName":true})"))
          .body,
      HasSubstr(R"("metadata":[{"featureName":"cc_num"},{"featureName":"amount"},)"));
}

TEST_F(VectorsTest, AbsentRowsAreMissingWithTheirKey) {
  const Reply missing{200, R"({"features":[4712,null,null],"metadata":null,"status":"MISSING",)"
                           R"("detailedStatus":[{"featureGroupId":42,"httpStatus":404}]})"};
  const std::string body =
      request(kFraud, R"("entries":{"cc_num":4712},"options":{"includeDetailedStatus":true})");
  EXPECT_EQ(rondb("feature_store", body), missing) << "no table yet";
  put(42, kTransaction);
  EXPECT_EQ(rondb("feature_store", body), missing);
  now_us_ = kEventUs + 86'400'000'000;
  EXPECT_THAT(rondb("feature_store", request(kFraud, R"("entries":{"cc_num":4711})")).body,
              StartsWith(R"({"features":[4711,null,null],)"));
}

TEST_F(VectorsTest, ViewsOfSeveralGroups) {
  put(42, kTransaction);
  put(43, R"({"cc_num":4711,"country":"SE","score":0.5,"limit":5,"is_fraud":true})");
  EXPECT_EQ(rondb("feature_store", request(kWide, R"("entries":{"cc_num":4711,"p_country":"SE"})")),
            (Reply{200, R"({"features":[4711,9.25,[1.5,null],{"lat":59.5,"lon":null},"SE",0.5],)"
                        R"("metadata":null,"status":"COMPLETE","detailedStatus":null})"}));
}

TEST_F(VectorsTest, EntriesAreFoundByServingKeyThenPrefixThenName) {
  put(42, kTransaction);
  put(43, R"({"cc_num":1,"country":"SE","score":1})");
  put(43, R"({"cc_num":2,"country":"SE","score":2})");
  put(43, R"({"cc_num":3,"country":"SE","score":3})");
  const auto score = [&](std::string_view entries) {
    const std::string body =
        rondb("feature_store",
              request(kWide, fmt::format(R"("entries":{{"country":"SE",{}}})", entries)))
            .body;
    const size_t at = body.find("\"SE\",") + 5;
    return body.substr(at, body.find(']', at) - at);
  };
  EXPECT_EQ(score(R"("cc_num":3,"p_cc_num":2,"card":1)"), "1.0");
  EXPECT_EQ(score(R"("cc_num":3,"p_cc_num":2)"), "2.0");
  EXPECT_EQ(score(R"("cc_num":3)"), "3.0");
}

TEST_F(VectorsTest, AGroupWithoutItsKeyIs400InTheDetails) {
  put(42, kTransaction);
  EXPECT_EQ(
      rondb(
          "feature_store",
          request(kWide, R"("entries":{"cc_num":4711},"options":{"includeDetailedStatus":true})")),
      (Reply{
          200,
          R"({"features":[4711,9.25,[1.5,null],{"lat":59.5,"lon":null},null,null],)"
          R"("metadata":null,"status":"MISSING","detailedStatus":[)"
          R"({"featureGroupId":42,"httpStatus":200},{"featureGroupId":43,"httpStatus":400}]})"}));
}

TEST_F(VectorsTest, RefusalsHaveTheirCodes) {
  put(42, kTransaction);
  const auto expect = [&](int status, int code, const std::string& body) {
    const Reply reply = rondb("feature_store", body);
    EXPECT_EQ(reply.status, status) << body;
    EXPECT_THAT(reply.body, StartsWith(fmt::format(R"({{"code":{},"reason":")", code))) << body;
  };
  const auto named = [](std::string_view store, std::string_view view, int version) {
    return fmt::format(
        R"({{"featureStoreName":"{}","featureViewName":"{}","featureViewVersion":{},"entries":{{"cc_num":1}}}})",
        store, view, version);
  };
  expect(400, 1, named("bank", "nope", 1));
  expect(400, 1, named("bank", "fraud", 2));
  expect(400, 2, named("shop", "fraud", 1));
  expect(400, 15, request(kFraud, R"("entries":{})"));
  expect(400, 15, request(kFraud, R"("passedFeatures":{})"));
  expect(400, 12, request(kFraud, R"("entries":{"cc_num":1,"amount":2})"));
  expect(415, 10, request(kFraud, R"("entries":{"cc_num":"x"})"));
  expect(404, 11, request(kFraud, R"("entries":{"cc_num":1},"passedFeatures":{"nope":1})"));
  expect(404, 11, request(kWide, R"("entries":{"cc_num":1},"passedFeatures":{"p_is_fraud":true})"));
  expect(415, 10, request(kFraud, R"("entries":{"cc_num":1},"passedFeatures":{"amount":"x"})"));
  expect(400, 13, request(kFraud, R"("entries":{"cc_num":1},"passedFeatures":[1])"));
  expect(400, 18, request(kFraud, R"("entries":7)"));
  expect(400, 18, R"({"entries":{"cc_num":1}})");
  expect(400, 18, "nonsense");
}

TEST_F(VectorsTest, PassedFeaturesAreNotCheckedOnDemand) {
  put(42, kTransaction);
  EXPECT_EQ(
      rondb("feature_store",
            request(kFraud, R"("entries":{"cc_num":4711},"passedFeatures":{"amount":"x","nope":1},
      "options":{"validatePassedFeatures":false})"))
          .body,
      R"({"features":[4711,"x","2026-01-02 03:04:05"],"metadata":null,"status":"COMPLETE","detailedStatus":null})");
}

TEST_F(VectorsTest, PassedValuesComeBackAsTheyWere) {
  put(42, kTransaction);
  EXPECT_THAT(
      rondb("feature_store", request(kWide, R"("entries":{"cc_num":4711},"passedFeatures":{
      "amount":123456789012345678901234567890.5,"recent":[1,"\u00e5",null,{"a":[]}],"loc":{}})"))
          .body,
      StartsWith(
          R"({"features":[4711,123456789012345678901234567890.5,[1,"å",null,{"a":[]}],{},)"));
}

TEST_F(VectorsTest, BatchKeepsOrderAndOneBadEntryHarmsNoOther) {
  put(42, kTransaction);
  EXPECT_EQ(
      rondb(
          "batch_feature_store",
          request(
              kFraud,
              R"("entries":[{"cc_num":4711},{"cc_num":1},{"cc_num":"bad"},{"nope":1},{"cc_num":4711}],
      "passedFeatures":[{"amount":2},{},{},{},{"nope":1}],"metadataOptions":{"featureName":true},
      "options":{"includeDetailedStatus":true})")),
      (Reply{
          200,
          R"({"features":[[4711,2,"2026-01-02 03:04:05"],[1,null,null],null,null,null],)"
          R"("metadata":[{"featureName":"cc_num"},{"featureName":"amount"},{"featureName":"ts"}],)"
          R"("status":["COMPLETE","MISSING","ERROR","ERROR","ERROR"],"detailedStatus":[)"
          R"([{"featureGroupId":42,"httpStatus":200}],[{"featureGroupId":42,"httpStatus":404}],[],[],[]]})"}));
}

TEST_F(VectorsTest, BatchRefusals) {
  const auto expect = [&](int code, const std::string& body) {
    const Reply reply = rondb("batch_feature_store", body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_THAT(reply.body, StartsWith(fmt::format(R"({{"code":{},)", code))) << body;
  };
  expect(15, request(kFraud, R"("entries":[])"));
  expect(18, request(kFraud, R"("entries":{"cc_num":1})"));
  expect(13, request(kFraud, R"("entries":[{"cc_num":1}],"passedFeatures":[{},{}])"));
  expect(13, request(kFraud, R"("entries":[{"cc_num":1}],"passedFeatures":{})"));
  EXPECT_EQ(rondb("batch_feature_store",
                  request(kFraud, R"("entries":[{"cc_num":1}],"passedFeatures":[])"))
                .status,
            200);
}

TEST_F(VectorsTest, AHundredThousandEntriesAreRefused) {
  std::string entries = "\"entries\":[";
  for (int i = 0; i < 100'000; ++i) entries += i == 0 ? R"({"cc_num":1})" : R"(,{"cc_num":1})";
  EXPECT_EQ(rondb("batch_feature_store", request(kFraud, entries + "]")),
            (Reply{400, R"({"code":18,"reason":"Reading from db failed.",)"
                        R"("message":"'entries' may have 10000 entries, this one has 100000"})"}));
}

TEST_F(VectorsTest, ALongAnswerIsRefused) {
  put(42, kTransaction);
  parts_.limits.max_answer_bytes = 100;
  EXPECT_EQ(rondb("batch_feature_store",
                  request(kFraud, R"("entries":[{"cc_num":4711},{"cc_num":4711},{"cc_num":4711}])"))
                .status,
            400);
}

TEST_F(VectorsTest, ARowThatCannotBeReadIsAnErrorOfItsOwn) {
  put(42, kTransaction);
  const RowPlanPtr own = plan(42);
  // A row whose bytes end early: only a damaged store has such.
  const RowChange bad{
      .plan = own.get(), .key = std::string_view("\x80\0\0\0\0\0\0\x05", 8), .row = "\x02"};
  RowChange changes[] = {bad};
  changes[0].has_event_time = true;
  changes[0].event_time_us = kEventUs;
  ApplyBatch batch{.changes = changes, .counted = {}, .next = {}, .expected = {}};
  ASSERT_TRUE(store_->apply(batch));
  EXPECT_THAT(rondb("feature_store", request(kFraud, R"("entries":{"cc_num":5})")).body,
              StartsWith(R"({"code":14,)"));
  EXPECT_EQ(rondb("feature_store", request(kFraud, R"("entries":{"cc_num":5})")).status, 500);
  EXPECT_THAT(
      rondb("batch_feature_store", request(kFraud, R"("entries":[{"cc_num":5},{"cc_num":4711}])"))
          .body,
      HasSubstr(R"("status":["ERROR","COMPLETE"])"));
  EXPECT_EQ(rondb("bank/txn_1/pk-read", R"({"filters":[{"column":"cc_num","value":5}]})").status,
            500);
}

TEST_F(VectorsTest, ANewCatalogIsSeenAtOnce) {
  put(42, kTransaction);
  EXPECT_EQ(rondb("feature_store", request(kFraud, R"("entries":{"cc_num":4711})")).status, 200);
  catalog_ = std::make_shared<const Catalog>();
  EXPECT_THAT(rondb("feature_store", request(kFraud, R"("entries":{"cc_num":4711})")).body,
              StartsWith(R"({"code":2,)"));
}

TEST_F(VectorsTest, ReadAfterWrite) {
  put(42, kTransaction, 10);
  const auto body = [](int64_t offset, int wait) {
    return request(kFraud, fmt::format(R"("entries":{{"cc_num":4711}},"waitMs":{},
        "minOffset":{{"topic":"bank_onlinefs","partition":0,"offset":{}}})",
                                       wait, offset));
  };
  EXPECT_EQ(rondb("feature_store", body(10, 0)).status, 200);
  const Reply late = rondb("feature_store", body(11, 0));
  EXPECT_EQ(
      late,
      (Reply{
          503,
          R"({"code":14,"reason":"Reading from db failed.","message":"Offset 11 of bank_onlinefs-0 )"
          R"(has not been applied; ask again, or with a longer waitMs"})"}));
  rondb("feature_store", body(11, 1'000'000));
  EXPECT_EQ(outcome_, Outcome::Wait);
  EXPECT_EQ(waiting_.most.count(), 10'000) << "waits have a limit";
  ASSERT_EQ(waiting_.points.size(), 1U);
  EXPECT_EQ(waiting_.points[0].offset, 11);
  for (const char* wrong :
       {R"("minOffset":7)", R"("minOffset":{"topic":"t"})", R"("minOffset":[1])",
        R"("minOffset":{"topic":"t","partition":-1,"offset":0})",
        R"("waitMs":-1,"minOffset":{"topic":"t","partition":0,"offset":0})"}) {
    EXPECT_EQ(rondb("feature_store",
                    request(kFraud, fmt::format(R"("entries":{{"cc_num":4711}},{})", wrong)))
                  .status,
              400)
        << wrong;
  }
  Call with_header;
  with_header.min_offset = "bank_onlinefs:0:11";
  EXPECT_EQ(call(rondb_, "POST", "/0.1.0/feature_store",
                 request(kFraud, R"("entries":{"cc_num":4711})"), with_header)
                .status,
            503);
  EXPECT_EQ(call(rondb_, "POST", "/0.1.0/feature_store?minOffset=bank_onlinefs:0:11&waitMs=0",
                 request(kFraud, R"("entries":{"cc_num":4711})"))
                .status,
            503);
  EXPECT_EQ(call(rondb_, "POST", "/0.1.0/feature_store?minOffset=bank_onlinefs:0:10",
                 request(kFraud, R"("entries":{"cc_num":4711})"))
                .status,
            200);
}

}  // namespace
}  // namespace millrace::feature_store

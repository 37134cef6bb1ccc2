// Feast's API, byte for byte.

#include <fmt/format.h>

#include "tests/unit/feature_store/serving/serving_fixture.h"

namespace millrace::feature_store {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kNoTime = "1970-01-01T00:00:00Z";

class FeastTest : public ServingFixture {
 public:
  void put_driver() {
    put(45, R"({"driver":1001,"event_time":"2026-01-02T03:04:05Z","conv_rate":0.5,"tags":["a"]})");
  }
};

TEST_F(FeastTest, AnswersAsTheContractShows) {
  put_driver();
  const Reply expected{200,
                       R"({"metadata":{"feature_names":["driver_id","conv_rate"]},"results":[)"
                       R"({"values":[1001,1002],"statuses":["PRESENT","PRESENT"],)"
                       R"("event_timestamps":["1970-01-01T00:00:00Z","1970-01-01T00:00:00Z"]},)"
                       R"({"values":[0.5,null],"statuses":["PRESENT","NOT_FOUND"],)"
                       R"("event_timestamps":["2026-01-02T03:04:05Z","1970-01-01T00:00:00Z"]}]})"};
  const std::string entities =
      R"("entities":{"driver_id":[1001,1002]},"full_feature_names":false})";
  EXPECT_EQ(feast("/get-online-features", R"({"features":["driver_stats:conv_rate"],)" + entities),
            expected);
  EXPECT_EQ(feast("/get-online-features?status=true",
                  R"({"features":["driver_stats:conv_rate"],)" + entities),
            expected);
  EXPECT_EQ(feast("/get-online-features", R"({"feature_service":"drivers",)" + entities), expected);
}

TEST_F(FeastTest, FullNamesComplexValuesAndNulls) {
  put(45,
      R"({"driver":1,"event_time":"2026-01-02T03:04:05.678901Z","conv_rate":null,"tags":["a",null]})");
  const Reply reply =
      feast("/get-online-features", R"({"features":["driver_stats:conv_rate","driver_stats:tags"],
      "entities":{"driver_id":[1]},"full_feature_names":true})");
  EXPECT_EQ(
      reply.body,
      R"({"metadata":{"feature_names":["driver_id","driver_stats__conv_rate","driver_stats__tags"]},)"
      R"("results":[{"values":[1],"statuses":["PRESENT"],"event_timestamps":["1970-01-01T00:00:00Z"]},)"
      R"({"values":[null],"statuses":["NULL_VALUE"],"event_timestamps":["2026-01-02T03:04:05.678901Z"]},)"
      R"({"values":[["a",null]],"statuses":["PRESENT"],"event_timestamps":["2026-01-02T03:04:05.678901Z"]}]})");
}

TEST_F(FeastTest, ExpiredRowsAreOutsideMaxAge) {
  put(42, kTransaction);
  now_us_ = kEventUs + 86'400'000'000;
  EXPECT_THAT(
      feast("/get-online-features",
            R"({"features":["txns:ok","txns:day"],"entities":{"cc_num":[4711]}})")
          .body,
      HasSubstr(
          R"({"values":[null],"statuses":["OUTSIDE_MAX_AGE"],"event_timestamps":["1970-01-01T00:00:00Z"]})"));
}

TEST_F(FeastTest, ValuesAreFeasts) {
  put(42, kTransaction);
  const std::string body =
      feast("/get-online-features",
            R"({"features":["txns:ok","txns:ts","txns:blob"],"entities":{"cc_num":[4711]}})")
          .body;
  EXPECT_THAT(body, HasSubstr(R"({"values":[true],)"));
  EXPECT_THAT(body, HasSubstr(R"({"values":["2026-01-02T03:04:05Z"],)"));
  EXPECT_THAT(body, HasSubstr(R"({"values":["AQID"],)"));
}

TEST_F(FeastTest, AKeyThatCannotBeIsInvalidAndHarmsNoOther) {
  put_driver();
  EXPECT_THAT(
      feast("/get-online-features",
            R"({"features":["driver_stats:conv_rate"],"entities":{"driver_id":["x",1001,null]}})")
          .body,
      HasSubstr(R"({"values":[null,0.5,null],"statuses":["INVALID","PRESENT","INVALID"],)"));
}

TEST_F(FeastTest, RefusalsHaveADetail) {
  put_driver();
  const auto expect = [&](int status, std::string_view body) {
    const Reply reply = feast("/get-online-features", body);
    EXPECT_EQ(reply.status, status) << body;
    EXPECT_THAT(reply.body, StartsWith("{\"detail\":\"")) << body;
  };
  expect(404, R"({"features":["nope:x"],"entities":{"driver_id":[1]}})");
  expect(404, R"({"features":["driver_stats:nope"],"entities":{"driver_id":[1]}})");
  expect(404, R"({"feature_service":"nope","entities":{"driver_id":[1]}})");
  expect(422, R"({"features":["conv_rate"],"entities":{"driver_id":[1]}})");
  expect(
      422,
      R"({"features":["driver_stats:conv_rate","driver_stats:conv_rate"],"entities":{"driver_id":[1]}})");
  expect(422, R"({"features":["driver_stats:conv_rate"],"entities":{"other":[1]}})");
  expect(422, R"({"features":["driver_stats:conv_rate"],"entities":{"driver_id":[1],"b":[]}})");
  expect(422, R"({"features":["driver_stats:conv_rate"],"entities":{"driver_id":1}})");
  expect(422, R"({"features":[],"entities":{"driver_id":[1]}})");
  expect(422, R"({"features":[7],"entities":{"driver_id":[1]}})");
  expect(422, "nonsense");
  EXPECT_EQ(feast("/nope", "{}"), (Reply{404, R"({"detail":"Not Found"})"}));
  EXPECT_EQ(call(feast_, "GET", "/push").status, 405);
  EXPECT_EQ(call(feast_, "GET", "/health"), (Reply{200, ""}));
}

TEST_F(FeastTest, AHundredThousandRowsAreRefused) {
  put_driver();
  std::string ids = "1";
  for (int i = 1; i < 100'000; ++i) ids += ",1";
  EXPECT_EQ(
      feast("/get-online-features",
            R"({"features":["driver_stats:conv_rate"],"entities":{"driver_id":[)" + ids + "]}}"),
      (Reply{422, R"({"detail":"'entities' may have 10000 rows, this one has 100000"})"}));
}

TEST_F(FeastTest, PushedRowsAreServed) {
  EXPECT_EQ(feast("/push", R"({"push_source_name":"pushed","df":{"driver_id":[1,2],
      "event_timestamp":["2026-01-02T03:04:05Z","2026-01-02 03:04:06"],"conv_rate":[0.5,1.5],"tags":[["x"],null],
      "created":["2026-01-02T03:04:05Z","2026-01-02T03:04:05Z"]},"to":"online","allow_registry_cache":true})"),
            (Reply{200, ""}));
  EXPECT_EQ(
      feast("/get-online-features", R"({"features":["driver_stats:conv_rate","driver_stats:tags"],
      "entities":{"driver_id":[1,2]}})")
          .body,
      R"({"metadata":{"feature_names":["driver_id","conv_rate","tags"]},"results":[)"
      R"({"values":[1,2],"statuses":["PRESENT","PRESENT"],"event_timestamps":["1970-01-01T00:00:00Z","1970-01-01T00:00:00Z"]},)"
      R"({"values":[0.5,1.5],"statuses":["PRESENT","PRESENT"],"event_timestamps":["2026-01-02T03:04:05Z","2026-01-02T03:04:06Z"]},)"
      R"({"values":[["x"],null],"statuses":["PRESENT","NULL_VALUE"],"event_timestamps":["2026-01-02T03:04:05Z","2026-01-02T03:04:06Z"]}]})");
}

TEST_F(FeastTest, TheNewestOfAPushWinsAndOlderOnesDoNotComeBack) {
  const auto push = [&](std::string_view times, std::string_view rates) {
    return feast(
               "/push",
               fmt::format(
                   R"({{"push_source_name":"pushed","df":{{"driver_id":[7,7],"event_timestamp":[{}],
        "conv_rate":[{}]}},"to":"online"}})",
                   times, rates))
        .status;
  };
  const auto rate = [&] {
    const std::string body =
        feast("/get-online-features",
              R"({"features":["driver_stats:conv_rate"],"entities":{"driver_id":[7]}})")
            .body;
    return body.substr(body.rfind("\"values\":[") + 10, 3);
  };
  EXPECT_EQ(push(R"("2026-01-02 03:04:06","2026-01-02 03:04:05")", "1.5,2.5"), 200);
  EXPECT_EQ(rate(), "1.5");
  EXPECT_EQ(push(R"("2026-01-01 00:00:00","2026-01-01 00:00:01")", "3.5,4.5"), 200);
  EXPECT_EQ(rate(), "1.5");
}

TEST_F(FeastTest, APushIsWholeOrNotAtAll) {
  const auto push = [&](std::string_view df, std::string_view more) {
    return feast("/push", fmt::format(R"({{"push_source_name":"pushed","df":{},{}}})", df, more));
  };
  const std::string_view online = R"("to":"online")";
  EXPECT_EQ(push(R"({"driver_id":[1,2],"conv_rate":[0.5,"x"]})", online).status, 422);
  EXPECT_EQ(push(R"({"driver_id":[1,null],"conv_rate":[0.5,1]})", online).status, 422);
  EXPECT_EQ(push(R"({"driver_id":[1],"conv_rate":[0.5],"nope":[1]})", online),
            (Reply{422, R"({"detail":"Column 'nope' of 'df' is no feature of driver_stats"})"}));
  EXPECT_EQ(push(R"({"driver_id":[1],"conv_rate":[]})", online).status, 422);
  EXPECT_EQ(push(R"({"driver_id":[1]})", R"("to":"online_and_offline")").status, 422);
  EXPECT_EQ(feast("/push", R"({"push_source_name":"nope","df":{"a":[1]},"to":"online"})").status,
            404);
  EXPECT_THAT(feast("/get-online-features",
                    R"({"features":["driver_stats:conv_rate"],"entities":{"driver_id":[1]}})")
                  .body,
              HasSubstr("NOT_FOUND"));
}

}  // namespace
}  // namespace millrace::feature_store

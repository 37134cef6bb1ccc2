// pk-read, batch and scan, byte for byte.

#include <fmt/format.h>

#include "tests/unit/feature_store/serving/serving_fixture.h"

namespace millrace::feature_store {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using PkReadTest = ServingFixture;

std::string key(std::string_view value) {
  return fmt::format(R"({{"filters":[{{"column":"cc_num","value":{}}}]}})", value);
}
std::string columns(std::string_view names) {
  return fmt::format(R"({{"filters":[{{"column":"cc_num","value":4711}}],"readColumns":[{}]}})",
                     names);
}

TEST_F(PkReadTest, GivesTheColumnsAskedFor) {
  put(42, kTransaction);
  EXPECT_EQ(rondb("bank/txn_1/pk-read",
                  R"({"filters":[{"column":"cc_num","value":4711}],
                      "readColumns":[{"column":"amount","dataReturnType":"default"}],"operationId":"r1"})"),
            (Reply{200, R"({"operationId":"r1","data":{"amount":9.25}})"}));
}

TEST_F(PkReadTest, GivesAllValuesWithoutNames) {
  put(42, kTransaction);
  EXPECT_EQ(
      rondb("bank/txn_1/pk-read", key("4711")),
      (Reply{200, R"({"operationId":"","data":{"ts":"2026-01-02 03:04:05","amount":9.25,)"
                  R"("day":"2026-01-02","price":123.45,"ok":1,"blob":"AQID","recent":[1.5,null],)"
                  R"("loc":{"lat":59.5,"lon":null}}})"}));
}

TEST_F(PkReadTest, KeepsTheOrderOfTheRequestAndRepeats) {
  put(42, kTransaction);
  EXPECT_EQ(rondb("bank/txn_1/pk-read",
                  columns(R"({"column":"ok"},{"column":"cc_num"},{"column":"ok"})")),
            (Reply{200, R"({"operationId":"","data":{"ok":1,"cc_num":4711,"ok":1}})"}));
}

TEST_F(PkReadTest, PrintsIntegersBeyondDoublesExactly) {
  put(42, R"({"cc_num":9007199254740993,"ts":"2026-01-02 03:04:05"})");
  EXPECT_EQ(
      rondb(
          "bank/txn_1/pk-read",
          R"({"filters":[{"column":"cc_num","value":9007199254740993}],"readColumns":[{"column":"cc_num"}]})"),
      (Reply{200, R"({"operationId":"","data":{"cc_num":9007199254740993}})"}));
}

TEST_F(PkReadTest, AbsentAndExpiredRowsAre404) {
  const Reply absent{404, R"({"operationId":"","data":null})"};
  EXPECT_EQ(rondb("bank/txn_1/pk-read", key("1")), absent) << "no table yet";
  put(42, kTransaction);
  EXPECT_EQ(rondb("bank/txn_1/pk-read", key("1")), absent);
  EXPECT_EQ(rondb("bank/txn_1/pk-read", key("4711")).status, 200);
  now_us_ = kEventUs + 86'400'000'000 - 1;
  EXPECT_EQ(rondb("bank/txn_1/pk-read", key("4711")).status, 200);
  now_us_ = kEventUs + 86'400'000'000;
  EXPECT_EQ(rondb("bank/txn_1/pk-read", key("4711")), absent);
}

TEST_F(PkReadTest, NamesWhatIsWrong) {
  put(42, kTransaction);
  const auto error = [](int status, int code, std::string_view reason, std::string_view message) {
    return Reply{status, fmt::format(R"({{"code":{},"reason":"{}","message":"{}"}})", code, reason,
                                     message)};
  };
  EXPECT_EQ(rondb("shop/txn_1/pk-read", key("1")),
            error(400, 2, "Feature store does not exist.", "Database 'shop' is not known"));
  EXPECT_EQ(rondb("bank/txn_9/pk-read", key("1")),
            error(400, 3, "Feature group does not exist.", "Table 'bank.txn_9' is not known"));
  EXPECT_EQ(rondb("bank/txn_1/pk-read", columns(R"({"column":"nope"})")),
            error(404, 11, "Feature does not exist.", "Column 'nope' does not exist in txn_1"));
  EXPECT_EQ(rondb("bank/txn_1/pk-read", columns(R"({"column":"raw"})")).status, 404)
      << "not online";
  EXPECT_EQ(rondb("bank/txn_1/pk-read", R"({"filters":[]})"),
            error(400, 15, "No primary key is given.", "'filters' must name the primary key"));
  EXPECT_EQ(rondb("bank/txn_1/pk-read", R"({"filters":[{"column":"amount","value":1}]})"),
            error(400, 12, "Incorrect primary key.",
                  "'filters' does not name column 'cc_num' of the primary key"));
  EXPECT_THAT(rondb("bank/txn_1/pk-read",
                    R"({"filters":[{"column":"cc_num","value":1},{"column":"amount","value":1}]})")
                  .body,
              StartsWith(R"({"code":12,)"));
  for (const char* value : {R"("4711")", "true", "1.5", "null", "[]", "{}"}) {
    const Reply reply = rondb("bank/txn_1/pk-read", key(value));
    EXPECT_EQ(reply.status, 415) << value;
    EXPECT_THAT(
        reply.body,
        StartsWith(R"({"code":10,"reason":"Wrong data type.","message":"Primary key 'cc_num': )"));
  }
  EXPECT_THAT(rondb("bank/txn_1/pk-read", columns(R"({"column":"ok","dataReturnType":"x"})")).body,
              StartsWith(R"({"code":18,)"));
}

TEST_F(PkReadTest, BodiesThatAreNoRequestsAre400) {
  for (const std::string body :
       {"", "null", "[]", "1", "{", "{\"filters\":1}", "{\"filters\":[1]}", "{\"filters\":[{}]} x",
        "\xff\xfe", "{\"operationId\":7,\"filters\":[]}",
        "{\"filters\":[{\"column\":\"cc_num\",\"value\":1}],\"readColumns\":{}}"}) {
    const Reply reply = rondb("bank/txn_1/pk-read", body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_THAT(reply.body, StartsWith("{\"code\":")) << body;
  }
  const std::string deep = std::string(100'000, '[');
  EXPECT_EQ(rondb("bank/txn_1/pk-read", deep).status, 400);
}

TEST_F(PkReadTest, BatchKeepsOrderAndStatusOfEach) {
  put(42, kTransaction);
  const auto operation = [](std::string_view url, std::string_view body) {
    return fmt::format(R"({{"method":"POST","relative-url":"{}","body":{}}})", url, body);
  };
  const std::string read =
      R"({"filters":[{"column":"cc_num","value":4711}],"readColumns":[{"column":"amount"}],"operationId":"a"})";
  const std::string body = "{\"operations\":[" + operation("bank/txn_1/pk-read", key("1")) + "," +
                           operation("bank/txn_1/pk-read", read) + "," +
                           operation("bank/nope_1/pk-read", key("1")) + "]}";
  EXPECT_EQ(rondb("batch", body),
            (Reply{200, R"({"result":[{"code":404,"body":{"operationId":"","data":null}},)"
                        R"({"code":200,"body":{"operationId":"a","data":{"amount":9.25}}},)"
                        R"({"code":400,"message":"Table 'bank.nope_1' is not known",)"
                        R"("body":{"operationId":"","data":null}}]})"}));
}

TEST_F(PkReadTest, BatchHasALimit) {
  parts_.limits.max_operations = 3;
  const std::string one = R"({"relative-url":"bank/txn_1/pk-read","body":)" + key("1") + "}";
  std::string body = "{\"operations\":[" + one + "," + one + "," + one;
  EXPECT_EQ(rondb("batch", body + "]}").status, 200);
  EXPECT_EQ(rondb("batch", body + "," + one + "]}"),
            (Reply{400, R"({"code":18,"reason":"Reading from db failed.",)"
                        R"("message":"A batch may have 3 operations, this one has 4"})"}));
  EXPECT_EQ(rondb("batch", R"({"operations":[]})").status, 400);
  for (const char* url :
       {"pk-read", "bank/txn_1", "bank/txn_1/scan", "a/b/c/pk-read", "/pk-read", ""}) {
    EXPECT_EQ(rondb("batch",
                    fmt::format(R"({{"operations":[{{"relative-url":"{}","body":{{}}}}]}})", url))
                  .status,
              400)
        << url;
  }
}

TEST_F(PkReadTest, ScanGoesOnWhereItEnded) {
  for (const char* country : {"DE", "SE", "US"}) {
    put(43, fmt::format(R"({{"cc_num":1,"country":"{}","limit":5}})", country));
  }
  put(43, R"({"cc_num":2,"country":"SE","limit":6})");
  const Reply first =
      rondb("bank/profile_1/scan", R"({"limit":2,"filters":[{"column":"cc_num","value":1}],
      "readColumns":[{"column":"country"}]})");
  EXPECT_EQ(first.status, 200);
  EXPECT_THAT(
      first.body,
      StartsWith(R"({"operationId":"","data":[{"country":"DE"},{"country":"SE"}],"next":")"));
  const size_t at = first.body.find("\"next\":\"") + 8;
  const std::string next = first.body.substr(at, first.body.size() - at - 2);
  EXPECT_EQ(
      rondb(
          "bank/profile_1/scan",
          R"({"limit":2,"filters":[{"column":"cc_num","value":1}],"readColumns":[{"column":"country"}],"after":")" +
              next + "\"}"),
      (Reply{200, R"({"operationId":"","data":[{"country":"US"}],"next":null})"}));
}

TEST_F(PkReadTest, ScanNeedsALimit) {
  for (const char* body : {"{}", R"({"limit":0})", R"({"limit":10001})", R"({"limit":"5"})",
                           R"({"limit":5,"after":"!"})",
                           R"({"limit":5,"filters":[{"column":"country","value":"SE"}]})"}) {
    put(43, R"({"cc_num":2,"country":"SE","limit":6})");
    EXPECT_EQ(rondb("bank/profile_1/scan", body).status, 400) << body;
  }
  EXPECT_EQ(rondb("bank/empty_1/scan", R"({"limit":5})"),
            (Reply{200, R"({"operationId":"","data":[],"next":null})"}));
}

TEST_F(PkReadTest, RowsOfOlderSchemasHaveNoNewColumns) {
  put(43, R"({"cc_num":1,"country":"SE","limit":5})");
  const auto newer = avro::Schema::parse(R"({"type":"record","name":"profile_1","fields":[
    {"name":"cc_num","type":["null","long"]},{"name":"country","type":["null","string"]},
    {"name":"score","type":["null","double"]},{"name":"limit","type":["null","long"]},
    {"name":"is_fraud","type":["null","boolean"]},{"name":"extra","type":["null","string"]}]})");
  put(std::make_shared<const RowPlan>(catalog_->group_ptr(43), 20, newer),
      R"({"cc_num":2,"country":"SE","extra":"x"})", 1);
  const auto read = [&](int card) {
    return rondb("bank/profile_1/pk-read",
                 fmt::format(R"({{"filters":[{{"column":"country","value":"SE"}},
        {{"column":"cc_num","value":{}}}],"readColumns":[{{"column":"extra"}},{{"column":"limit"}}]}})",
                             card))
        .body;
  };
  EXPECT_EQ(read(1), R"({"operationId":"","data":{"extra":null,"limit":5}})");
  EXPECT_EQ(read(2), R"({"operationId":"","data":{"extra":"x","limit":null}})");
}

}  // namespace
}  // namespace millrace::feature_store

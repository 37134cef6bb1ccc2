// The resource online_ingestion, the small paths, and who may ask.

#include <fmt/format.h>
#include <openssl/evp.h>

#include "millrace/errors.h"
#include "tests/unit/feature_store/serving/serving_fixture.h"

namespace millrace::feature_store {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using IngestionsTest = ServingFixture;
using testing_support::write_text;

constexpr std::string_view kPath =
    "/project/119/featurestores/67/featuregroups/42/online_ingestion";

std::string hash_of(std::string_view text) {
  uint8_t hash[32];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), hash, &size, EVP_sha256(), nullptr);
  std::string hex;
  for (const uint8_t byte : hash) hex += fmt::format("{:02x}", byte);
  return hex;
}

TEST_F(IngestionsTest, BeginAndReport) {
  EXPECT_EQ(call(rondb_, "POST", kPath, R"({"id":null,"numEntries":1000})"),
            (Reply{200, R"({"id":1,"numEntries":1000,"results":[]})"}));
  EXPECT_EQ(call(rondb_, "POST", "/hopsworks-api/api" + std::string(kPath),
                 R"({"id":null,"numEntries":null})"),
            (Reply{200, R"({"id":2,"numEntries":null,"results":[]})"}));
  put(42, kTransaction);
  const std::vector<CountedRecord> counted{{42, 1, -1, RowStatus::Ignored},
                                           {42, 1, -1, RowStatus::Failed}};
  ApplyBatch batch{.changes = {}, .counted = counted, .next = {}, .expected = {}};
  ASSERT_TRUE(store_->apply(batch));
  const std::string first =
      R"({"id":1,"numEntries":1000,"results":[{"onlineIngestionId":1,"status":"IGNORED","rows":1},)"
      R"({"onlineIngestionId":1,"status":"FAILED","rows":1}]})";
  const std::string path(kPath);
  EXPECT_EQ(call(rondb_, "GET", path + "?filter_by=ID:1"), (Reply{200, first}));
  EXPECT_EQ(call(rondb_, "GET", path + "?filter_by=ID%3A1"), (Reply{200, first}));
  EXPECT_EQ(call(rondb_, "GET", path + "?filter_by=LATEST").body,
            R"({"id":2,"numEntries":null,"results":[]})");
  EXPECT_EQ(call(rondb_, "GET", path).body,
            R"({"count":2,"items":[{"id":2,"numEntries":null,"results":[]},)" + first + "]}");
}

TEST_F(IngestionsTest, Refusals) {
  const std::string path(kPath);
  EXPECT_EQ(call(rondb_, "GET", path + "?filter_by=LATEST"),
            (Reply{404, R"({"errorCode":270404,"errorMsg":"There is no such online ingestion"})"}));
  EXPECT_EQ(call(rondb_, "GET", path + "?filter_by=x").status, 400);
  EXPECT_EQ(call(rondb_, "DELETE", path).status, 405);
  EXPECT_EQ(call(rondb_, "POST", path, R"({"numEntries":-1})").status, 400);
  EXPECT_EQ(call(rondb_, "POST", path, "x").status, 400);
  for (const char* other :
       {"/project/1/featurestores/67/featuregroups/42/online_ingestion",
        "/project/119/featurestores/68/featuregroups/42/online_ingestion",
        "/project/119/featurestores/67/featuregroups/9/online_ingestion",
        "/project/119/featurestores/67/featuregroups/x/online_ingestion", "/project/119"}) {
    EXPECT_EQ(call(rondb_, "GET", other).status, 404) << other;
  }
}

TEST_F(IngestionsTest, PingAndHealth) {
  EXPECT_EQ(call(rondb_, "GET", "/0.1.0/ping"), (Reply{200, ""}));
  EXPECT_EQ(call(rondb_, "GET", "/0.1.0/health"), (Reply{200, "1"}));
  EXPECT_EQ(call(rondb_, "GET", "/0.1.0/batch").status, 405);
  EXPECT_EQ(call(rondb_, "GET", "/").status, 404);
  for (const char* path :
       {"/0.1.0/", "/0.1.0/a", "/0.1.0/a/b", "/0.1.0/a/b/c", "/0.1.0/bank/txn_1/pk-write"}) {
    EXPECT_EQ(call(rondb_, "POST", path, "{}").status, 404) << path;
  }
}

TEST_F(IngestionsTest, KeysAreAskedForAndKnownByTheirHashes) {
  const auto file = folder_ / "keys";
  write_text(file, "# who may ask\nplain:" + hash_of("secret") +
                       "\nsalted:pepper:" + hash_of("pepperother") + "\n\n");
  parts_.keys = std::make_shared<ApiKeys>(file);
  const auto status = [&](std::string_view key) {
    Call given;
    given.api_key = key;
    return call(rondb_, "POST", "/0.1.0/batch", "{}", given).status;
  };
  EXPECT_EQ(status("secret"), 400);
  EXPECT_EQ(status("other"), 400);
  for (const std::string key : {"", "secre", "secret ", "pepperother", "plain"})
    EXPECT_EQ(status(key), 401) << key;
  EXPECT_EQ(status(hash_of("secret")), 401);
  EXPECT_EQ(
      rondb("batch", "{}"),
      (Reply{401, R"({"code":17,"reason":"Accessing unshared feature store failed",)"
                  R"("message":"The API key is missing or unknown; send it as X-API-KEY"})"}));
  EXPECT_EQ(
      feast("/push", "{}"),
      (Reply{401, R"({"detail":"The API key is missing or unknown; send it as X-API-KEY"})"}));
  EXPECT_EQ(call(rondb_, "GET", kPath).status, 401);
  EXPECT_EQ(call(rondb_, "GET", "/0.1.0/ping").status, 200);
  EXPECT_EQ(call(feast_, "GET", "/health").status, 200);
}

TEST_F(IngestionsTest, WrongKeyFilesAreNamed) {
  const auto file = folder_ / "keys";
  EXPECT_THROW(ApiKeys(folder_ / "absent"), ConfigException);
  for (const char* text : {"x", "x:y", ":", "name:0123", "name:salt:zz"}) {
    write_text(file, std::string("# one\n") + text + "\n");
    try {
      ApiKeys keys(file);
      FAIL() << text;
    } catch (const ConfigException& error) {
      EXPECT_THAT(error.what(), HasSubstr("line 2"));
      EXPECT_THAT(error.what(), HasSubstr(file.string()));
    }
  }
}

TEST_F(IngestionsTest, MetricsShowWhatWasServed) {
  put(42, kTransaction);
  rondb("bank/txn_1/pk-read", R"({"filters":[{"column":"cc_num","value":4711}]})");
  rondb("bank/txn_1/pk-read", R"({"filters":[{"column":"cc_num","value":1}]})");
  const LookupStats* threads[] = {&stats_};
  double found = -1;
  double missing = -1;
  double count = -1;
  double filtered = -1;
  for (const TaskMetric& metric : LookupStats::metrics(threads, 3)) {
    if (metric.name == "fs_lookup_results_total" && metric.labels[0].second == "found")
      found = metric.value;
    if (metric.name == "fs_lookup_results_total" && metric.labels[0].second == "missing")
      missing = metric.value;
    if (metric.name == "fs_lookup_seconds_count" && metric.labels[0].second == "pk-read")
      count = metric.value;
    if (metric.name == "fs_ttl_filtered_total") filtered = metric.value;
  }
  EXPECT_EQ(found, 1);
  EXPECT_EQ(missing, 1);
  EXPECT_EQ(count, 2);
  EXPECT_EQ(filtered, 3);
}

TEST(DurationsTest, QuantilesAreNear) {
  Durations durations;
  for (int i = 1; i <= 1000; ++i) durations.add(i);
  EXPECT_NEAR(durations.quantile_seconds(0.5), 500e-6, 130e-6);
  EXPECT_NEAR(durations.quantile_seconds(0.99), 990e-6, 250e-6);
  EXPECT_NEAR(durations.sum_seconds(), 500'500e-6, 1e-9);
  Durations none;
  EXPECT_EQ(none.quantile_seconds(0.5), 0);
  Durations far;
  far.add(INT64_MAX);
  far.add(-5);
  EXPECT_GT(far.quantile_seconds(1), 1e12);
}

}  // namespace
}  // namespace millrace::feature_store

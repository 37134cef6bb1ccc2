// What the REST catalog makes of a server's answers: scripted ones, each kind of failure by itself.
// On a real server: tests/oracle/rest_compare.py.

#include "connectors/lakehouse/catalog/rest_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <mutex>

#include "tests/support/scripted_server.h"
#include "tests/unit/lakehouse/table/sample_table.h"

namespace millrace::lakehouse {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing_support::closed_url;
using testing_support::ScriptedServer;
using Reply = ScriptedServer::Reply;
using Request = ScriptedServer::Request;

const TableName kOrders = parse_table_name("db.raw.orders");
constexpr const char* kTarget = "/v1/namespaces/db%1Fraw/tables/orders";
constexpr const char* kSecret = "hush-hush";

Reply error(int status, const std::string& type, const std::string& message = "because") {
  return {status, Json{{"error", {{"message", message}, {"type", type}, {"code", status}}}}.dump()};
}

Json table_answer(const TableMetadata& table = sample_metadata()) {
  return {{"metadata-location", "file:///warehouse/db/orders/metadata/1.metadata.json"},
          {"metadata", table.document()}};
}

/// A server with one table; what `on` has for a method and a path comes first.
class RestCatalogTest : public ::testing::Test {
 protected:
  using Key = std::pair<std::string, std::string>;  // method and path without the query

  Reply answer(const Request& request) {
    const std::string path = request.target.substr(0, request.target.find('?'));
    const std::lock_guard lock(mutex_);
    const auto found = on_.find({request.method, path});
    if (found != on_.end() && !found->second.empty()) {
      Reply reply = found->second.front();
      if (found->second.size() > 1) found->second.pop_front();
      return reply;
    }
    if (path == "/v1/config") return {.body = R"({"defaults":{},"overrides":{}})"};
    if (path == kTarget) return {.body = table_answer().dump()};
    return error(404, "NoSuchNamespaceException");
  }
  /// The last one stays.
  void on(const std::string& method, const std::string& path, std::deque<Reply> replies) {
    const std::lock_guard lock(mutex_);
    on_[{method, path}] = std::move(replies);
  }
  std::shared_ptr<Catalog> make(Properties more = {}) {
    more["type"] = "rest";
    more.try_emplace("uri", server_.url());
    return make_catalog("lake", more);
  }
  std::vector<Request> requests(const std::string& method, const std::string& path) {
    std::vector<Request> found;
    for (const Request& request : server_.requests()) {
      if (request.method == method && request.target.substr(0, request.target.find('?')) == path) {
        found.push_back(request);
      }
    }
    return found;
  }

  std::mutex mutex_;
  std::map<Key, std::deque<Reply>> on_;
  ScriptedServer server_{[this](const Request& request) { return answer(request); }};
};

template <class Work>
std::string message_of(ErrorKind kind, const Work& work) {
  try {
    work();
  } catch (const Error& found) {
    EXPECT_EQ(found.kind(), kind) << found.what();
    EXPECT_EQ(dynamic_cast<const CommitUnknown*>(&found), nullptr) << found.what();
    EXPECT_EQ(dynamic_cast<const CommitConflict*>(&found), nullptr) << found.what();
    EXPECT_THAT(found.what(), Not(HasSubstr(kSecret)));
    return found.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

TableChange some_change() {
  return {.requirements = {change::assert_ref("main", std::nullopt)},
          .updates = {change::set_properties({{"a", "1"}})}};
}

TEST_F(RestCatalogTest, ATableIsLoadedWithAllSnapshots) {
  const auto loaded = make()->load(kOrders);
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->metadata.uuid(), kUuid);
  EXPECT_EQ(loaded->metadata_location, table_answer()["metadata-location"]);
  const auto asked = requests("GET", kTarget);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].target, std::string(kTarget) + "?snapshots=all");
  EXPECT_EQ(asked[0].headers.at("x-iceberg-access-delegation"), "vended-credentials");
}

TEST_F(RestCatalogTest, AMissingTableIsToldFromAWrongAddress) {
  on("GET", kTarget, {error(404, "NoSuchTableException")});
  EXPECT_FALSE(make()->load(kOrders).has_value());
  on("GET", kTarget, {{404, "<html>"}});
  EXPECT_THAT(message_of(ErrorKind::Connect, [&] { make()->load(kOrders); }),
              HasSubstr("iceberg.catalog.uri"));
}

TEST_F(RestCatalogTest, WhatTheServerSaysOfItselfIsMerged) {
  on("GET", "/v1/config",
     {{.body =
           Json{{"defaults", {{"header.X-A", "server"}, {"header.X-B", "server"}}},
                {"overrides",
                 {{"prefix", "ws/one"}, {"namespace-separator", "%2E"}, {"header.X-C", "server"}}}}
               .dump()}});
  on("GET", "/v1/ws/one/namespaces/db.1%2Eraw/tables/orders", {{.body = table_answer().dump()}});
  const auto catalog =
      make({{"warehouse", "my lake"}, {"header.X-B", "ours"}, {"header.X-C", "ours"}});
  const TableName table = parse_table_name("`db.1`.raw.orders");
  EXPECT_TRUE(catalog->load(table).has_value());
  EXPECT_TRUE(catalog->load(table).has_value());
  const auto config = requests("GET", "/v1/config");
  ASSERT_EQ(config.size(), 1U);
  EXPECT_EQ(config[0].target, "/v1/config?warehouse=my%20lake");
  const Request last = server_.requests().back();
  EXPECT_EQ(last.headers.at("x-a"), "server");
  EXPECT_EQ(last.headers.at("x-b"), "ours");
  EXPECT_EQ(last.headers.at("x-c"), "server");
}

TEST_F(RestCatalogTest, AnUnchangedTableIsNotSentAgain) {
  Reply tagged{.body = table_answer().dump(), .headers = {{"ETag", "\"v1\""}}};
  on("GET", kTarget, {tagged, {304, ""}, error(404, "NoSuchTableException"), tagged});
  const auto catalog = make();
  const auto first = catalog->load(kOrders);
  const auto second = catalog->load(kOrders);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->metadata.document(), first->metadata.document());
  EXPECT_EQ(requests("GET", kTarget)[1].headers.at("if-none-match"), "\"v1\"");
  EXPECT_FALSE(catalog->load(kOrders).has_value());
  EXPECT_TRUE(catalog->load(kOrders).has_value());
  EXPECT_FALSE(requests("GET", kTarget)[3].headers.contains("if-none-match"));
}

TEST_F(RestCatalogTest, LoadingFailsByKind) {
  struct Case {
    Reply reply;
    ErrorKind kind;
  };
  for (const Case& one : std::vector<Case>{{error(401, "NotAuthorized"), ErrorKind::Authentication},
                                           {error(403, "Forbidden"), ErrorKind::Authorization},
                                           {error(400, "BadRequest"), ErrorKind::Connect},
                                           {error(500, "Internal"), ErrorKind::Retriable},
                                           {error(502, ""), ErrorKind::Retriable},
                                           {error(503, ""), ErrorKind::Retriable},
                                           {error(504, ""), ErrorKind::Retriable},
                                           {{200, "<html>"}, ErrorKind::Data},
                                           {{302, ""}, ErrorKind::Connect},
                                           {{.kind = Reply::Kind::Close}, ErrorKind::Retriable},
                                           {{.kind = Reply::Kind::Half}, ErrorKind::Retriable}}) {
    on("GET", kTarget, {one.reply});
    EXPECT_THAT(message_of(one.kind, [&] { make()->load(kOrders); }),
                HasSubstr("loading table db.raw.orders"))
        << one.reply.status;
  }
}

class RestCommitTest : public RestCatalogTest {
 protected:
  void commit(const Properties& settings = {}) {
    const auto catalog = make(settings);
    const LoadedTable base{sample_metadata(), "", nullptr};
    catalog->commit(kOrders, base, some_change());
  }
  void expect_sent(size_t times) { EXPECT_EQ(requests("POST", kTarget).size(), times); }
};

TEST_F(RestCommitTest, RequirementsAndUpdatesAreSent) {
  commit();
  const Json sent = Json::parse(requests("POST", kTarget).at(0).body);
  EXPECT_THAT(sent["requirements"],
              ElementsAre(change::assert_ref("main", std::nullopt), change::assert_uuid(kUuid)));
  EXPECT_THAT(sent["updates"], ElementsAre(change::set_properties({{"a", "1"}})));
}

TEST_F(RestCommitTest, AConflictIsAConflict) {
  for (const Reply& reply :
       {error(409, "CommitFailedException"),
        error(400, "ValidationException",
              "Cannot add snapshot with sequence number 4 older than last sequence number 5")}) {
    on("POST", kTarget, {reply});
    EXPECT_THROW(commit(), CommitConflict) << reply.body;
  }
  expect_sent(2);
}

TEST_F(RestCommitTest, WhatMayHaveBeenDoneIsUnknown) {
  using Kind = Reply::Kind;
  const std::vector<Reply> replies = {error(500, "CommitStateUnknownException"),
                                      error(502, ""),
                                      error(503, ""),
                                      error(504, ""),
                                      {502, "<html>"},
                                      {.kind = Kind::Close},
                                      {.kind = Kind::Reset},
                                      {.kind = Kind::Half},
                                      {.kind = Kind::Hang},
                                      {200, "<html>"},
                                      {200, "{}"}};
  for (size_t i = 0; i < replies.size(); ++i) {
    on("POST", kTarget, {replies[i]});
    EXPECT_THROW(commit({{"rest.client.socket-timeout-ms", "300"},
                         {"rest.client.connection-timeout-ms", "300"}}),
                 CommitUnknown)
        << replies[i].status << " " << replies[i].body << " at " << i;
    expect_sent(i + 1);  // never repeated
  }
}

TEST_F(RestCommitTest, OnAConnectionThatWasKeptNothingIsRepeatedEither) {
  on("GET", kTarget, {{.body = table_answer().dump(), .keeps_open = true}});
  on("POST", kTarget, {{.kind = Reply::Kind::Close}});
  const auto catalog = make();
  const auto base = catalog->load(kOrders);
  EXPECT_THROW(catalog->commit(kOrders, *base, some_change()), CommitUnknown);
  expect_sent(1);
}

TEST_F(RestCommitTest, WhatIsRefusedFails) {
  on("POST", kTarget, {error(400, "BadRequestException", "no such snapshot")});
  EXPECT_THAT(message_of(ErrorKind::Connect, [&] { commit(); }), HasSubstr("no such snapshot"));
  on("POST", kTarget, {error(403, "ForbiddenException")});
  message_of(ErrorKind::Authorization, [&] { commit(); });
  on("POST", kTarget, {error(404, "NoSuchTableException")});
  message_of(ErrorKind::NotFound, [&] { commit(); });
  on("POST", kTarget, {error(401, "NotAuthorizedException")});
  message_of(ErrorKind::Authentication, [&] { commit({{"token", kSecret}}); });
  expect_sent(4);
}

TEST_F(RestCommitTest, WhatWasNotProcessedIsSentAgainAfterAWait) {
  on("POST", kTarget,
     {{503, "", {{"Retry-After", "0"}}},
      {429, "", {{"Retry-After", "0"}}},
      {.body = table_answer().dump()}});
  commit();
  expect_sent(3);
}

TEST_F(RestCommitTest, WaitsHaveALimit) {
  on("POST", kTarget, {{503, "", {{"Retry-After", "0"}}}});
  message_of(ErrorKind::Retriable, [&] { commit(); });
  expect_sent(RestClient::kMaxThrottles + 1);
  on("POST", kTarget, {{429, "", {{"Retry-After", "3600"}}}});
  message_of(ErrorKind::Retriable, [&] { commit(); });
  expect_sent(RestClient::kMaxThrottles + 2);
}

TEST_F(RestCommitTest, ARefusedConnectionIsRetriable) {
  const std::string gone = closed_url();
  on("GET", "/v1/config", {{.body = Json{{"overrides", {{"uri", gone}}}}.dump()}});
  EXPECT_THAT(message_of(ErrorKind::Retriable, [&] { commit(); }), HasSubstr("Connection refused"));
}

TEST_F(RestCommitTest, AKeyIsSentWhereTheServerKnowsThem) {
  commit();
  EXPECT_FALSE(requests("POST", kTarget)[0].headers.contains("idempotency-key"));
  on("GET", "/v1/config", {{.body = R"({"idempotency-key-lifetime":"PT30M"})"}});
  on("POST", kTarget, {{503, "", {{"Retry-After", "0"}}}, {.body = table_answer().dump()}});
  commit();
  commit();
  const auto sent = requests("POST", kTarget);
  ASSERT_EQ(sent.size(), 4U);
  const std::string key = sent[1].headers.at("idempotency-key");
  EXPECT_EQ(key.size(), 36U);
  EXPECT_EQ(key[14], '7');
  EXPECT_EQ(sent[2].headers.at("idempotency-key"), key);
  EXPECT_NE(sent[3].headers.at("idempotency-key"), key);
}

TEST_F(RestCatalogTest, ANewTableMakesItsNamespaces) {
  on("POST", "/v1/namespaces/db%1Fraw/tables",
     {error(404, "NoSuchNamespaceException"), {.body = table_answer().dump()}});
  on("POST", "/v1/namespaces", {error(409, "AlreadyExistsException"), {.body = "{}"}});
  const LoadedTable made = make()->create(kOrders, sample_table());
  EXPECT_EQ(made.metadata.uuid(), kUuid);
  const auto namespaces = requests("POST", "/v1/namespaces");
  ASSERT_EQ(namespaces.size(), 2U);
  EXPECT_THAT(Json::parse(namespaces[0].body)["namespace"], ElementsAre("db"));
  EXPECT_THAT(Json::parse(namespaces[1].body)["namespace"], ElementsAre("db", "raw"));
  const Json sent = Json::parse(requests("POST", "/v1/namespaces/db%1Fraw/tables")[1].body);
  EXPECT_EQ(sent["name"], "orders");
  EXPECT_EQ(sent["schema"], to_json(sample_table().schema));
  EXPECT_EQ(sent["partition-spec"], to_json(sample_table().spec));
  EXPECT_EQ(sent["properties"]["owner"], "é");
}

TEST_F(RestCatalogTest, ATableIsMadeOnce) {
  on("POST", "/v1/namespaces/db%1Fraw/tables", {error(409, "AlreadyExistsException")});
  EXPECT_THROW(make()->create(kOrders, sample_table()), AlreadyExistsException);
}

class RestAuthTest : public RestCatalogTest {
 protected:
  static constexpr const char* kTokens = "/v1/oauth/tokens";
  static Reply token(const std::string& text, int seconds = 3'600) {
    return {
        .body =
            Json{{"access_token", text}, {"token_type", "bearer"}, {"expires_in", seconds}}.dump()};
  }
  std::vector<std::string> authorizations(const std::string& method, const std::string& path) {
    std::vector<std::string> all;
    for (const Request& request : requests(method, path)) {
      const auto found = request.headers.find("authorization");
      all.push_back(found == request.headers.end() ? "" : found->second);
    }
    return all;
  }
};

TEST_F(RestAuthTest, CredentialsBecomeAToken) {
  on("POST", kTokens, {token("one")});
  const auto catalog = make({{"credential", std::string("id:") + kSecret},
                             {"scope", "PRINCIPAL_ROLE:ALL"},
                             {"audience", "us"}});
  catalog->load(kOrders);
  catalog->load(kOrders);
  const auto asked = requests("POST", kTokens);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].body,
            "grant_type=client_credentials&client_id=id&client_secret=hush-hush&"
            "scope=PRINCIPAL_ROLE%3AALL&audience=us");
  EXPECT_THAT(authorizations("GET", kTarget), ElementsAre("Bearer one", "Bearer one"));
  EXPECT_THAT(authorizations("GET", "/v1/config"), ElementsAre("Bearer one"));
}

TEST_F(RestAuthTest, TheEndpointMayBeElsewhere) {
  on("POST", "/other/token", {token("one")});
  make({{"credential", kSecret}, {"oauth2-server-uri", server_.url() + "/other/token"}})
      ->load(kOrders);
  EXPECT_EQ(requests("POST", "/other/token").at(0).body,
            "grant_type=client_credentials&client_secret=hush-hush&scope=catalog");
}

TEST_F(RestAuthTest, ATokenThatEndsIsRenewedBefore) {
  on("POST", kTokens, {token("short", 0), token("long")});
  const auto catalog = make({{"credential", kSecret}});
  catalog->load(kOrders);
  EXPECT_THAT(authorizations("GET", "/v1/config"), ElementsAre("Bearer short"));
  EXPECT_THAT(authorizations("GET", kTarget), ElementsAre("Bearer long"));
}

TEST_F(RestAuthTest, ARefusedTokenIsRenewedOnce) {
  for (const int status : {401, 419}) {
    on("POST", kTokens, {token("old"), token("new")});
    on("POST", kTarget, {error(status, "NotAuthorizedException"), {.body = table_answer().dump()}});
    const size_t before = requests("POST", kTarget).size();
    const LoadedTable base{sample_metadata(), "", nullptr};
    make({{"credential", kSecret}})->commit(kOrders, base, some_change());
    const auto sent = authorizations("POST", kTarget);
    ASSERT_EQ(sent.size(), before + 2);
    EXPECT_EQ(sent[before], "Bearer old");
    EXPECT_EQ(sent[before + 1], "Bearer new");
  }
  on("GET", kTarget, {error(401, "NotAuthorizedException")});
  message_of(ErrorKind::Authentication, [&] { make({{"credential", kSecret}})->load(kOrders); });
  EXPECT_EQ(requests("GET", kTarget).size(), 2U);
}

TEST_F(RestAuthTest, RefusedCredentialsAreTold) {
  on("POST", kTokens, {{401, R"({"error":"invalid_client"})"}});
  EXPECT_THAT(message_of(ErrorKind::Authentication,
                         [&] {
                           make({{"credential", kSecret}})->load(kOrders);
                         }),
              AllOf(HasSubstr("invalid_client"), HasSubstr("iceberg.catalog.credential")));
  on("POST", kTokens, {{503, ""}});
  message_of(ErrorKind::Retriable, [&] { make({{"credential", kSecret}})->load(kOrders); });
}

TEST_F(RestAuthTest, ACommitThatGotNoTokenWasNotMade) {
  on("POST", kTokens, {token("short", 0), {.kind = Reply::Kind::Close}});
  const LoadedTable base{sample_metadata(), "", nullptr};
  const auto catalog = make({{"credential", kSecret}});
  message_of(ErrorKind::Retriable, [&] { catalog->commit(kOrders, base, some_change()); });
  EXPECT_TRUE(requests("POST", kTarget).empty());
}

TEST_F(RestAuthTest, TokensAndPasswordsMayBeGiven) {
  make({{"token", "given"}})->load(kOrders);
  make({{"rest.auth.type", "basic"},
        {"rest.auth.basic.username", "me"},
        {"rest.auth.basic.password", "you"}})
      ->load(kOrders);
  make()->load(kOrders);
  EXPECT_THAT(authorizations("GET", kTarget), ElementsAre("Bearer given", "Basic bWU6eW91", ""));
}

TEST(RestCredentials, TheLongestPrefixWins) {
  const Json answer = {
      {"config", {{"s3.endpoint", "http://config"}, {"s3.access-key-id", "config"}}},
      {"storage-credentials",
       {{{"prefix", "s3://lake/db/"}, {"config", {{"s3.access-key-id", "long"}}}},
        {{"prefix", "s3"}, {"config", {{"s3.access-key-id", "short"}}}},
        {{"prefix", "s3://lake/other/"}, {"config", {{"s3.access-key-id", "other"}}}}}}};
  const Properties own = {{"s3.access-key-id", "own"}, {"client.region", "x"}};
  const Properties merged = table_settings(own, answer, "s3://lake/db/orders");
  EXPECT_EQ(*find(merged, "s3.access-key-id"), "long");
  EXPECT_EQ(*find(merged, "s3.endpoint"), "http://config");
  EXPECT_EQ(*find(merged, "client.region"), "x");
  EXPECT_EQ(*find(table_settings(own, answer, "s3://b/x"), "s3.access-key-id"), "short");
  EXPECT_EQ(*find(table_settings(own, answer, "gs://b/x"), "s3.access-key-id"), "config");
  EXPECT_EQ(table_settings(own, Json::object(), "s3://b/x"), own);
}

TEST_F(RestCatalogTest, VendedCredentialsReachStorageAndAreRenewed) {
  // The scripted server is the object store, too.
  Json answer = table_answer();
  answer["metadata"]["location"] = "s3://lake/db/orders";
  const auto vended = [&](const std::string& id) {
    answer["config"] = {{"s3.endpoint", server_.url()}, {"s3.path-style-access", "true"}};
    answer["storage-credentials"] =
        Json::array({{{"prefix", "s3"},
                      {"config", {{"s3.access-key-id", id}, {"s3.secret-access-key", kSecret}}}}});
    return Reply{.body = answer.dump()};
  };
  on("GET", kTarget, {vended("first"), vended("second")});
  const Reply expired{403, "<Error><Code>ExpiredToken</Code></Error>"};
  on("GET", "/lake/db/orders/x", {{.body = "data"}, expired, {.body = "more"}});
  const auto loaded = make()->load(kOrders);
  EXPECT_EQ(loaded->files->read("s3://lake/db/orders/x"), "data");
  EXPECT_EQ(loaded->files->read("s3://lake/db/orders/x"), "more");
  const auto reads = requests("GET", "/lake/db/orders/x");
  ASSERT_EQ(reads.size(), 3U);
  EXPECT_THAT(reads[1].headers.at("authorization"), HasSubstr("=first/"));
  EXPECT_THAT(reads[2].headers.at("authorization"), HasSubstr("=second/"));
}

TEST(RestSettings, WhatIsWrongIsNamedWithoutSecrets) {
  const auto refused = [](Properties settings) {
    settings["type"] = "rest";
    return message_of(ErrorKind::Config, [&] { make_catalog("lake", settings); });
  };
  EXPECT_THAT(refused({}), HasSubstr("iceberg.catalog.uri"));
  EXPECT_THAT(refused({{"uri", "http://me:hush-hush@host"}}), HasSubstr("iceberg.catalog.uri"));
  EXPECT_THAT(refused({{"uri", "http://host"}, {"rest.sigv4-enabled", "true"}}),
              HasSubstr("sigv4"));
  EXPECT_THAT(refused({{"uri", "http://host"}, {"rest.client.socket-timeout-ms", "soon"}}),
              HasSubstr("rest.client.socket-timeout-ms"));
  EXPECT_THAT(refused({{"uri", "http://host"}, {"rest.auth.type", "kerberos"}}),
              HasSubstr("rest.auth.type"));
}

}  // namespace
}  // namespace millrace::lakehouse

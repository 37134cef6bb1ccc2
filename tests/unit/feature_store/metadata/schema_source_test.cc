// Schemas by id: in which order they are looked for, and what a registry's answers mean.

#include "connectors/feature_store/metadata/schema_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "millrace/errors.h"
#include "tests/support/scripted_server.h"
#include "tests/support/temporary_folder.h"

namespace millrace::feature_store {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing_support::closed_url;
using testing_support::ScriptedServer;
using testing_support::TemporaryFolder;
using testing_support::write_text;
using Kind = ScriptedServer::Reply::Kind;
using Reply = ScriptedServer::Reply;
using Request = ScriptedServer::Request;

constexpr const char* kSecret = "hush-hush";

std::string record(const std::string& name) {
  return R"({"type":"record","name":")" + name + R"(","fields":[]})";
}

std::string answer(const std::string& schema) {
  return avro::Json{{"schema", schema}}.dump();
}

std::string name_of(const avro::SchemaPtr& schema) {
  return schema ? schema->root().name : "none";
}

SchemaOptions asking(std::vector<std::string> urls) {
  SchemaOptions options;
  options.registry_urls = std::move(urls);
  options.timeout = milliseconds(2'000);
  options.not_found_for = hours(1);
  return options;
}

avro::SchemaPtr nothing_stored(int64_t) {
  return nullptr;
}

template <class Thrown>
std::string why_not(SchemaSource& source, int64_t id) {
  try {
    return "found: " + name_of(source.find(id));
  } catch (const Thrown& error) {
    return error.what();
  }
}

TEST(SchemaSourceTest, AsksOnceAndKeepsForEver) {
  ScriptedServer server([](const Request&) -> Reply { return {.body = answer(record("a"))}; });
  SchemaSource source(asking({server.url() + "/"}), nothing_stored);
  const avro::SchemaPtr first = source.find(17);
  EXPECT_EQ(name_of(first), "a");
  EXPECT_EQ(source.find(17, FeatureGroup{}), first);
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(server.requests()[0].method, "GET");
  EXPECT_EQ(server.requests()[0].target, "/schemas/ids/17");
}

TEST(SchemaSourceTest, ReadsHopsworksAnswers) {
  ScriptedServer server([](const Request&) -> Reply {
    return {.body =
                avro::Json{
                    {"id", 17}, {"subject", "txn_1"}, {"version", 2}, {"schema", record("txn_1")}}
                    .dump()};
  });
  SchemaOptions options = asking({server.url() + "/hopsworks-api/api/project/{projectId}/kafka"});
  options.api_key = Password(kSecret);
  SchemaSource source(options, nothing_stored);
  FeatureGroup group;
  group.project_id = 119;
  EXPECT_EQ(name_of(source.find(17, group)), "txn_1");
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(server.requests()[0].target, "/hopsworks-api/api/project/119/kafka/schemas/ids/17");
  EXPECT_EQ(server.requests()[0].headers.at("authorization"), "ApiKey hush-hush");
  // Without a project there is nobody to ask.
  EXPECT_EQ(source.find(18), nullptr);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(SchemaSourceTest, SendsUserAndPassword) {
  ScriptedServer server([](const Request&) -> Reply { return {.body = answer(record("a"))}; });
  SchemaOptions options = asking({server.url()});
  options.basic_auth = Password("user:pass");
  SchemaSource source(options, nothing_stored);
  source.find(1);
  EXPECT_EQ(server.requests()[0].headers.at("authorization"), "Basic dXNlcjpwYXNz");
  options.api_key = Password("key");
  EXPECT_THROW(SchemaSource(options, nothing_stored), ConfigException);
}

TEST(SchemaSourceTest, LooksInTheOrderOfTheContract) {
  TemporaryFolder folder;
  for (int id = 1; id <= 4; ++id) {
    write_text(folder / (std::to_string(id) + ".avsc"), record("file"));
  }
  ScriptedServer server([](const Request& request) -> Reply {
    const bool has = request.target == "/schemas/ids/1" || request.target == "/schemas/ids/2";
    if (has) return {.body = answer(record("registry"))};
    return {404, R"({"error_code":40403,"message":"no"})"};
  });
  SchemaOptions options = asking({server.url()});
  options.file = folder.path();
  SchemaSource source(
      options, [](int64_t id) { return id <= 3 ? avro::Schema::parse(record("store")) : nullptr; });
  FeatureGroup group;
  group.schemas[1] = avro::Schema::parse(record("group"));
  EXPECT_EQ(name_of(source.find(1, group)), "group");
  EXPECT_EQ(name_of(source.find(2, group)), "registry");
  EXPECT_EQ(name_of(source.find(3, group)), "store");
  EXPECT_EQ(name_of(source.find(4, group)), "file");
  EXPECT_EQ(source.find(5, group), nullptr);
  EXPECT_EQ(server.requests().size(), 4U);
}

TEST(SchemaSourceTest, BelievesA404ForAWhile) {
  std::atomic<int> status = 404;
  ScriptedServer server([&](const Request&) -> Reply { return {status, answer(record("late"))}; });
  SchemaOptions options = asking({server.url()});
  SchemaSource patient(options, nothing_stored);
  EXPECT_EQ(patient.find(7), nullptr);
  EXPECT_EQ(patient.find(7), nullptr);
  EXPECT_EQ(server.requests().size(), 1U);
  // The group may have it all the same.
  FeatureGroup group;
  group.schemas[7] = avro::Schema::parse(record("group"));
  EXPECT_EQ(name_of(patient.find(7, group)), "group");

  options.not_found_for = milliseconds(0);
  SchemaSource hasty(options, nothing_stored);
  EXPECT_EQ(hasty.find(7), nullptr);
  status = 200;
  EXPECT_EQ(name_of(hasty.find(7)), "late");
  EXPECT_EQ(patient.find(7), nullptr);
}

TEST(SchemaSourceTest, TriesAServerInTroubleThreeTimes) {
  std::atomic<int> left = 2;
  ScriptedServer server([&](const Request&) -> Reply {
    if (left-- > 0) return {.status = 503, .body = kSecret};
    return {.body = answer(record("a"))};
  });
  SchemaSource source(asking({server.url()}), nothing_stored);
  EXPECT_EQ(name_of(source.find(1)), "a");
  EXPECT_EQ(server.requests().size(), 3U);
  left = 1'000;
  EXPECT_THAT(why_not<RetriableException>(source, 2),
              AllOf(HasSubstr("looking up schema 2: GET http://127.0.0.1:"),
                    HasSubstr("the server answered 503"), Not(HasSubstr(kSecret))));
  EXPECT_EQ(server.requests().size(), 6U);
  // Not remembered: the next one may be better.
  left = 0;
  EXPECT_EQ(name_of(source.find(2)), "a");
}

TEST(SchemaSourceTest, NoAnswerIsRetriable) {
  for (const Kind kind : {Kind::Close, Kind::Reset, Kind::Half}) {
    ScriptedServer server([&](const Request&) -> Reply { return {.kind = kind}; });
    SchemaSource source(asking({server.url()}), nothing_stored);
    EXPECT_THROW(source.find(1), RetriableException) << static_cast<int>(kind);
  }
  for (const int status : {408, 429, 500, 502}) {
    ScriptedServer server([&](const Request&) -> Reply { return {.status = status}; });
    SchemaSource source(asking({server.url()}), nothing_stored);
    EXPECT_THROW(source.find(1), RetriableException) << status;
  }
  SchemaSource refused(asking({closed_url()}), nothing_stored);
  EXPECT_THROW(refused.find(1), RetriableException);
  ScriptedServer slow([](const Request&) -> Reply { return {.kind = Kind::Hang}; });
  SchemaOptions options = asking({slow.url()});
  options.timeout = milliseconds(30);
  SchemaSource timed(options, nothing_stored);
  EXPECT_THROW(timed.find(1), RetriableException);
  // A page of a proxy is no answer of the registry.
  ScriptedServer proxy([](const Request&) -> Reply { return {.body = "<html>log in</html>"}; });
  SchemaSource behind(asking({proxy.url()}), nothing_stored);
  EXPECT_THAT(why_not<RetriableException>(behind, 1), HasSubstr("it is no JSON"));
}

TEST(SchemaSourceTest, StoreAndFileHelpWhenTheRegistryDoesNotAnswer) {
  TemporaryFolder folder;
  write_text(folder / "2.avsc", record("file"));
  SchemaOptions options = asking({closed_url()});
  options.file = folder.path();
  SchemaSource source(
      options, [](int64_t id) { return id == 1 ? avro::Schema::parse(record("store")) : nullptr; });
  EXPECT_EQ(name_of(source.find(1)), "store");
  EXPECT_EQ(name_of(source.find(2)), "file");
  EXPECT_THROW(source.find(3), RetriableException);
}

TEST(SchemaSourceTest, AnotherRegistryAnswersForOneThatDoesNot) {
  ScriptedServer good([](const Request&) -> Reply { return {.body = answer(record("good"))}; });
  ScriptedServer bad([](const Request&) -> Reply { return {.status = 500}; });
  SchemaSource source(asking({bad.url(), good.url()}), nothing_stored);
  EXPECT_EQ(name_of(source.find(1)), "good");
  EXPECT_EQ(name_of(source.find(2)), "good");
  EXPECT_EQ(bad.requests().size(), 1U);  // the one that answered is asked first
  // What one says is not there is not asked of the other.
  ScriptedServer none([](const Request&) -> Reply { return {.status = 404}; });
  SchemaSource first(asking({none.url(), good.url()}), nothing_stored);
  EXPECT_EQ(first.find(1), nullptr);
}

TEST(SchemaSourceTest, RefusalsEndTheTask) {
  for (const int status : {401, 403, 302}) {
    ScriptedServer server([&](const Request&) -> Reply { return {status, kSecret}; });
    SchemaOptions options = asking({server.url()});
    options.api_key = Password(kSecret);
    SchemaSource source(options, nothing_stored);
    EXPECT_THAT(why_not<ConnectException>(source, 1),
                AllOf(HasSubstr(std::to_string(status)), Not(HasSubstr(kSecret))));
    EXPECT_EQ(server.requests().size(), 1U);
  }
  // The project comes from a record: not ours to fail for.
  ScriptedServer server([](const Request&) -> Reply { return {.status = 403}; });
  SchemaSource source(asking({server.url() + "/{projectId}"}), nothing_stored);
  EXPECT_EQ(source.find(1, 5), nullptr);
}

TEST(SchemaSourceTest, WhatIsNoAvroStaysSo) {
  std::atomic<int> asked = 0;
  ScriptedServer server([&](const Request& request) -> Reply {
    ++asked;
    if (request.target.ends_with("/1")) return {.body = answer(R"({"type":"recrd"})")};
    if (request.target.ends_with("/2")) {
      return {.body = avro::Json{{"schemaType", "PROTOBUF"}, {"schema", "syntax"}}.dump()};
    }
    return {.body = answer(std::string(5'000, '['))};
  });
  SchemaSource source(asking({server.url()}), nothing_stored);
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(why_not<DataException>(source, 1), HasSubstr("parsing an Avro schema"));
    EXPECT_THAT(why_not<DataException>(source, 2), HasSubstr("type PROTOBUF"));
    EXPECT_THROW(source.find(3), DataException);
  }
  EXPECT_EQ(asked, 3);
}

TEST(SchemaSourceTest, ReadsOneFileOfAllSchemasAgainWhenItChanges) {
  TemporaryFolder folder;
  const auto path = folder / "schemas.json";
  write_text(path, R"({"1":)" + record("a") + R"(,"2":"\"string\""})");
  SchemaOptions options;
  options.file = path;
  options.not_found_for = milliseconds(0);
  SchemaSource source(options, nullptr);
  EXPECT_EQ(name_of(source.find(1)), "a");
  EXPECT_EQ(source.find(2)->root().kind, avro::Kind::String);
  EXPECT_EQ(source.find(3), nullptr);
  write_text(path, R"({"3":)" + record("c") + "}");
  EXPECT_EQ(name_of(source.find(3)), "c");
  EXPECT_EQ(name_of(source.find(1)), "a");  // an id never means another schema
  write_text(path, "{");
  EXPECT_EQ(source.find(4), nullptr);
}

TEST(SchemaSourceTest, WrongFilesAreRefusedAtTheStart) {
  TemporaryFolder folder;
  SchemaOptions options;
  options.file = folder / "none.json";
  EXPECT_THROW(SchemaSource(options, nullptr), ConfigException);
  write_text(folder / "wrong.json", R"({"x":"string"})");
  options.file = folder / "wrong.json";
  EXPECT_THROW(SchemaSource(options, nullptr), ConfigException);
}

TEST(SchemaSourceTest, AddressesAreChecked) {
  for (const char* url : {"", "localhost:8081", "ftp://x", "http://", "http://a?b=c", "http://a b",
                          "https://user:hush-hush@host/kafka"}) {
    try {
      SchemaSource source(asking({url}), nullptr);
      ADD_FAILURE() << url;
    } catch (const ConfigException& error) {
      EXPECT_THAT(error.what(), Not(HasSubstr(kSecret))) << url;
    }
  }
}

}  // namespace
}  // namespace millrace::feature_store

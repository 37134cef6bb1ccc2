#include "connectors/http/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/http/url.h"
#include "tests/support/scripted_server.h"

namespace millrace::http {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing_support::closed_url;
using testing_support::ScriptedServer;
using Reply = ScriptedServer::Reply;
using Request = ScriptedServer::Request;

HttpRequest get(const std::string& url) {
  HttpRequest request;
  request.method = "GET";
  request.url = url;
  request.headers = {{"Authorization", "hush"}};
  request.timeout = std::chrono::milliseconds(300);
  return request;
}

HttpFailure failure_of(const HttpRequest& request) {
  HttpClient client({.connect_timeout = std::chrono::milliseconds(300)});
  try {
    client.send(request);
  } catch (const HttpFailure& failure) {
    EXPECT_THAT(failure.what(), Not(HasSubstr("hush")));
    return failure;
  }
  ADD_FAILURE() << "an answer came";
  return {ErrorKind::Internal, "", false};
}

TEST(HttpClient, SendsWhatItIsTold) {
  ScriptedServer server([](const Request&) { return Reply{201, "made", {{"X-Name", " v "}}}; });
  HttpClient client;
  HttpRequest request = get(server.url() + "/a//../b%2F?q=1");
  request.method = "POST";
  request.body = "body";
  const HttpResponse response = client.send(request);
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, "made");
  EXPECT_EQ(*response.header("x-name"), "v");
  EXPECT_EQ(response.header("x-none"), nullptr);
  const Request seen = server.requests().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/a//../b%2F?q=1");
  EXPECT_EQ(seen.body, "body");
  EXPECT_FALSE(seen.headers.contains("content-type"));
  EXPECT_FALSE(seen.headers.contains("expect"));
}

TEST(HttpClient, DoesNotFollow) {
  ScriptedServer server([&](const Request&) {
    return Reply{302, "", {{"Location", "http://127.0.0.1:1/"}}};
  });
  EXPECT_EQ(HttpClient().send(get(server.url())).status, 302);
}

TEST(HttpClient, TellsWhetherTheServerMayHaveSeenIt) {
  const HttpFailure refused = failure_of(get(closed_url() + "/p?token=hush"));
  EXPECT_FALSE(refused.maybe_sent());
  EXPECT_TRUE(refused.retriable());
  EXPECT_THAT(refused.what(), AllOf(HasSubstr("GET http://"), HasSubstr("Connection refused")));
  for (const Reply::Kind kind :
       {Reply::Kind::Close, Reply::Kind::Reset, Reply::Kind::Half, Reply::Kind::Hang}) {
    ScriptedServer server([&](const Request&) { return Reply{.kind = kind}; });
    const HttpFailure failure = failure_of(get(server.url()));
    EXPECT_TRUE(failure.maybe_sent()) << static_cast<int>(kind);
    EXPECT_TRUE(failure.retriable()) << static_cast<int>(kind);
  }
}

TEST(HttpClient, AnswersHaveALimit) {
  ScriptedServer server([](const Request&) { return Reply{.body = std::string(100, 'x')}; });
  HttpRequest request = get(server.url());
  request.most_bytes = 100;
  EXPECT_EQ(HttpClient().send(request).body.size(), 100U);
  request.most_bytes = 99;
  const HttpFailure failure = failure_of(request);
  EXPECT_FALSE(failure.retriable());
  EXPECT_THAT(failure.what(), HasSubstr("more than 99 bytes"));
}

TEST(HttpClient, AHeaderCannotBecomeTwo) {
  HttpRequest request = get(closed_url());
  request.headers = {{"X-A", "hush\r\nX-B: b"}};
  EXPECT_THROW(HttpClient().send(request), ConfigException);
}

TEST(HttpClient, ManyThreadsUseOne) {
  ScriptedServer server([](const Request& request) { return Reply{.body = request.target}; });
  HttpClient client;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 20; ++n) {
        const std::string path = "/" + std::to_string(i) + "/" + std::to_string(n);
        HttpRequest request = get(server.url() + path);
        request.timeout = std::chrono::seconds(30);
        EXPECT_EQ(client.send(request).body, path);
      }
    });
  }
}

TEST(Url, IsEncodedByBytes) {
  EXPECT_EQ(percent_encoded("aZ09-._~/ é\x1f"), "aZ09-._~%2F%20%C3%A9%1F");
  EXPECT_EQ(percent_encoded("a/b c", "/"), "a/b%20c");
  EXPECT_EQ(query_text({{"a b", "c&d"}, {"e", ""}}), "a%20b=c%26d&e=");
}

}  // namespace
}  // namespace millrace::http

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "millrace/errors.h"
#include "runtime/metrics/log.h"
#include "runtime/rest/access_log.h"
#include "runtime/rest/cors.h"
#include "runtime/rest/header_rules.h"
#include "runtime/rest/http_date.h"

namespace millrace::rest {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

std::string value(const HttpHeaders& headers, std::string_view name) {
  const std::string* found = headers.find(name);
  return found != nullptr ? *found : "(none)";
}

std::string rule_error(std::string_view text) {
  try {
    static_cast<void>(parse_header_rules(text));
  } catch (const ConfigException& e) {
    return e.what();
  }
  return "(no error)";
}

TEST(HeaderRules, AllActionsApply) {
  const auto rules = parse_header_rules(
      "set X-A: one, add X-A:two, \"set Cache-Control: no-cache, no-store\", setDate Expires: "
      "31540000000, ADDDATE Last-Modified: 0");
  HttpHeaders headers;
  headers.add("x-a", "old");
  apply(rules, headers, 1'729'850'400'000);
  EXPECT_EQ(headers.joined("X-A"), "one, two");
  EXPECT_EQ(value(headers, "Cache-Control"), "no-cache, no-store");
  EXPECT_EQ(value(headers, "Expires"), "Sat, 25 Oct 2025 11:06:40 GMT");
  EXPECT_EQ(value(headers, "Last-Modified"), "Fri, 25 Oct 2024 10:00:00 GMT");
}

TEST(HeaderRules, ErrorsNameTheRule) {
  EXPECT_THAT(rule_error("set"), HasSubstr("Invalid format of header config 'set'"));
  EXPECT_THAT(rule_error("set X"), HasSubstr("Invalid format of header name and header"));
  EXPECT_THAT(rule_error("set X: a:b"), HasSubstr("Invalid format of header name and header"));
  EXPECT_THAT(rule_error("get X: a"),
              HasSubstr("Invalid header config action: 'get'. Expected one of [set, add, setDate, "
                        "addDate]"));
  EXPECT_THAT(rule_error("set X Y: a"), HasSubstr("Invalid header name 'X Y'"));
  EXPECT_THAT(rule_error("setDate X: soon"), HasSubstr("Invalid format of header config"));
  EXPECT_THAT(rule_error("set X: a,"), HasSubstr("Invalid format of header config"));
  EXPECT_THAT(rule_error("set X: a\r\nEvil"), HasSubstr("Invalid format of header name and header"));
  EXPECT_THAT(parse_header_rules(" "), IsEmpty());
}

HttpRequest from(const std::string& origin, std::string method = "GET") {
  HttpRequest request;
  request.method = std::move(method);
  request.target = "/";
  if (!origin.empty()) request.headers.add("Origin", origin);
  return request;
}

HttpHeaders cors(const Cors& rules, const HttpRequest& request) {
  HttpHeaders headers;
  rules.apply(request, headers);
  return headers;
}

TEST(CorsRules, AreOffByDefault) {
  EXPECT_THAT(cors(Cors("", ""), from("http://a")).fields(), IsEmpty());
  EXPECT_THAT(cors(Cors("  ", "GET"), from("http://a")).fields(), IsEmpty());
}

TEST(CorsRules, EchoAllowedOrigins) {
  const auto headers = cors(Cors("*", ""), from("http://a.example"));
  EXPECT_EQ(value(headers, "Vary"), "Origin");
  EXPECT_EQ(value(headers, "Access-Control-Allow-Origin"), "http://a.example");
  EXPECT_EQ(value(headers, "Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(value(headers, "Access-Control-Max-Age"), "(none)");
}

TEST(CorsRules, MatchExactAndWildcardOrigins) {
  const Cors rules("http://a.example, https://*.b.example", "");
  const auto allowed = [&](const char* origin) {
    return value(cors(rules, from(origin)), "Access-Control-Allow-Origin") == origin;
  };
  EXPECT_TRUE(allowed("http://a.example"));
  EXPECT_TRUE(allowed("https://x.y.b.example"));
  EXPECT_FALSE(allowed("http://a.example.evil"));
  EXPECT_FALSE(allowed("https://b.example"));
  EXPECT_EQ(value(cors(rules, from("http://evil")), "Vary"), "Origin");
  EXPECT_THAT(cors(rules, from("")).fields(), SizeIs(1));
}

TEST(CorsRules, AnswerPreflights) {
  const Cors rules("*", "GET,PUT");
  auto request = from("http://a", "OPTIONS");
  request.headers.add("Access-Control-Request-Method", "PUT");
  auto headers = cors(rules, request);
  EXPECT_EQ(value(headers, "Access-Control-Allow-Methods"), "GET,PUT");
  EXPECT_EQ(value(headers, "Access-Control-Max-Age"), "1800");
  EXPECT_EQ(value(headers, "Access-Control-Allow-Headers"),
            "X-Requested-With,Content-Type,Accept,Origin");
  request.headers.set("Access-Control-Request-Method", "DELETE");
  EXPECT_EQ(value(cors(rules, request), "Access-Control-Allow-Origin"), "(none)");
  request.headers.set("Access-Control-Request-Method", "GET");
  request.headers.add("Access-Control-Request-Headers", "content-type, X-Evil");
  EXPECT_EQ(value(cors(rules, request), "Access-Control-Allow-Origin"), "(none)");
}

TEST(CorsRules, PatternsOfManyStarsStayFast) {
  std::string pattern;
  for (int i = 0; i < 1'000; ++i) pattern += "*a";
  EXPECT_THAT(cors(Cors(pattern, ""), from(std::string(30'000, 'b'))).fields(), SizeIs(1));
}

TEST(AccessLog, WritesOneLine) {
  std::vector<std::string> lines;
  logging::set_line_writer([&](std::string_view line) { lines.emplace_back(line); });
  const auto handler = with_access_log([](HttpRequest, const Respond& respond) {
    respond(HttpResponse{200, "0123456789", {}});
  });
  HttpRequest request = from("", "GET");
  request.client = "127.0.0.1";
  request.headers.add("User-Agent", "curl/8.5 \"x\"");
  handler(request, [](HttpResponse) {});
  logging::set_line_writer(nullptr);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines[0],
              MatchesRegex(".*INFO 127.0.0.1 - - \\[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} "
                           "\\+0000\\] \"GET / HTTP/1.1\" 200 10 \"-\" \"curl/8.5 .\"x.\"\" "
                           "[0-9]+ \\(org.apache.kafka.connect.runtime.rest.RestServer\\)\n"));
}

TEST(Dates, HaveTheirFormats) {
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(access_log_date(1'729'850'400'000), "25/Oct/2024:10:00:00 +0000");
}

}  // namespace
}  // namespace millrace::rest

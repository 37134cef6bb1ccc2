#include "runtime/security/http_post.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "millrace/errors.h"

namespace millrace::security {
namespace {

std::string body_of(const std::string& bytes) { return parse_http_answer(bytes, "u").body; }

TEST(HttpUrlTest, Parts) {
  const HttpUrl url = parse_http_url("https://id.example:8443/a/b?c=d");
  EXPECT_TRUE(url.tls);
  EXPECT_EQ(url.host, "id.example");
  EXPECT_EQ(url.port, "8443");
  EXPECT_EQ(url.path, "/a/b?c=d");
  EXPECT_EQ(parse_http_url("https://h").port, "443");
  EXPECT_EQ(parse_http_url("http://h?x").path, "/?x");
  EXPECT_EQ(parse_http_url("http://h").port, "80");
  EXPECT_EQ(parse_http_url("http://[::1]:9/").host, "::1");
  EXPECT_EQ(parse_http_url("http://[::1]:9/").port, "9");
}

TEST(HttpUrlTest, Refused) {
  for (const char* url : {"", "h", "ftp://h", "http://", "http://:1/", "http://h:x/", "http://h:/",
                          "http://a@h/", "http://h/a b", "http://h/\r\nX: y"}) {
    EXPECT_THROW(parse_http_url(url), ConfigException) << url;
  }
}

TEST(HttpAnswerTest, BodiesOfEachForm) {
  const HttpAnswer plain = parse_http_answer("HTTP/1.0 401 No\r\nA: b\r\n\r\nxyz", "u");
  EXPECT_EQ(plain.status, 401);
  EXPECT_EQ(plain.body, "xyz");
  EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\ncontent-LENGTH:  2 \r\n\r\nxyz"), "xy");
  EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;e=f\r\nxy\r\nA\r\n"
                    "0123456789\r\n0\r\n\r\n"),
            "xy0123456789");
}

TEST(HttpAnswerTest, Refused) {
  for (const char* bytes :
       {"", "HTTP/1.1 200 OK\r\n", "SSH-2.0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"}) {
    EXPECT_THROW(body_of(bytes), KafkaException) << bytes;
  }
}

TEST(HttpPostTest, ARefusedConnectionNamesTheUrl) {
  HttpRequest request;
  request.url = "http://127.0.0.1:1/token";
  try {
    post(request, {});
    ADD_FAILURE();
  } catch (const KafkaException& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr(request.url));
  }
}

}  // namespace
}  // namespace millrace::security

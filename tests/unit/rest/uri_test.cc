#include "runtime/rest/uri.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "runtime/rest/media_type.h"

namespace millrace::rest {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> segments(std::string_view target) {
  std::string error;
  const auto parsed = parse_target(target, error);
  if (!parsed) return {"error: " + error};
  return parsed->segments;
}

TEST(Target, SplitsAndDecodes) {
  EXPECT_THAT(segments("/"), IsEmpty());
  EXPECT_THAT(segments("/connectors/a%20b+c/%C3%A4%22"),
              ElementsAre("connectors", "a b+c", "\xC3\xA4\""));
  EXPECT_THAT(segments("/connectors?expand=info"), ElementsAre("connectors"));
  EXPECT_THAT(segments("http://host:1/connectors/x"), ElementsAre("connectors", "x"));
  EXPECT_THAT(segments("http://host:1"), IsEmpty());
  EXPECT_THAT(segments("/connectors/a;v=1/status"), ElementsAre("connectors", "a", "status"));
}

TEST(Target, ToleratesOneTrailingSlash) {
  EXPECT_THAT(segments("/connectors/"), ElementsAre("connectors"));
  EXPECT_THAT(segments("/connectors//"), ElementsAre("connectors", ""));
  EXPECT_THAT(segments("//"), ElementsAre(""));
  EXPECT_THAT(segments("/connectors//status"), ElementsAre("connectors", "", "status"));
}

TEST(Target, RefusesWhatCanBeReadTwoWays) {
  EXPECT_THAT(segments("/connectors/a%2Fb"), ElementsAre("error: Ambiguous URI path separator"));
  EXPECT_THAT(segments("/connectors/a%2fb"), ElementsAre("error: Ambiguous URI path separator"));
  for (const char* bad : {"/a%", "/a%4", "/a%zz", "/%FF", "/%00", "connectors", "*", ""}) {
    EXPECT_THAT(segments(bad), ElementsAre(::testing::StartsWith("error: "))) << bad;
  }
}

TEST(Query, RepeatsAndDecodes) {
  const Query query("expand=status&expand=info&x=a%26b+c&flag&bad=%zz&=v");
  EXPECT_THAT(query.all("expand"), ElementsAre("status", "info"));
  EXPECT_EQ(*query.find("x"), "a&b c");
  EXPECT_EQ(*query.find("flag"), "");
  EXPECT_EQ(query.find("bad"), nullptr);
}

TEST(Query, FlagsAreTrueOnlyForTrue) {
  const Query query("a=true&b=TRUE&c=1&d=yes&e");
  EXPECT_TRUE(query.flag("a"));
  EXPECT_TRUE(query.flag("b"));
  EXPECT_FALSE(query.flag("c", true));
  EXPECT_FALSE(query.flag("d", true));
  EXPECT_FALSE(query.flag("e", true));
  EXPECT_TRUE(query.flag("absent", true));
  EXPECT_FALSE(query.flag("absent"));
}

TEST(Percent, EncodingDecodesBack) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 500; ++round) {
    std::string text(random() % 20, ' ');
    for (char& c : text) c = static_cast<char>(random() % 256);
    const std::string encoded = percent_encode(text);
    EXPECT_EQ(percent_decode(encoded, true), text);
    EXPECT_EQ(encoded.find_first_of("/ ?#+\"<>"), std::string::npos);
  }
}

TEST(MediaType, JsonIsRecognised) {
  EXPECT_TRUE(is_json("application/json"));
  EXPECT_TRUE(is_json("Application/JSON; charset=utf-8"));
  EXPECT_TRUE(is_json("application/*"));
  EXPECT_FALSE(is_json("text/plain"));
  EXPECT_FALSE(is_json("application/x-www-form-urlencoded"));
  EXPECT_FALSE(is_json(""));
}

TEST(MediaType, AcceptTakesRanges) {
  for (const char* yes : {"", "*/*", "application/json", "text/html, application/json;q=0.5",
                          "application/*", "text/plain, */*;q=0.1"}) {
    EXPECT_TRUE(accepts(yes, "application/json")) << yes;
  }
  for (const char* no :
       {"text/plain", "application/xml, text/*", "application/json;q=0", "*/*;q=0.0", ","}) {
    EXPECT_FALSE(accepts(no, "application/json")) << no;
  }
}

}  // namespace
}  // namespace millrace::rest

#include "runtime/security/token_source.h"

#include "store_support.h"

namespace millrace::security {
namespace {

using testing::HasSubstr;

/// Numbered tokens of 1000 s each, on a clock of its own; none while `broken`.
struct Endpoint {
  std::string token() { return source.token(warning).text.value(); }

  TokenSource::Clock::time_point now{std::chrono::hours{1}};
  int fetched = 0;
  bool broken = false;
  std::string warning;
  TokenSource source{
      {},
      [this](const OAuthSettings&) -> OAuthToken {
        if (broken) throw KafkaException("the endpoint is away");
        const auto expires = (now + std::chrono::seconds{1'000}).time_since_epoch();
        return {SecretText("token-" + std::to_string(++fetched)), "me",
                std::chrono::duration_cast<std::chrono::milliseconds>(expires).count()};
      },
      [this] { return now; }};
};

TEST(TokenSourceTest, ATokenIsKeptForTheFirstHalfOfItsLife) {
  Endpoint endpoint;
  EXPECT_EQ(endpoint.token(), "token-1");
  endpoint.now += std::chrono::seconds{499};
  EXPECT_EQ(endpoint.token(), "token-1");
  endpoint.now += std::chrono::seconds{1};
  EXPECT_EQ(endpoint.token(), "token-2");
  EXPECT_EQ(endpoint.warning, "");
}

TEST(TokenSourceTest, AFailureCountsOnlyWithoutAGoodToken) {
  Endpoint endpoint;
  endpoint.broken = true;
  EXPECT_THROW(endpoint.token(), KafkaException);
  endpoint.broken = false;
  EXPECT_EQ(endpoint.token(), "token-1");
  endpoint.broken = true;
  endpoint.now += std::chrono::seconds{989};
  EXPECT_EQ(endpoint.token(), "token-1");
  EXPECT_THAT(endpoint.warning, HasSubstr("the endpoint is away; going on with the last token"));
  endpoint.now += std::chrono::seconds{2};  // less than kEnoughLeft is left
  EXPECT_THROW(endpoint.token(), KafkaException);
  endpoint.broken = false;
  EXPECT_EQ(endpoint.token(), "token-2");
}

}  // namespace
}  // namespace millrace::security

#include "runtime/group/scram_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "millrace/errors.h"

namespace millrace::group {
namespace {

using security::SaslMechanism;
using security::SecretText;
using ::testing::HasSubstr;
using ::testing::Not;

// RFC 7677, section 3.
constexpr const char* kNonce = "rOprNGfwEbeRWgbNEkqO";
const std::string kServerFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

ScramClient client(SaslMechanism mechanism = SaslMechanism::ScramSha256,
                   const char* user = "user") {
  return {mechanism, user, SecretText(std::string_view("pencil")), kNonce};
}

template <class Call>
std::string failure(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Authentication);
    return error.what();
  }
  return "none";
}

TEST(ScramClientTest, FollowsTheExampleOfItsStandard) {
  ScramClient scram = client();
  EXPECT_EQ(scram.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  EXPECT_EQ(scram.final_of(kServerFirst),
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_NO_THROW(scram.verify("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
  EXPECT_THAT(failure([&] { scram.verify("v=AAAA"); }), HasSubstr("signature is wrong"));
  EXPECT_THAT(failure([&] { scram.verify("e=invalid-proof"); }), HasSubstr("invalid-proof"));
}

TEST(ScramClientTest, NamesAreEscaped) {
  EXPECT_EQ(client(SaslMechanism::ScramSha512, "a=b,c").first(),
            "n,,n=a=3Db=2Cc,r=rOprNGfwEbeRWgbNEkqO");
}

TEST(ScramClientTest, AServerThatCannotBeTrustedIsRefused) {
  const auto refused = [](const std::string& first) {
    return failure([&] { client().final_of(first); });
  };
  EXPECT_THAT(refused("r=other,s=QQ==,i=4096"), HasSubstr("nonce"));
  EXPECT_THAT(refused("r=rOprNGfwEbeRWgbNEkqO,s=QQ==,i=4096"), HasSubstr("nonce"));
  EXPECT_THAT(refused("r=rOprNGfwEbeRWgbNEkqOx,s=!,i=4096"), HasSubstr("salt"));
  EXPECT_THAT(refused("r=rOprNGfwEbeRWgbNEkqOx,s=QQ==,i=4095"), HasSubstr("4095 iterations"));
  EXPECT_THAT(refused("r=rOprNGfwEbeRWgbNEkqOx,s=QQ==,i=99999999"), HasSubstr("iterations"));
  EXPECT_THAT(refused("r=rOprNGfwEbeRWgbNEkqOx,s=QQ==,i="), HasSubstr("unreadable"));
  EXPECT_THAT(refused("e=unknown-user"), HasSubstr("unknown-user"));
  EXPECT_THAT(refused(""), Not(HasSubstr("pencil")));
}

TEST(ScramClientTest, NoncesDiffer) {
  EXPECT_NE(ScramClient::random_nonce(), ScramClient::random_nonce());
  EXPECT_EQ(ScramClient::random_nonce().find(','), std::string::npos);
}

TEST(ScramClientTest, AVerificationNeedsItsExchange) {
  EXPECT_THAT(failure([] { client().verify("v="); }), HasSubstr("signature is wrong"));
}

}  // namespace
}  // namespace millrace::group

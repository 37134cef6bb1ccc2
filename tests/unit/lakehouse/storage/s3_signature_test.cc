// Against the vectors that AWS publishes: its Signature Version 4 test suite, and the examples of
// S3's manual.

#include "connectors/lakehouse/storage/s3_signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::lakehouse {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr int64_t kSuiteTime = 1'440'938'160'000;   // 2015-08-30T12:36:00Z
constexpr int64_t kManualTime = 1'369'353'600'000;  // 2013-05-24T00:00:00Z

std::string header(const std::vector<std::pair<std::string, std::string>>& headers,
                   const std::string& name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

std::string of_suite(SignedRequest request, const std::string& body = "") {
  request.host = "example.amazonaws.com";
  const S3Credentials credentials{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
  return header(
      signature_headers(request, sha256_hex(body), credentials, "us-east-1", "service", kSuiteTime),
      "Authorization");
}

std::string of_manual(SignedRequest request, const std::string& body = "") {
  request.host = "examplebucket.s3.amazonaws.com";
  request.headers.emplace_back("x-amz-content-sha256", sha256_hex(body));
  const S3Credentials credentials{"AKIAIOSFODNN7EXAMPLE",
                                  "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
  return header(
      signature_headers(request, sha256_hex(body), credentials, "us-east-1", "s3", kManualTime),
      "Authorization");
}

TEST(S3Signature, IsThatOfTheTestSuite) {
  EXPECT_EQ(of_suite({"GET", "", "/"}),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,"
            "SignedHeaders=host;x-amz-date,"
            "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  EXPECT_THAT(of_suite({"POST", "", "/"}),
              EndsWith("5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"));
  EXPECT_THAT(of_suite({"GET", "", "/%E1%88%B4"}),
              EndsWith("8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"));
}

TEST(S3Signature, ParametersAreOrdered) {
  EXPECT_THAT(of_suite({"GET", "", "/", {{"Param2", "value2"}, {"Param1", "value1"}}}),
              EndsWith("b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"));
}

TEST(S3Signature, ValuesOfHeadersAreTrimmed) {
  const std::string text =
      of_suite({"GET", "", "/", {}, {{"My-Header1", " value1"}, {"My-Header2", "\"a   b   c\""}}});
  EXPECT_THAT(text, HasSubstr("SignedHeaders=host;my-header1;my-header2;x-amz-date,"));
  EXPECT_THAT(text, EndsWith("acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"));
}

TEST(S3Signature, TheBodyIsSigned) {
  EXPECT_THAT(
      of_suite({"POST", "", "/", {}, {{"Content-Type", "application/x-www-form-urlencoded"}}},
               "Param1=value1"),
      EndsWith("ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"));
}

TEST(S3Signature, IsThatOfTheManual) {
  EXPECT_THAT(of_manual({"GET", "", "/test.txt", {}, {{"Range", "bytes=0-9"}}}),
              EndsWith("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"));
  EXPECT_THAT(of_manual({"PUT",
                         "",
                         "/test%24file.text",
                         {},
                         {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                          {"x-amz-storage-class", "REDUCED_REDUNDANCY"}}},
                        "Welcome to Amazon S3."),
              EndsWith("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
  EXPECT_THAT(of_manual({"GET", "", "/", {{"lifecycle", ""}}}),
              EndsWith("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
  EXPECT_THAT(of_manual({"GET", "", "/", {{"max-keys", "2"}, {"prefix", "J"}}}),
              EndsWith("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

TEST(S3Signature, TheSessionTokenIsSentAndSigned) {
  const S3Credentials credentials{"id", "secret", "token"};
  const auto headers = signature_headers({"GET", "host", "/"}, sha256_hex(""), credentials,
                                         "us-east-1", "s3", kManualTime);
  EXPECT_EQ(header(headers, "x-amz-security-token"), "token");
  EXPECT_EQ(header(headers, "x-amz-date"), "20130524T000000Z");
  EXPECT_THAT(header(headers, "Authorization"),
              HasSubstr("SignedHeaders=host;x-amz-date;x-amz-security-token,"));
}

}  // namespace
}  // namespace millrace::lakehouse

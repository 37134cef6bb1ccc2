#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "millrace/errors.h"
#include "runtime/security/jaas.h"
#include "runtime/security/pem.h"

namespace millrace::security {
namespace {

Properties options(const char* text) { return parse_jaas(text).options; }

TEST(Jaas, ModuleAndOptions) {
  const JaasEntry entry = parse_jaas(R"(a.B required user = "x y" pass='q';)");
  EXPECT_EQ(entry.module, "a.B");
  EXPECT_EQ(entry.options, (Properties{{"user", "x y"}, {"pass", "q"}}));
  EXPECT_TRUE(entry.warnings.empty());
}

TEST(Jaas, QuotesAndEscapes) {
  EXPECT_EQ(options(R"(a.B required k="\"\\\101\n\q";)"), (Properties{{"k", "\"\\A\nq"}}));
  EXPECT_EQ(options(R"(a.B required k="//not /* a comment */";)"),
            (Properties{{"k", "//not /* a comment */"}}));
  EXPECT_EQ(options(R"(a.B required k="";)"), (Properties{{"k", ""}}));
  EXPECT_EQ(parse_jaas(R"("a.B" OPTIONAL;)").module, "a.B");
  // An octal escape ends at 0377: the fourth digit is text.
  EXPECT_EQ(options(R"(a.B required k="\1012";)"), (Properties{{"k", "A2"}}));
}

TEST(Jaas, CommentsAndLines) {
  EXPECT_EQ(options("a.B // first\n required /* two\n lines */ k=v;"), (Properties{{"k", "v"}}));
}

TEST(Jaas, UnquotedValuesThatJavaRefusesAreTakenAsTheyAre) {
  EXPECT_EQ(options("a.B required password=12345 at=u@h;"),
            (Properties{{"at", "u@h"}, {"password", "12345"}}));
}

TEST(Jaas, AMissingSemicolonIsNoted) {
  EXPECT_THAT(parse_jaas("a.B required k=v").warnings, testing::ElementsAre(testing::HasSubstr("`;`")));
}

TEST(Jaas, Refused) {
  for (const char* text : {"", "  ", "a.B", "a.B ;", "a.B needed k=v;", "a.B required k;",
                           "a.B required k=;", "a.B required =v;", "a.B required k=v; c.D required;"}) {
    EXPECT_THROW(parse_jaas(text), ConfigException) << text;
  }
}

TEST(Pem, OneLineIsWrappedAsOpenSslReadsIt) {
  const std::string body(70, 'A');
  EXPECT_EQ(rewrap_pem("-----BEGIN CERTIFICATE----- " + body + " -----END CERTIFICATE-----", "k"),
            "-----BEGIN CERTIFICATE-----\n" + body.substr(0, 64) + "\n" + body.substr(64) +
                "\n-----END CERTIFICATE-----\n");
}

TEST(Pem, SeveralBlocksAndTextBetween) {
  EXPECT_EQ(rewrap_pem("x -----BEGIN A-----\nQQ==\n-----END A-----\ny-----BEGIN B-----Qg== "
                       "-----END B-----",
                       "k"),
            "-----BEGIN A-----\nQQ==\n-----END A-----\n-----BEGIN B-----\nQg==\n-----END B-----\n");
}

TEST(Pem, HeadersOfOldKeysStay) {
  const std::string text =
      "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nQQ==\n-----END RSA PRIVATE "
      "KEY-----\n";
  EXPECT_EQ(rewrap_pem(text, "k"), text);
}

TEST(Pem, RefusedWithTheKeysName) {
  for (const char* text : {"junk", "-----BEGIN A----- QQ==", "-----BEGIN A"}) {
    try {
      rewrap_pem(text, "ssl.keystore.key");
      ADD_FAILURE() << text;
    } catch (const ConfigException& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("ssl.keystore.key"));
    }
  }
}

}  // namespace
}  // namespace millrace::security

// Stores as the openssl program makes them, and text that is no store.

#include "store_support.h"

namespace millrace::security {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string kWord = "store-word";
const std::string kWide = "wörd-€";

class OpensslStores : public testing::Test {
 protected:
  void run(const std::string& arguments) {
    const std::string command =
        "cd '" + folder_.path().string() + "' && openssl " + arguments + " 2> log";
    ASSERT_EQ(std::system(command.c_str()), 0) << command << read_text(folder_ / "log");
  }
  /// key.pem (PKCS#8) and cert.pem, signed by itself.
  void make_pair(const std::string& kind = "ec -pkeyopt ec_paramgen_curve:P-256") {
    run("req -x509 -newkey " + kind + " -nodes -keyout key.pem -out cert.pem -days 30 -subj /CN=a");
  }
  std::string pem(const char* name) { return read_text(folder_ / name); }
  StoreSource store(const char* name, std::optional<std::string> password = {},
                    std::optional<std::string> key_password = {}) {
    return source(folder_ / name, std::move(password), std::move(key_password));
  }
  TemporaryFolder folder_;
};

TEST_F(OpensslStores, Pkcs12OfEachAge) {
  make_pair();
  for (const char* age : {"", "-legacy", "-certpbe NONE", "-nomac",
                          "-certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1"}) {
    SCOPED_TRACE(age);
    run("pkcs12 -export " + std::string(age) +
        " -inkey key.pem -in cert.pem -out a.p12 -passout pass:'" + kWide + "'");
    const KeyMaterial material = read_key_store(store("a.p12", kWide));
    EXPECT_EQ(material.chain_pem, pem("cert.pem"));
    expect_pair(material);
    EXPECT_THAT(key_refusal(store("a.p12", "wr0ng")),
                AllOf(HasSubstr("a.p12"), HasSubstr("ssl.keystore.password"),
                      Not(HasSubstr("wr0ng")))) << age;
  }
}

TEST_F(OpensslStores, Pkcs12WithAnEmptyPasswordAndTrustWithoutJavasMarks) {
  make_pair();
  run("pkcs12 -export -nokeys -in cert.pem -out t.p12 -passout pass:");
  EXPECT_EQ(read_trust_store(store("t.p12")).certificates_pem, pem("cert.pem"));
  EXPECT_THAT(key_refusal(store("t.p12")), HasSubstr("holds no private key"));
}

TEST_F(OpensslStores, PemKeysOfAllForms) {
  for (const char* kind : {"rsa:2048", "ec -pkeyopt ec_paramgen_curve:P-256", "ed25519"}) {
    SCOPED_TRACE(kind);
    make_pair(kind);
    run("pkcs8 -topk8 -in key.pem -out sealed.pem -v2 aes-256-cbc -passout pass:" + kWord);
    run("pkcs8 -topk8 -in key.pem -out old.pem -v1 PBE-SHA1-3DES -passout pass:" + kWord);
    for (const char* name : {"key.pem", "sealed.pem", "old.pem"}) {
      write_text(folder_ / "both.pem", "junk before\n" + pem(name) + "between\n" + pem("cert.pem"));
      const KeyMaterial material = read_key_store(store("both.pem", std::nullopt, kWord));
      EXPECT_EQ(material.chain_pem, pem("cert.pem"));
      expect_pair(material);
    }
    EXPECT_THAT(key_refusal(store("both.pem", std::nullopt, "wr0ng")),
                AllOf(HasSubstr("check ssl.key.password"), Not(HasSubstr("wr0ng"))));
    EXPECT_THAT(key_refusal(store("both.pem")), HasSubstr("but none is set"));
  }
}

TEST_F(OpensslStores, PemKeysOfTheOldFormWithACipherInTheHeader) {
  make_pair("rsa:2048");
  run("rsa -in key.pem -traditional -aes128 -out old.pem -passout pass:" + kWord);
  write_text(folder_ / "both.pem", pem("old.pem") + pem("cert.pem"));
  expect_pair(read_key_store(store("both.pem", std::nullopt, kWord)));
  EXPECT_THAT(key_refusal(store("both.pem", std::nullopt, "wr0ng")), HasSubstr("ssl.key.password"));
  EXPECT_THAT(key_refusal(store("both.pem")), HasSubstr("but none is set"));
}

TEST_F(OpensslStores, PemInSettingsOnOneLine) {
  make_pair();
  const auto flat = [this](const char* name) {
    std::string text = pem(name);
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
  };
  EXPECT_EQ(read_trust_pem(flat("cert.pem"), "t").certificates_pem, pem("cert.pem"));
  expect_pair(read_key_pem(flat("key.pem"), "k", flat("cert.pem"), "c", std::nullopt, "p"));
  const auto refused = [&](const std::string& key, const std::string& chain) {
    return refusal_of([&] { read_key_pem(key, "k.k", chain, "c.c", std::nullopt, "p.p"); });
  };
  EXPECT_THAT(refused(flat("key.pem"), flat("key.pem")), HasSubstr("c.c: it holds no certificate"));
  EXPECT_THAT(refused(flat("cert.pem"), flat("cert.pem")), HasSubstr("k.k: it holds no private"));
  EXPECT_THAT(refused("junk", flat("cert.pem")), HasSubstr("k.k: no PEM block"));
}

TEST_F(OpensslStores, AKeyThatDoesNotFitItsCertificateIsRefused) {
  make_pair();
  write_text(folder_ / "both.pem", pem("key.pem"));
  make_pair();
  write_text(folder_ / "both.pem", pem("both.pem") + pem("cert.pem"));
  EXPECT_THAT(key_refusal(store("both.pem")), HasSubstr("no certificate that fits"));
}

TEST_F(OpensslStores, DamagedFilesAreRefusedInWords) {
  make_pair();
  run("pkcs12 -export -nomac -keypbe NONE -certpbe NONE -inkey key.pem -in cert.pem -out open.p12 "
      "-passout pass:");
  run("pkcs12 -export -inkey key.pem -in cert.pem -out a.p12 -passout pass:" + kWord);
  write_text(folder_ / "both.pem", pem("key.pem") + pem("cert.pem"));
  expect_pair(read_key_store(store("open.p12")));
  expect_robust(pem("open.p12"), store("d1"), 450);
  expect_robust(pem("a.p12"), store("d2", kWord), 40);
  expect_robust(pem("both.pem"), store("d3"), 200);
}

TEST_F(OpensslStores, WhatIsNoStoreIsNamed) {
  EXPECT_THAT(trust_refusal(store("none.jks")), HasSubstr("none.jks: No such file"));
  EXPECT_THAT(trust_refusal(store(".")), HasSubstr("it is not a file"));
  write_text(folder_ / "empty", "");
  EXPECT_THAT(trust_refusal(store("empty")), HasSubstr("the file is empty"));
  write_text(folder_ / "text", "password=secret-in-text\n");
  EXPECT_THAT(trust_refusal(store("text")),
              AllOf(HasSubstr("none of PEM, PKCS12 and JKS"), Not(HasSubstr("secret-in-text"))));
  write_text(folder_ / "large", "");
  std::filesystem::resize_file(folder_ / "large", kMaxStoreBytes + 1);
  EXPECT_THAT(trust_refusal(store("large")), HasSubstr("larger than"));
  write_text(folder_ / "jks", std::string("\xFE\xED\xFE\xED\0\0\0\2", 8));
  EXPECT_THAT(trust_refusal(store("jks")), HasSubstr("ends too early"));
}

}  // namespace
}  // namespace millrace::security

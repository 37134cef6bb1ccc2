// Stores as the JDK makes them (Stores.java). One test for all, because starting a JDK takes long.

#include "store_support.h"

namespace millrace::security {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string kStore = "store-word";
const std::string kKey = "key-word-1";
const std::string kWide = "wörd-€-😀";

class JavaStores : public testing::Test {
 protected:
  JavaStores() {
    const std::string command =
        "java -Xshare:auto -XX:TieredStopAtLevel=1 --add-exports "
        "java.base/sun.security.tools.keytool=ALL-UNNAMED '" MILLRACE_STORES "' '" +
        folder_.path().string() + "' > '" + (folder_ / "log").string() + "' 2>&1";
    if (std::system(command.c_str()) != 0) throw std::runtime_error(read_text(folder_ / "log"));
  }

  std::string pem(const char* name) { return read_text(folder_ / name); }
  StoreSource store(const char* name, std::optional<std::string> password = kStore,
                    std::optional<std::string> key_password = {}) {
    return source(folder_ / name, std::move(password), std::move(key_password));
  }

  void read_keys();
  void read_trust();
  void refuse_wrong_passwords();
  void refuse_what_cannot_work();
  void survive_damage();

  TemporaryFolder folder_;
};

void JavaStores::read_keys() {
  const std::string jks_chain = pem("key.jks.server.pem") + pem("key.jks.ca.pem");
  const std::string p12_chain = pem("key.p12.server.pem") + pem("key.p12.ca.pem");
  const struct {
    StoreSource from;
    std::string chain;
  } rows[] = {
      {store("key.jks", kStore, kKey), jks_chain},
      {store("key.jks", std::nullopt, kKey), jks_chain},
      {store("key.p12"), p12_chain},
      {store("key.p12", kStore, kStore), p12_chain},
      {store("wide.jks", kWide), jks_chain},
      {store("old.p12"), jks_chain},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.from.path);
    const KeyMaterial material = read_key_store(row.from);
    EXPECT_EQ(material.chain_pem, row.chain);
    expect_pair(material);
    EXPECT_THAT(material.warnings, IsEmpty());
  }
  for (const char* name : {"several.jks", "several.p12"}) {
    const KeyMaterial material = read_key_store(store(name));
    EXPECT_EQ(material.chain_pem, jks_chain);
    expect_pair(material);
    EXPECT_THAT(material.warnings, ElementsAre(HasSubstr(name)));
  }
}

void JavaStores::read_trust() {
  const std::string ca = pem("key.jks.ca.pem");
  const std::string other = pem("key.p12.ca.pem");
  for (const char* name : {"trust.jks", "trust.pkcs12", "trust.jceks"}) {
    SCOPED_TRACE(name);
    const std::string text = read_trust_store(store(name)).certificates_pem;
    EXPECT_TRUE(text == ca + other || text == other + ca) << text;
  }
  EXPECT_EQ(read_trust_store(store("old-trust.p12")).certificates_pem, ca);
  EXPECT_EQ(read_trust_store(store("open-trust.p12", std::nullopt)).certificates_pem, ca);
  // JKS certificates are readable without the password, as in Java.
  EXPECT_EQ(read_trust_store(store("trust.jks", std::nullopt)).certificates_pem.size(),
            (ca + other).size());
  // Of a key entry Java trusts the leaf, and not the CA that signed it.
  const std::string leaf = pem("key.jks.server.pem");
  EXPECT_EQ(read_trust_store(store("key.jks")).certificates_pem, leaf);
  EXPECT_EQ(read_trust_store(store("key.jceks")).certificates_pem, leaf);
  EXPECT_EQ(read_trust_store(store("several.p12")).certificates_pem, other + leaf);
}

void JavaStores::refuse_wrong_passwords() {
  const std::string wrong = "wr0ng-word";
  for (const char* name : {"key.jks", "key.p12", "old.p12", "trust.jks", "trust.pkcs12",
                           "trust.jceks"}) {
    for (const std::string& text :
         {key_refusal(store(name, wrong)), trust_refusal(store(name, wrong))}) {
      EXPECT_THAT(text, AllOf(HasSubstr(name), HasSubstr("the password is wrong"),
                              HasSubstr("check ssl.keystore.password"), Not(HasSubstr(wrong))));
    }
  }
  EXPECT_THAT(key_refusal(store("key.jks")),
              AllOf(HasSubstr("key 'server'"), HasSubstr("check ssl.key.password"),
                    Not(HasSubstr(kStore))));
  for (const char* name : {"trust.pkcs12", "key.p12"}) {
    EXPECT_THAT(trust_refusal(store(name, std::nullopt)), HasSubstr("but none is set"));
  }
}

void JavaStores::refuse_what_cannot_work() {
  EXPECT_THAT(key_refusal(store("trust.jks")), HasSubstr("holds no private key"));
  EXPECT_THAT(key_refusal(store("trust.pkcs12")), HasSubstr("holds no private key"));
  EXPECT_THAT(trust_refusal(store("empty.jks")), HasSubstr("holds no trusted certificate"));
  EXPECT_THAT(key_refusal(store("key.jceks")), HasSubstr("-deststoretype PKCS12"));
  EXPECT_THAT(trust_refusal(store("secret.jceks")), HasSubstr("secret keys are not supported"));
}

void JavaStores::survive_damage() {
  const struct {
    const char* name;
    std::optional<std::string> password;
    int tries;
  } rows[] = {{"key.jks", kStore, 90},      {"several.jks", std::nullopt, 600},
              {"trust.jceks", std::nullopt, 400}, {"trust.pkcs12", kStore, 30},
              {"old.p12", kStore, 30},      {"open-trust.p12", std::nullopt, 400}};
  for (const auto& row : rows) {
    const std::string bytes = read_text(folder_ / row.name);
    expect_robust(bytes, source(folder_ / "damaged", row.password), row.tries);
  }
}

TEST_F(JavaStores, AreReadOrRefusedInWords) {
  read_keys();
  read_trust();
  refuse_wrong_passwords();
  refuse_what_cannot_work();
  survive_damage();
}

}  // namespace
}  // namespace millrace::security

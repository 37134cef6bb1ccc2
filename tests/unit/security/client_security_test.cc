#include "runtime/security/client_security.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "millrace/errors.h"

namespace millrace::security {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string kModules = "org.apache.kafka.common.security.";
const std::string kOAuth = kModules + "oauthbearer.OAuthBearerLoginModule required ";

ClientSecurity sasl(const std::string& mechanism, const std::string& jaas, Properties more = {}) {
  more.insert({{"security.protocol", "SASL_PLAINTEXT"},
               {"sasl.mechanism", mechanism},
               {"sasl.jaas.config", jaas}});
  return parse_client_security(more);
}

std::string refused(const std::string& mechanism, const std::string& jaas, Properties more = {}) {
  try {
    sasl(mechanism, jaas, std::move(more));
  } catch (const ConfigException& error) {
    return error.what();
  }
  return {};
}

TEST(ClientSecurityTest, NothingIsSetByDefault) {
  const ClientSecurity client = parse_client_security({{"sasl.jaas.config", "junk"}});
  EXPECT_FALSE(client.tls);
  EXPECT_FALSE(client.sasl);
}

TEST(ClientSecurityTest, UsersAndPasswords) {
  const auto client = sasl(" scram-sha-512 ", kModules + R"(scram.ScramLoginModule required
      username="ann" password="a\"b";)");
  EXPECT_EQ(client.sasl_settings.mechanism, SaslMechanism::ScramSha512);
  EXPECT_EQ(client.sasl_settings.user_name, "ann");
  EXPECT_EQ(client.sasl_settings.password.value(), "a\"b");
  EXPECT_THAT(client.warnings, IsEmpty());
}

TEST(ClientSecurityTest, EveryKeyIsNamed) {
  for (const std::string_view key : client_security_keys()) EXPECT_FALSE(key.empty());
}

TEST(ClientSecurityTest, TlsVersionsNamesAndCiphers) {
  const auto tls = [](Properties java) {
    java["security.protocol"] = "ssl";
    return parse_client_security(java);
  };
  TlsSettings settings = tls({}).tls_settings;
  EXPECT_TRUE(settings.tls12 && settings.tls13 && settings.check_host_name);
  settings = tls({{"ssl.enabled.protocols", "TLSv1.1, TLSv1.2"}}).tls_settings;
  EXPECT_TRUE(settings.tls12 && !settings.tls13);
  for (const char* none : {"", "\"\"", " none "}) {
    EXPECT_FALSE(tls({{"ssl.endpoint.identification.algorithm", none}}).tls_settings.check_host_name);
  }
  settings = tls({{"ssl.cipher.suites",
                   "TLS_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,"
                   "SSL_RSA_WITH_AES_128_CBC_SHA"}})
                 .tls_settings;
  EXPECT_EQ(settings.ciphers, "ECDHE-RSA-AES256-GCM-SHA384:AES128-SHA");
  EXPECT_EQ(settings.cipher_suites, "TLS_AES_128_GCM_SHA256");
  EXPECT_THROW(tls({{"ssl.cipher.suites", "SSL_NONE_OF_THESE"}}), ConfigException);
  const std::unique_ptr<SSL_CTX, OpenSslDeleter<SSL_CTX_free>> context(
      SSL_CTX_new(TLS_client_method()));
  EXPECT_NO_THROW(apply_to_client(settings, context.get()));
}

TEST(ClientSecurityTest, UnsecuredTokens) {
  const auto client = sasl("OAUTHBEARER", kOAuth + R"(unsecuredLoginStringClaim_sub="ann"
      unsecuredLoginListClaim_scope="|a|b" unsecuredLoginNumberClaim_n="1.5"
      unsecuredLoginLifetimeSeconds="60" unsecuredLoginExtension_k="v";)");
  const OAuthSettings& oauth = client.sasl_settings.oauth;
  EXPECT_EQ(oauth.extensions, (Properties{{"k", "v"}}));
  EXPECT_EQ(oauth.claims_json, R"({"n":1.5,"scope":["a","b"],"sub":"ann"})");
  const OAuthToken token = obtain_token(oauth);
  EXPECT_EQ(token.principal, "ann");
  EXPECT_TRUE(token.text.value().starts_with("eyJhbGciOiJub25lIn0."));
  EXPECT_TRUE(token.text.value().ends_with("."));
  EXPECT_THAT(refused("OAUTHBEARER", kOAuth + ";"), HasSubstr("unsecuredLoginStringClaim_sub"));
}

class TokenUrl : public testing::Test {
 protected:
  void allow(const std::string& url) {
    ::setenv("KAFKA_OPTS", ("-Xmx1g -Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=" + url).c_str(),
             1);
  }
  ~TokenUrl() override { ::unsetenv("KAFKA_OPTS"); }
  static constexpr const char* kUrl = "https://id.example/token";
};

TEST_F(TokenUrl, MustBeAllowedAsWithJava) {
  const Properties url{{"sasl.oauthbearer.token.endpoint.url", kUrl}};
  const std::string jaas = kOAuth + R"(clientId="me" clientSecret="s3cret" scope="x"
      extension_logicalCluster="lkc";)";
  EXPECT_THAT(refused("OAUTHBEARER", jaas, url),
              AllOf(HasSubstr("allowed.urls=" + std::string(kUrl)), Not(HasSubstr("s3cret"))));
  allow(std::string("http://other,") + kUrl);
  const OAuthSettings oauth = sasl("OAUTHBEARER", jaas, url).sasl_settings.oauth;
  EXPECT_EQ(oauth.source, OAuthSettings::Source::Endpoint);
  EXPECT_EQ(oauth.client_id, "me");
  EXPECT_EQ(oauth.client_secret.value(), "s3cret");
  EXPECT_EQ(oauth.scope, "x");
  EXPECT_EQ(oauth.extensions, (Properties{{"logicalCluster", "lkc"}}));
  EXPECT_THAT(refused("OAUTHBEARER", kOAuth + ";", url), HasSubstr("clientId"));
}

TEST_F(TokenUrl, FilesAreNamedByUrl) {
  allow("file:///run/token");
  const OAuthSettings oauth =
      sasl("OAUTHBEARER", kOAuth + ";",
           {{"sasl.oauthbearer.token.endpoint.url", "file:///run/token"}})
          .sasl_settings.oauth;
  EXPECT_EQ(oauth.source, OAuthSettings::Source::File);
  EXPECT_EQ(oauth.token_file, "/run/token");
}

TEST(ClientSecurityTest, KerberosTakesNothingThatAShellWouldRead) {
  const std::string module = "com.sun.security.auth.module.Krb5LoginModule required ";
  const Properties service{{"sasl.kerberos.service.name", "kafka"}};
  const auto client = sasl(
      "GSSAPI", module + "useKeyTab=true keyTab='/etc/c.keytab' principal='c@EXAMPLE.COM';",
      service);
  EXPECT_EQ(client.sasl_settings.kerberos.keytab, "/etc/c.keytab");
  EXPECT_EQ(client.sasl_settings.kerberos.relogin_ms, 60'000);
  EXPECT_EQ(sasl("GSSAPI", module + "useTicketCache=true;", service)
                .sasl_settings.kerberos.relogin_ms, 0);
  EXPECT_THAT(refused("GSSAPI", module + "keyTab='/k' principal='x; rm -rf /';", service),
              HasSubstr("option principal: only letters"));
  EXPECT_THAT(refused("GSSAPI", module + "keyTab='/k' principal='$(id)';", service),
              HasSubstr("principal"));
  EXPECT_THAT(refused("GSSAPI", module + ";"), HasSubstr("sasl.kerberos.service.name"));
  EXPECT_THAT(refused("GSSAPI", module + "serviceName='other';", service), HasSubstr("differ"));
}

TEST(ClientSecurityTest, JavaClassesAreRefused) {
  const std::string jaas = kModules + "plain.PlainLoginModule required username=u password=p;";
  EXPECT_THAT(refused("PLAIN", jaas, {{"sasl.login.callback.handler.class", "com.example.Mine"}}),
              HasSubstr("com.example.Mine: Java classes cannot be loaded"));
  EXPECT_THAT(refused("PLAIN", "com.example.Mine required;"), HasSubstr("PlainLoginModule"));
}

}  // namespace
}  // namespace millrace::security

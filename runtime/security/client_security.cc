#include "runtime/security/client_security.h"

#include <algorithm>
#include <array>

#include "millrace/errors.h"
#include "runtime/security/client_parts.h"

namespace millrace::security {

std::string_view name_of(SaslMechanism mechanism) noexcept {
  switch (mechanism) {
    case SaslMechanism::Plain: return "PLAIN";
    case SaslMechanism::ScramSha256: return "SCRAM-SHA-256";
    case SaslMechanism::ScramSha512: return "SCRAM-SHA-512";
    case SaslMechanism::OAuthBearer: return "OAUTHBEARER";
    default: return "GSSAPI";
  }
}

ClientSecurity parse_client_security(const Properties& java) {
  static constexpr std::array<std::string_view, 4> kProtocols = {"PLAINTEXT", "SSL",
                                                                 "SASL_PLAINTEXT", "SASL_SSL"};
  const SettingsReader reader(java);
  const std::string protocol = to_upper(reader.text_or("security.protocol", "PLAINTEXT"));
  if (std::find(kProtocols.begin(), kProtocols.end(), protocol) == kProtocols.end()) {
    throw ConfigException("Invalid value " + protocol +
                          " for configuration security.protocol: supported are PLAINTEXT, SSL, "
                          "SASL_PLAINTEXT and SASL_SSL");
  }
  ClientSecurity security;
  security.sasl = protocol.starts_with("SASL_");
  security.tls = protocol.ends_with("SSL");
  if (security.sasl) security.sasl_settings = parse_sasl(reader, security.warnings);
  if (security.tls) security.tls_settings = parse_tls(reader, security.warnings);
  return security;
}

std::span<const std::string_view> client_security_keys() noexcept {
  static constexpr std::array<std::string_view, 59> kKeys = {
      "security.protocol", "sasl.mechanism", "sasl.jaas.config",
      "sasl.client.callback.handler.class", "sasl.login.class",
      "sasl.login.callback.handler.class", "sasl.login.connect.timeout.ms",
      "sasl.login.read.timeout.ms", "sasl.kerberos.service.name", "sasl.kerberos.kinit.cmd",
      "sasl.kerberos.min.time.before.relogin", "sasl.oauthbearer.token.endpoint.url",
      "sasl.oauthbearer.client.credentials.client.id",
      "sasl.oauthbearer.client.credentials.client.secret", "sasl.oauthbearer.scope",
      "sasl.oauthbearer.scope.claim.name", "sasl.oauthbearer.sub.claim.name",
      "sasl.oauthbearer.header.urlencode", "sasl.oauthbearer.jwt.retriever.class",
      "ssl.protocol", "ssl.enabled.protocols", "ssl.cipher.suites",
      "ssl.endpoint.identification.algorithm", "ssl.engine.factory.class", "ssl.key.password",
      "ssl.truststore.location", "ssl.truststore.password", "ssl.truststore.type",
      "ssl.truststore.certificates", "ssl.keystore.location", "ssl.keystore.password",
      "ssl.keystore.type", "ssl.keystore.key", "ssl.keystore.certificate.chain",
      // Without a meaning for this client.
      "security.providers", "ssl.provider", "ssl.secure.random.implementation",
      "ssl.keymanager.algorithm", "ssl.trustmanager.algorithm",
      "sasl.kerberos.ticket.renew.jitter", "sasl.kerberos.ticket.renew.window.factor",
      "sasl.login.refresh.buffer.seconds", "sasl.login.refresh.min.period.seconds",
      "sasl.login.refresh.window.factor", "sasl.login.refresh.window.jitter",
      "sasl.login.retry.backoff.ms", "sasl.login.retry.backoff.max.ms",
      "sasl.oauthbearer.clock.skew.seconds", "sasl.oauthbearer.expected.audience",
      "sasl.oauthbearer.expected.issuer", "sasl.oauthbearer.jwks.endpoint.url",
      "sasl.oauthbearer.jwks.endpoint.refresh.ms", "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms",
      "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms",
      "sasl.oauthbearer.jwt.validator.class", "sasl.mechanism.inter.broker.protocol",
      "sasl.enabled.mechanisms", "ssl.client.auth", "ssl.allow.dn.changes"};
  return kKeys;
}

}  // namespace millrace::security

// A client's security (runtime/security/) in librdkafka's settings.

#include "runtime/broker/kafka/client_translator.h"
#include "runtime/security/client_security.h"

namespace millrace::kafka {
namespace {

using security::ClientSecurity;
using security::SaslMechanism;

const char* protocol_of(const ClientSecurity& client) {
  if (client.sasl) return client.tls ? "sasl_ssl" : "sasl_plaintext";
  return client.tls ? "ssl" : "plaintext";
}

void set_tls(Translator& t, const security::TlsSettings& tls) {
  t.set("ssl.endpoint.identification.algorithm",
        std::string(tls.check_host_name ? "https" : "none"));
  // Versions and suites of TLS 1.3 have no setting in the library.
  if (!tls.tls12 || !tls.tls13) {
    t.warn("ssl.enabled.protocols: the native client negotiates the best of TLSv1.2 and TLSv1.3");
  }
  if (!tls.ciphers.empty()) t.set("ssl.cipher.suites", tls.ciphers);
  if (!tls.cipher_suites.empty() && tls.ciphers.empty()) {
    t.warn("ssl.cipher.suites: suites of TLS 1.3 cannot be chosen in the native client");
  }
  // Texts and not paths, so that every kind of store goes one way, and a store whose file is
  // replaced meanwhile cannot break a client that is being made.
  if (!tls.trusted_pem.empty()) t.set("ssl.ca.pem", tls.trusted_pem);
  if (!tls.chain_pem.empty()) {
    t.set("ssl.certificate.pem", tls.chain_pem);
    t.set("ssl.key.pem", tls.key_pem.value());
  }
}

void set_kerberos(Translator& t, const security::KerberosSettings& kerberos) {
  t.set("sasl.kerberos.service.name", kerberos.service_name);
  t.set("sasl.kerberos.min.time.before.relogin", kerberos.relogin_ms);
  if (!kerberos.principal.empty()) t.set("sasl.kerberos.principal", kerberos.principal);
  if (kerberos.keytab.empty()) return;
  t.set("sasl.kerberos.keytab", kerberos.keytab);
  const std::string kinit = kerberos.kinit.empty() ? "kinit" : kerberos.kinit;
  t.set("sasl.kerberos.kinit.cmd", kinit + " -t \"%{sasl.kerberos.keytab}\" -k "
                                   "\"%{sasl.kerberos.principal}\"");
}

void set_sasl(Translator& t, security::SaslSettings sasl) {
  t.set("sasl.mechanism", std::string(name_of(sasl.mechanism)));
  if (sasl.mechanism == SaslMechanism::Gssapi) {
    set_kerberos(t, sasl.kerberos);
  } else if (sasl.mechanism == SaslMechanism::OAuthBearer) {
    t.out().oauth = std::make_shared<security::OAuthSettings>(std::move(sasl.oauth));
  } else {
    t.set("sasl.username", sasl.user_name);
    t.set("sasl.password", sasl.password.value());
  }
}

}  // namespace

void translate_security(Translator& t) {
  for (const std::string_view key : security::client_security_keys()) t.get(std::string(key));
  ClientSecurity client = security::parse_client_security(t.java());
  for (std::string& warning : client.warnings) t.warn(std::move(warning));
  t.set("security.protocol", std::string(protocol_of(client)));
  if (client.tls) set_tls(t, client.tls_settings);
  if (client.sasl) set_sasl(t, std::move(client.sasl_settings));
}

}  // namespace millrace::kafka

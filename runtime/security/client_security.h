#pragma once
// How a Kafka client proves who it is and whom it trusts: Java's client settings, read once. The
// translation to librdkafka and connections of our own both start from this value, so that no
// setting has two meanings (kafka-clients.md §3.5 - §4).
//
// The settings are those of one client without a prefix. Which prefixes apply is decided before:
// client_layers.h for producers and consumers (nothing is inherited), the unprefixed settings of the
// worker for its group, internal topics and admin clients.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/properties.h"
#include "runtime/security/oauth.h"
#include "runtime/security/secret.h"
#include "runtime/security/tls_settings.h"

namespace millrace::security {

enum class SaslMechanism : uint8_t { Plain, ScramSha256, ScramSha512, OAuthBearer, Gssapi };

/// As the broker knows it, e.g. `SCRAM-SHA-256`.
std::string_view name_of(SaslMechanism mechanism) noexcept;

/// Kerberos; empty texts are not set. Names and paths hold only `A-Za-z0-9._/@-`, because the
/// client library passes them through a shell.
struct KerberosSettings {
  std::string service_name;
  std::string principal;
  std::string keytab;
  std::string kinit;         // path of the program
  int64_t relogin_ms = 60'000;  // 0: tickets come from an existing cache
};

struct SaslSettings {
  SaslMechanism mechanism = SaslMechanism::Plain;
  std::string user_name;  // PLAIN, SCRAM
  SecretText password;
  OAuthSettings oauth;
  KerberosSettings kerberos;
};

struct ClientSecurity {
  bool tls = false;   // SSL, SASL_SSL
  bool sasl = false;  // SASL_PLAINTEXT, SASL_SSL
  TlsSettings tls_settings;    // when tls
  SaslSettings sasl_settings;  // when sasl
  std::vector<std::string> warnings;  // without secrets
};

/// Reads `security.protocol` and what it asks for; values are trimmed. Reads store files. Throws
/// ConfigException that names the setting and holds no secret.
ClientSecurity parse_client_security(const Properties& java);

/// Every setting that is looked at; nothing but the protocol decides which of them matter.
std::span<const std::string_view> client_security_keys() noexcept;

}  // namespace millrace::security

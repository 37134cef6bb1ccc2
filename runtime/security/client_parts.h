#pragma once
// The parts of parse_client_security(), one file each.

#include "runtime/security/client_security.h"
#include "runtime/security/settings_reader.h"

namespace millrace::security {

using Warnings = std::vector<std::string>;

TlsSettings parse_tls(const SettingsReader& java, Warnings& warnings);
SaslSettings parse_sasl(const SettingsReader& java, Warnings& warnings);
OAuthSettings parse_oauth(const SettingsReader& java, const Properties& jaas, Warnings& warnings);
KerberosSettings parse_kerberos(const SettingsReader& java, const Properties& jaas);

}  // namespace millrace::security

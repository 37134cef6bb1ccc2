// Kerberos as far as the client library can do it: a key table or an existing ticket cache.

#include <algorithm>

#include "millrace/errors.h"
#include "millrace/text.h"
#include "runtime/security/client_parts.h"

namespace millrace::security {
namespace {

/// These reach a shell command of the client library.
void check_plain(const std::string& name, const std::string& value) {
  const bool plain = std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("._/@-").find(c) != std::string_view::npos;
  });
  if (!plain || value.starts_with('-')) {
    throw ConfigException(name + ": only letters, digits and ._/@- are allowed");
  }
}

std::string option(const Properties& jaas, const char* name) {
  const std::string* value = find(jaas, name);
  if (value == nullptr) return {};
  check_plain("sasl.jaas.config: option " + std::string(name), *value);
  return *value;
}

bool is_on(const Properties& jaas, const char* name) {
  const std::string* value = find(jaas, name);
  return value != nullptr && to_lower(*value) == "true";
}

}  // namespace

KerberosSettings parse_kerberos(const SettingsReader& java, const Properties& jaas) {
  KerberosSettings out;
  const std::string configured = java.text("sasl.kerberos.service.name");
  check_plain("sasl.kerberos.service.name", configured);
  out.service_name = option(jaas, "serviceName");
  if (!configured.empty() && !out.service_name.empty() && configured != out.service_name) {
    throw ConfigException("sasl.kerberos.service.name " + configured +
                          " and the option serviceName of sasl.jaas.config differ");
  }
  if (out.service_name.empty()) out.service_name = configured;
  if (out.service_name.empty()) {
    throw ConfigException("sasl.kerberos.service.name is not set, but sasl.mechanism is GSSAPI");
  }
  out.principal = option(jaas, "principal");
  out.keytab = option(jaas, "keyTab");
  out.kinit = java.text("sasl.kerberos.kinit.cmd");
  check_plain("sasl.kerberos.kinit.cmd", out.kinit);
  out.relogin_ms = java.number_or("sasl.kerberos.min.time.before.relogin", out.relogin_ms);
  if (is_on(jaas, "useTicketCache") || out.keytab.empty()) {
    out.relogin_ms = 0;  // whoever made the cache renews it
  } else if (out.principal.empty()) {
    throw ConfigException("sasl.jaas.config: Krb5LoginModule with keyTab needs principal too");
  }
  return out;
}

}  // namespace millrace::security

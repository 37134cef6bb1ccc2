// kafka-clients.md §3.5 and §3.6.

#include <algorithm>
#include <array>

#include "millrace/errors.h"
#include "millrace/text.h"
#include "runtime/security/client_parts.h"
#include "runtime/security/jaas.h"

namespace millrace::security {
namespace {

constexpr std::string_view kModules = "org.apache.kafka.common.security.";

struct Mechanism {
  SaslMechanism value;
  std::string_view login_module;  // the end of its class name
};

constexpr std::array<Mechanism, 5> kMechanisms = {{
    {SaslMechanism::Plain, "PlainLoginModule"},
    {SaslMechanism::ScramSha256, "ScramLoginModule"},
    {SaslMechanism::ScramSha512, "ScramLoginModule"},
    {SaslMechanism::OAuthBearer, "OAuthBearerLoginModule"},
    {SaslMechanism::Gssapi, "Krb5LoginModule"},
}};

const Mechanism& mechanism_named(const std::string& name) {
  for (const Mechanism& mechanism : kMechanisms) {
    if (name == name_of(mechanism.value)) return mechanism;
  }
  std::string text = "sasl.mechanism " + name +
                     " is not supported; supported are PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, "
                     "OAUTHBEARER and GSSAPI";
  if (name == "AWS_MSK_IAM") text += "; use SCRAM-SHA-512 or mutual TLS with MSK";
  throw ConfigException(text);
}

/// Kafka's own classes have counterparts here; others would be Java code to run.
void refuse_classes(const SettingsReader& java) {
  for (const char* key : {"sasl.client.callback.handler.class", "sasl.login.class",
                          "sasl.login.callback.handler.class"}) {
    const std::string name = java.text(key);
    if (!name.empty() && !name.starts_with(kModules)) {
      throw ConfigException(std::string(key) + " " + name + ": Java classes cannot be loaded; of "
                            "Kafka's own ones those under " + std::string(kModules) +
                            " have a counterpart");
    }
  }
}

void user_and_password(const JaasEntry& jaas, SaslSettings& out) {
  if (const std::string* token = find(jaas.options, "tokenauth");
      token != nullptr && to_lower(*token) == "true") {
    throw ConfigException("sasl.jaas.config: delegation tokens (tokenauth) are not supported");
  }
  const auto option = [&jaas](const char* name) {
    const std::string* value = find(jaas.options, name);
    if (value == nullptr) {
      throw ConfigException("sasl.jaas.config: " + jaas.module + " needs the option " + name);
    }
    return *value;
  };
  out.user_name = option("username");
  out.password = SecretText(option("password"));
}

}  // namespace

SaslSettings parse_sasl(const SettingsReader& java, Warnings& warnings) {
  const Mechanism& mechanism = mechanism_named(to_upper(java.text_or("sasl.mechanism", "GSSAPI")));
  refuse_classes(java);
  const std::string text = java.text("sasl.jaas.config");
  if (text.empty()) {
    throw ConfigException("sasl.jaas.config is not set, but security.protocol asks for SASL");
  }
  const JaasEntry jaas = parse_jaas(text);
  if (!jaas.module.ends_with(mechanism.login_module)) {
    throw ConfigException("sasl.jaas.config: login module " + jaas.module + " does not fit " +
                          "sasl.mechanism " + std::string(name_of(mechanism.value)) +
                          "; it needs " + std::string(mechanism.login_module));
  }
  warnings.insert(warnings.end(), jaas.warnings.begin(), jaas.warnings.end());
  SaslSettings settings;
  settings.mechanism = mechanism.value;
  switch (mechanism.value) {
    case SaslMechanism::OAuthBearer:
      settings.oauth = parse_oauth(java, jaas.options, warnings);
      break;
    case SaslMechanism::Gssapi: settings.kerberos = parse_kerberos(java, jaas.options); break;
    default: user_and_password(jaas, settings); break;
  }
  return settings;
}

}  // namespace millrace::security

// Settings of OAUTHBEARER (kafka-clients.md §3.5, §3.6).

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "millrace/errors.h"
#include "millrace/text.h"
#include "runtime/security/client_parts.h"

namespace millrace::security {
namespace {

constexpr std::string_view kAllowedUrls = "org.apache.kafka.sasl.oauthbearer.allowed.urls";
constexpr std::string_view kUrlKey = "sasl.oauthbearer.token.endpoint.url";

/// Java's guard against connector settings that make the worker read any file or call any host:
/// `-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=...` in KAFKA_OPTS, as its scripts take it.
bool is_allowed(const std::string& url) {
  const char* options = std::getenv("KAFKA_OPTS");
  const std::string text = options != nullptr ? options : "";
  const std::string flag = "-D" + std::string(kAllowedUrls) + "=";
  const size_t at = text.find(flag);
  if (at == std::string::npos) return false;
  const size_t begin = at + flag.size();
  const std::string list = text.substr(begin, text.find_first_of(" \t\n", begin) - begin);
  const auto urls = split_list(&list);
  return std::find(urls.begin(), urls.end(), url) != urls.end();
}

std::string option_or(const Properties& jaas, const char* name, std::string fallback) {
  const std::string* value = find(jaas, name);
  return value != nullptr && !value->empty() ? *value : fallback;
}

void parse_unsecured(const Properties& jaas, OAuthSettings& out) {
  constexpr std::string_view kPrefix = "unsecuredLogin";
  const auto options = with_prefix(jaas, kPrefix);
  nlohmann::json claims = nlohmann::json::object();
  for (const auto& [name, value] : with_prefix(options, "StringClaim_")) claims[name] = value;
  for (const auto& [name, value] : with_prefix(options, "NumberClaim_")) {
    double number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size()) {
      throw ConfigException("sasl.jaas.config: unsecuredLoginNumberClaim_" + name +
                            " is no number");
    }
    claims[name] = number;
  }
  for (const auto& [name, value] : with_prefix(options, "ListClaim_")) {
    // The first character, if it is no letter, separates: `|a|b`.
    std::vector<std::string> items;
    if (!value.empty()) {
      const char separator = value.front();
      for (size_t at = 0; at != std::string::npos && at < value.size();) {
        const size_t end = value.find(separator, at + 1);
        items.push_back(value.substr(at + 1, end == std::string::npos ? end : end - at - 1));
        at = end;
      }
    }
    claims[name] = items;
  }
  out.extensions = with_prefix(options, "Extension_");
  out.principal_claim = option_or(options, "PrincipalClaimName", "sub");
  out.scope_claim = option_or(options, "ScopeClaimName", "scope");
  const std::string lifetime = option_or(options, "LifetimeSeconds", "3600");
  const auto [end, error] = std::from_chars(lifetime.data(), lifetime.data() + lifetime.size(),
                                            out.lifetime_seconds);
  if (error != std::errc() || end != lifetime.data() + lifetime.size() ||
      out.lifetime_seconds <= 0) {
    throw ConfigException("sasl.jaas.config: unsecuredLoginLifetimeSeconds must be a number above "
                          "0");
  }
  const auto principal = claims.find(out.principal_claim);
  if (principal == claims.end() || !principal->is_string() || principal->empty()) {
    throw ConfigException("sasl.jaas.config: an unsecured token needs its principal: set "
                          "unsecuredLoginStringClaim_" + out.principal_claim +
                          ", or set " + std::string(kUrlKey) + " for tokens of an endpoint");
  }
  out.claims_json = claims.dump();
}

void parse_credentials(const SettingsReader& java, const Properties& jaas, OAuthSettings& out) {
  const auto pick = [&](const char* key, const char* option) {
    return java.text_or(key, option_or(jaas, option, ""));
  };
  out.client_id = pick("sasl.oauthbearer.client.credentials.client.id", "clientId");
  out.client_secret =
      SecretText(pick("sasl.oauthbearer.client.credentials.client.secret", "clientSecret"));
  out.scope = pick("sasl.oauthbearer.scope", "scope");
  if (out.client_id.empty() || out.client_secret.empty()) {
    throw ConfigException("OAUTHBEARER needs the options clientId and clientSecret of "
                          "sasl.jaas.config, or sasl.oauthbearer.client.credentials.client.id and "
                          ".secret");
  }
}

void parse_endpoint(const SettingsReader& java, const Properties& jaas, const std::string& url,
                    OAuthSettings& out, Warnings& warnings) {
  constexpr std::string_view kFile = "file:";
  if (url.starts_with(kFile)) {
    out.source = OAuthSettings::Source::File;
    out.token_file = url.substr(kFile.size());
    while (out.token_file.starts_with("//")) out.token_file.erase(0, 1);
    return;
  }
  if (!url.starts_with("https://") && !url.starts_with("http://")) {
    throw ConfigException(std::string(kUrlKey) + " must begin with https://, http:// or file:");
  }
  out.source = OAuthSettings::Source::Endpoint;
  out.url = url;
  parse_credentials(java, jaas, out);
  out.url_encode_header = to_lower(java.text("sasl.oauthbearer.header.urlencode")) == "true";
  out.connect_timeout_ms = java.number_or("sasl.login.connect.timeout.ms", out.connect_timeout_ms);
  out.read_timeout_ms = java.number_or("sasl.login.read.timeout.ms", out.read_timeout_ms);
  // The endpoint's trust store is given among the login module's options, as in Java.
  if (url.starts_with("https://")) out.tls = parse_tls(SettingsReader(jaas), warnings);
}

}  // namespace

OAuthSettings parse_oauth(const SettingsReader& java, const Properties& jaas, Warnings& warnings) {
  OAuthSettings out;
  const std::string retriever = java.text("sasl.oauthbearer.jwt.retriever.class");
  if (!retriever.empty() && !retriever.ends_with(".DefaultJwtRetriever") &&
      !retriever.ends_with(".ClientCredentialsJwtRetriever") &&
      !retriever.ends_with(".FileJwtRetriever")) {
    throw ConfigException("sasl.oauthbearer.jwt.retriever.class " + retriever +
                          " is not supported; leave it unset");
  }
  const std::string url = java.text(kUrlKey);
  if (url.empty()) {
    if (java.text("sasl.login.callback.handler.class").ends_with(
            ".OAuthBearerLoginCallbackHandler")) {
      throw ConfigException(std::string(kUrlKey) + " is not set, but the login callback handler "
                            "asks for an endpoint's tokens");
    }
    parse_unsecured(jaas, out);
    return out;
  }
  if (!is_allowed(url)) {
    throw ConfigException(std::string(kUrlKey) + " " + url + " is not allowed: list it in the "
                          "property " + std::string(kAllowedUrls) +
                          ", as with Java: KAFKA_OPTS=-D" + std::string(kAllowedUrls) + "=" + url);
  }
  out.extensions = with_prefix(jaas, "extension_");
  out.principal_claim = java.text_or("sasl.oauthbearer.sub.claim.name", "sub");
  out.scope_claim = java.text_or("sasl.oauthbearer.scope.claim.name", "scope");
  parse_endpoint(java, jaas, url, out, warnings);
  return out;
}

}  // namespace millrace::security

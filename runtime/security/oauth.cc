#include "runtime/security/oauth.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "millrace/base64.h"
#include "millrace/errors.h"
#include "millrace/text.h"
#include "runtime/core/atomic_file.h"
#include "runtime/security/http_post.h"
#include "runtime/security/settings_reader.h"

namespace millrace::security {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxTokenBytes = 1U << 20U;

std::string base64(std::string_view bytes) {
  std::string out;
  append_base64(out, {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  return out;
}

std::string base64_url(std::string_view bytes) {
  std::string out = base64(bytes);
  out.erase(std::find(out.begin(), out.end(), '='), out.end());
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  return out;
}

/// Throws without showing the token.
Json claims_of(std::string_view token, const std::string& where) {
  const size_t first = token.find('.');
  const size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second != std::string_view::npos) {
    std::string part(token.substr(first + 1, second - first - 1));
    std::replace(part.begin(), part.end(), '-', '+');
    std::replace(part.begin(), part.end(), '_', '/');
    part.append((4 - part.size() % 4) % 4, '=');
    std::string text;
    if (decode_base64(part, text)) {
      const Json claims = Json::parse(text, nullptr, false);
      if (claims.is_object()) return claims;
    }
  }
  throw KafkaException(where + ": what came is no JWT (three parts in base64, with claims in JSON)");
}

OAuthToken token_of(std::string text, const OAuthSettings& settings, const std::string& where) {
  const Json claims = claims_of(text, where);
  const auto principal = claims.find(settings.principal_claim);
  const auto expires = claims.find("exp");
  if (principal == claims.end() || !principal->is_string() ||
      principal->get<std::string>().empty()) {
    throw KafkaException(where + ": the token has no claim '" + settings.principal_claim +
                         "'; set sasl.oauthbearer.sub.claim.name to the claim that has the name");
  }
  constexpr double kMostSeconds = 1e11;
  if (expires == claims.end() || !expires->is_number() || expires->get<double>() < 0 ||
      expires->get<double>() > kMostSeconds) {
    throw KafkaException(where + ": the token does not say when it expires (claim 'exp')");
  }
  return {SecretText(std::move(text)), principal->get<std::string>(),
          static_cast<int64_t>(expires->get<double>() * 1000)};
}

OAuthToken unsecured(const OAuthSettings& settings) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const double seconds = std::chrono::duration<double>(now).count();
  Json claims = Json::parse(settings.claims_json);
  claims["iat"] = seconds;
  claims["exp"] = seconds + settings.lifetime_seconds;
  return token_of(base64_url(R"({"alg":"none"})") + "." + base64_url(claims.dump()) + ".", settings,
                  "making an unsecured token");
}

OAuthToken from_file(const OAuthSettings& settings) {
  const std::string where = "reading the token file " + settings.token_file;
  std::string text;
  if (!read_file(settings.token_file, text)) throw KafkaException(where + ": no such file");
  if (text.size() > kMaxTokenBytes) throw KafkaException(where + ": it is too large");
  return token_of(std::string(java_trim(text)), settings, where);
}

std::string url_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
        std::string_view(".-*_").find(c) != std::string_view::npos) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 15U];
    }
  }
  return out;
}

OAuthToken from_endpoint(const OAuthSettings& settings) {
  const std::string where = "getting a token from " + settings.url;
  const std::string& secret = settings.client_secret.value();
  const bool encode = settings.url_encode_header;
  HttpRequest request;
  request.url = settings.url;
  request.authorization = SecretText(
      "Basic " + base64((encode ? url_encoded(settings.client_id) : settings.client_id) + ":" +
                        (encode ? url_encoded(secret) : secret)));
  request.body = "grant_type=client_credentials";
  if (!settings.scope.empty()) request.body += "&scope=" + url_encoded(settings.scope);
  request.connect_timeout = std::chrono::milliseconds{settings.connect_timeout_ms};
  request.read_timeout = std::chrono::milliseconds{settings.read_timeout_ms};
  const HttpAnswer answer = post(request, settings.tls);
  if (answer.status != 200) {
    throw KafkaException(where + ": it answered with status " + std::to_string(answer.status) +
                         (answer.status == 400 || answer.status == 401
                              ? "; check client id, secret and scope"
                              : ""));
  }
  const Json body = Json::parse(answer.body, nullptr, false);
  for (const char* name : {"access_token", "id_token"}) {
    if (!body.is_object()) break;
    const auto token = body.find(name);
    if (token == body.end() || !token->is_string()) continue;
    if (token->get<std::string>().empty()) continue;
    return token_of(token->get<std::string>(), settings, where);
  }
  throw KafkaException(where + ": the answer holds no access_token");
}

}  // namespace

OAuthToken obtain_token(const OAuthSettings& settings) {
  switch (settings.source) {
    case OAuthSettings::Source::File: return from_file(settings);
    case OAuthSettings::Source::Endpoint: return from_endpoint(settings);
    default: return unsecured(settings);
  }
}

}  // namespace millrace::security

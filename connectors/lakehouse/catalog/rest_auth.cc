#include "connectors/lakehouse/catalog/rest_auth.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/http/url.h"
#include "millrace/base64.h"
#include "millrace/clock.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

constexpr size_t kMaxTokenAnswer = size_t{1} << 20;
constexpr const char* kBearer = "Bearer ";

std::string value_of(const Properties& settings, std::string_view key) {
  const std::string* value = find(settings, key);
  return value == nullptr ? "" : *value;
}

std::string basic(const std::string& user, const std::string& password) {
  const std::string pair = user + ":" + password;
  std::string text = "Basic ";
  append_base64(text, {reinterpret_cast<const uint8_t*>(pair.data()), pair.size()});
  return text;
}

/// The `error` of RFC 6749 §5.2: a word, never what we sent.
std::string error_code(const Json& answer) {
  if (!answer.is_object() || !answer.contains("error") || !answer["error"].is_string()) return "";
  return " " + answer["error"].get<std::string>().substr(0, 100);
}

[[noreturn]] void refuse(const std::string& server, const http::HttpResponse& response,
                         const Json& answer) {
  const std::string what =
      fmt::format("getting a token from {}: HTTP {}{}", http::url_for_messages(server), response.status,
                  error_code(answer));
  if (response.status >= 500 || response.status == 429 || response.status == 408) {
    throw RetriableException(what);
  }
  throw Error(ErrorKind::Authentication,
              what + "; check iceberg.catalog.credential, scope and oauth2-server-uri");
}

}  // namespace

RestAuth::RestAuth(http::HttpClient& http, const RestSettings& settings) : http_(http) {
  set_up(settings);
}

void RestAuth::update(const RestSettings& settings) {
  const std::lock_guard lock(mutex_);
  set_up(settings);
}

void RestAuth::set_up(const RestSettings& settings) {
  const Properties& all = settings.all;
  const std::string type = value_of(all, "rest.auth.type");
  fixed_.clear();
  credential_.clear();
  if (type == "basic") {
    fixed_ =
        basic(value_of(all, "rest.auth.basic.username"), value_of(all, "rest.auth.basic.password"));
  }
  if (type == "basic" || type == "none") return;
  if (const std::string token = value_of(all, "token"); token != given_) {
    given_ = token_ = token;
    renew_at_ms_.reset();
  }
  credential_ = value_of(all, "credential");
  server_ = value_of(all, "oauth2-server-uri");
  if (server_.empty()) server_ = "v1/oauth/tokens";
  if (server_.find("://") == std::string::npos) {
    server_ = settings.uri + (server_.starts_with('/') ? "" : "/") + server_;
  }
  if (server_.find('@') != std::string::npos) {
    throw ConfigException(
        "iceberg.catalog.oauth2-server-uri: it must not hold a user; give "
        "iceberg.catalog.credential");
  }
  const std::string scope = value_of(all, "scope");
  parameters_ = {{"scope", scope.empty() ? "catalog" : scope}};
  for (const char* name : {"audience", "resource"}) {
    const std::string value = value_of(all, name);
    if (!value.empty()) parameters_.emplace_back(name, value);
  }
  timeout_ = settings.timeout;
}

std::string RestAuth::authorization() {
  const std::lock_guard lock(mutex_);
  if (!fixed_.empty()) return fixed_;
  const bool ends_soon = renew_at_ms_ && wall_clock_ms() >= *renew_at_ms_;
  if (!credential_.empty() && (token_.empty() || ends_soon)) token_ = fetch();
  return token_.empty() ? "" : kBearer + token_;
}

bool RestAuth::renew(const std::string& authorization) {
  const std::lock_guard lock(mutex_);
  if (credential_.empty()) return false;
  if (authorization == kBearer + token_ || token_.empty()) token_ = fetch();  // else another did
  return true;
}

std::string RestAuth::fetch() {
  std::vector<std::pair<std::string, std::string>> form = {{"grant_type", "client_credentials"}};
  const size_t colon = credential_.find(':');
  if (colon != std::string::npos) form.emplace_back("client_id", credential_.substr(0, colon));
  form.emplace_back("client_secret",
                    colon == std::string::npos ? credential_ : credential_.substr(colon + 1));
  form.insert(form.end(), parameters_.begin(), parameters_.end());
  const std::string body = http::query_text(form);
  http::HttpRequest request;
  request.method = "POST";
  request.url = server_;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Accept", "application/json"}};
  request.body = body;
  request.timeout = timeout_;
  request.most_bytes = kMaxTokenAnswer;
  http::HttpResponse response;
  try {
    response = http_.send(request);
  } catch (const http::HttpFailure& failure) {
    // No http::HttpFailure: the request that wants the token was not sent.
    throw Error(failure.kind(), std::string("getting a token: ") + failure.what());
  }
  const Json answer = Json::parse(response.body, nullptr, false);
  if (response.status != 200) refuse(server_, response, answer);
  if (!answer.is_object() || !answer.contains("access_token") ||
      !answer["access_token"].is_string()) {
    throw ConnectException("getting a token from " + http::url_for_messages(server_) +
                           ": the answer has no access_token");
  }
  renew_at_ms_.reset();
  if (answer.contains("expires_in") && answer["expires_in"].is_number()) {
    const auto lasts_ms = static_cast<int64_t>(answer["expires_in"].get<double>() * 1000);
    renew_at_ms_ = wall_clock_ms() + std::max(lasts_ms - kRenewBeforeMs, lasts_ms / 2);
  }
  return answer["access_token"].get<std::string>();
}

}  // namespace millrace::lakehouse

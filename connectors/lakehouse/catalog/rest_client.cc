#include "connectors/lakehouse/catalog/rest_client.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <thread>

#include "connectors/http/url.h"
#include "connectors/lakehouse/catalog/rest_errors.h"
#include "millrace/clock.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

constexpr int kTokenTimedOut = 419;

/// A UUID of version 7: by time, so that servers can forget old ones.
std::string new_key() {
  std::string text = new_uuid();
  const std::string time = fmt::format("{:012x}", wall_clock_ms());
  text.replace(0, 8, time.substr(0, 8));
  text.replace(9, 4, time.substr(8));
  text[14] = '7';
  return text;
}

/// How long the server wants us to wait; none when it does not say, or says a date.
std::optional<std::chrono::seconds> throttle_of(const http::HttpResponse& response) {
  if (response.status != 429 && response.status != 503) return std::nullopt;
  const std::string* text = response.header("retry-after");
  int seconds = 1;
  if (text == nullptr && response.status == 503) return std::nullopt;
  if (text != nullptr) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
    if (error != std::errc{} || seconds < 0) seconds = 1;  // a date
  }
  return std::chrono::seconds(seconds);
}

}  // namespace

RestClient::RestClient(const Properties& settings)
    : own_(rest_settings(settings)), http_(http_options(own_)), auth_(http_, own_) {}

std::shared_ptr<const RestSettings> RestClient::settings() {
  const std::lock_guard lock(mutex_);
  if (!settings_) {
    settings_ = std::make_shared<RestSettings>(ask_server());
    auth_.update(*settings_);
  }
  return settings_;
}

RestSettings RestClient::ask_server() {
  RestRequest request;
  request.method = "GET";
  if (!own_.warehouse.empty()) request.query = {{"warehouse", own_.warehouse}};
  const std::string action = "asking the catalog for its configuration";
  try {
    const http::HttpResponse response = send_with(own_, request, own_.uri + "/v1/config");
    if (response.status != 200) throw_rest_failure(action, response);
    return with_server_config(own_, parse_answer(action, response));
  } catch (const http::HttpFailure& failure) {
    throw Error(failure.kind(), action + ": " + failure.what());
  }
}

http::HttpResponse RestClient::send(const RestRequest& request) {
  const auto settings = this->settings();
  std::string url = settings->uri + "/v1/";
  if (!settings->prefix.empty()) url += settings->prefix + "/";
  return send_with(*settings, request, url + request.path);
}

http::HttpResponse RestClient::send_with(const RestSettings& settings, const RestRequest& request,
                                   const std::string& url) {
  http::HttpRequest http;
  http.method = request.method;
  http.url = request.query.empty() ? url : url + "?" + http::query_text(request.query);
  http.body = request.body;
  http.timeout = settings.timeout;
  http.most_bytes = kMaxBytes;
  http.accept_gzip = true;
  http.only_once = request.changes;
  std::vector<std::pair<std::string, std::string>> headers = request.headers;
  headers.insert(headers.end(), settings.headers.begin(), settings.headers.end());
  headers.emplace_back("Accept", "application/json");
  if (!request.body.empty()) headers.emplace_back("Content-Type", "application/json");
  if (request.changes && settings.has_idempotency_keys) {
    headers.emplace_back("Idempotency-Key", new_key());
  }
  bool renewed = false;
  for (int throttles = 0;;) {
    const std::string authorization = auth_.authorization();
    http.headers = headers;
    if (!authorization.empty()) http.headers.emplace_back("Authorization", authorization);
    http::HttpResponse response = http_.send(http);
    const bool refused = response.status == 401 || response.status == kTokenTimedOut;
    if (refused && !renewed && auth_.renew(authorization)) {
      renewed = true;
      continue;
    }
    const auto throttle = throttle_of(response);
    if (!throttle || *throttle > kLongestThrottle || throttles++ == kMaxThrottles) return response;
    std::this_thread::sleep_for(*throttle);
  }
}

}  // namespace millrace::lakehouse

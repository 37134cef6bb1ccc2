#include "connectors/lakehouse/storage/s3_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <thread>

#include "connectors/http/url.h"
#include "connectors/lakehouse/storage/s3_errors.h"
#include "millrace/clock.h"
#include "millrace/errors.h"
#include "millrace/log.h"

namespace millrace::lakehouse {
namespace {

constexpr std::string_view kLogger = "millrace.lakehouse.S3Client";

/// Half of it at least, so that those who failed together do not come back together.
std::chrono::milliseconds with_jitter(std::chrono::milliseconds wait) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return wait / 2 + std::chrono::milliseconds(
                        std::uniform_int_distribution<int64_t>(0, wait.count() / 2)(random));
}

http::HttpOptions http_options(const S3Settings& settings) {
  return {settings.ca_file, settings.connect_timeout};
}

}  // namespace

S3Client::S3Client(const Properties& settings, RenewCredentials renew)
    : settings_(s3_settings(settings)),
      renew_(std::move(renew)),
      scheme_(settings_.endpoint.substr(0, settings_.endpoint.find("://") + 3)),
      host_(settings_.endpoint.substr(scheme_.size())),
      http_(http_options(settings_)),
      session_(s3_session(settings)) {}

void S3Client::renew_locked() {
  session_ = s3_session(renew_());
}

S3Credentials S3Client::credentials() {
  const std::lock_guard lock(mutex_);
  const bool ends_soon =
      session_.expires_at_ms && *session_.expires_at_ms - wall_clock_ms() < kRenewBeforeMs;
  if (renew_ && ends_soon) renew_locked();
  return session_.credentials;
}

/// False: there are no others.
bool S3Client::renew_refused(const S3Credentials& refused) {
  if (!renew_) return false;
  const std::lock_guard lock(mutex_);
  // Another thread may have done it.
  if (session_.credentials.session_token == refused.session_token &&
      session_.credentials.access_key_id == refused.access_key_id) {
    renew_locked();
  }
  return session_.credentials.session_token != refused.session_token ||
         session_.credentials.access_key_id != refused.access_key_id;
}

std::string S3Client::host_of(const std::string& bucket) const {
  // A certificate for `*.host` is not for two levels.
  const bool in_path = settings_.path_style || bucket.find('.') != std::string::npos;
  return in_path ? host_ : bucket + "." + host_;
}

http::HttpResponse S3Client::try_once(const S3Request& request) {
  const std::string host = host_of(request.bucket);
  std::string path = host == host_ ? "/" + request.bucket : "";
  path += "/" + http::percent_encoded(request.key, "/");
  const std::string payload_hash = sha256_hex(request.body);
  SignedRequest to_sign{request.method, host, path, request.query, request.headers};
  to_sign.headers.emplace_back("x-amz-content-sha256", payload_hash);
  for (bool renewed = false;; renewed = true) {
    const S3Credentials used = credentials();
    http::HttpRequest http;
    http.method = request.method;
    http.url = scheme_ + host + path;
    if (!request.query.empty()) http.url += "?" + http::query_text(request.query);
    http.headers = to_sign.headers;
    for (auto& header :
         signature_headers(to_sign, payload_hash, used, settings_.region, "s3", wall_clock_ms())) {
      http.headers.push_back(std::move(header));
    }
    http.body = request.body;
    http.timeout = settings_.timeout;
    http.most_bytes = request.most_bytes;
    http.only_once = !request.is_idempotent;
    http::HttpResponse response = http_.send(http);
    if (renewed || !is_expired(response) || !renew_refused(used)) return response;
  }
}

S3Response S3Client::send(const S3Request& request) {
  std::chrono::milliseconds wait = kFirstWait;
  for (int tries = 1;; ++tries) {
    std::string why;
    try {
      http::HttpResponse response = try_once(request);
      const bool is_answer = (response.status >= 200 && response.status < 300) ||
                             std::find(request.expected.begin(), request.expected.end(),
                                       response.status) != request.expected.end();
      if (is_answer) return {std::move(response), tries};
      const S3Failure failure = failure_of(response);
      const bool again = failure.passes && (request.is_idempotent || failure.not_done);
      if (!again || tries == kMaxTries) throw_failure(request, response, tries);
      why = failure.text;
    } catch (const http::HttpFailure& failure) {
      const bool again = failure.retriable() && (request.is_idempotent || !failure.maybe_sent());
      if (!again || tries == kMaxTries) {
        throw Error(failure.kind(), fmt::format("{} {}: {} (tries: {})", request.action,
                                                request.path, failure.what(), tries));
      }
      why = failure.what();
    }
    log(LogLevel::Debug, kLogger,
        fmt::format("{} {}: {}; trying again", request.action, request.path, why));
    std::this_thread::sleep_for(with_jitter(wait));
    wait = std::min(wait * 2, kLongestWait);
  }
}

}  // namespace millrace::lakehouse

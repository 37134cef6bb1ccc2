#pragma once
// Signed requests to an S3-compatible object store, with retries.

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/http/http_client.h"
#include "connectors/lakehouse/storage/file_io.h"
#include "connectors/lakehouse/storage/s3_settings.h"

namespace millrace::lakehouse {

struct S3Request {
  std::string action;  // for messages, as in `reading`
  std::string path;    // for messages: the location
  std::string method;
  std::string bucket;
  std::string key = {};
  std::vector<std::pair<std::string, std::string>> query = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string_view body = {};      // must outlive the call
  bool is_idempotent = true;       // false: not sent again after an answer that may have been lost
  std::vector<int> expected = {};  // statuses, beside 2xx, that are answers and no failures
  size_t most_bytes = size_t{1} << 20;
};

struct S3Response {
  http::HttpResponse http;
  int tries = 1;
};

/// Thread-safe.
class S3Client {
 public:
  static constexpr int kMaxTries = 6;
  static constexpr std::chrono::milliseconds kFirstWait{100};  // doubled each time
  static constexpr std::chrono::milliseconds kLongestWait{5'000};
  /// Credentials are taken anew so long before they end: a request may last.
  static constexpr int64_t kRenewBeforeMs = 300'000;

  /// `settings` as the catalog has them. `renew`, which may be empty, gets settings with fresh
  /// credentials; it may throw.
  S3Client(const Properties& settings, RenewCredentials renew);

  /// Throws RetriableException after kMaxTries or what may not be tried again, NotFoundException,
  /// Error(Authorization/Authentication) and ConnectException.
  S3Response send(const S3Request& request);

 private:
  http::HttpResponse try_once(const S3Request& request);
  S3Credentials credentials();
  bool renew_refused(const S3Credentials& refused);
  void renew_locked();
  std::string host_of(const std::string& bucket) const;

  const S3Settings settings_;
  const RenewCredentials renew_;
  const std::string scheme_;  // with `://`
  const std::string host_;    // and port, of the endpoint
  http::HttpClient http_;
  std::mutex mutex_;
  S3Session session_;
};

/// The text of the first element of that name in a small XML document; empty when there is none.
std::string xml_text(std::string_view document, std::string_view name);
/// All of them, in order.
std::vector<std::string> xml_texts(std::string_view document, std::string_view name);

}  // namespace millrace::lakehouse

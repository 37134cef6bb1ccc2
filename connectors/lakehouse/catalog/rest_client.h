#pragma once
// Requests to a REST catalog: its configuration, who we are, and waiting when it asks for that.

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "connectors/lakehouse/catalog/rest_auth.h"
#include "connectors/lakehouse/catalog/rest_settings.h"

namespace millrace::lakehouse {

struct RestRequest {
  std::string method;
  std::string path;  // behind `v1/{prefix}/`, encoded
  std::vector<std::pair<std::string, std::string>> query = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};  // JSON
  /// It changes something: is sent once, with a key by which the server knows it again.
  bool changes = false;
};

/// Thread-safe.
class RestClient {
 public:
  static constexpr int kMaxThrottles = 3;                      // of one request
  static constexpr std::chrono::seconds kLongestThrottle{30};  // a longer wait is the caller's
  static constexpr size_t kMaxBytes = size_t{512} << 20;       // of an answer

  explicit RestClient(const Properties& settings);

  /// Asks the server for its configuration at the first use.
  std::shared_ptr<const RestSettings> settings();

  /// Any answer but 401 and 419 that a new token helps against, and 429 and 503 that say how long
  /// to wait: these are tried again. Throws http::HttpFailure, and what settings() and RestAuth throw.
  http::HttpResponse send(const RestRequest& request);

 private:
  http::HttpResponse send_with(const RestSettings& settings, const RestRequest& request,
                         const std::string& url);
  RestSettings ask_server();

  const RestSettings own_;
  http::HttpClient http_;
  RestAuth auth_;
  std::mutex mutex_;
  std::shared_ptr<const RestSettings> settings_;
};

}  // namespace millrace::lakehouse

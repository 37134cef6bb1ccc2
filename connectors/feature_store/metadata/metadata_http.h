#pragma once
// Questions to servers of metadata: what each kind of answer means for the task.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/http/http_client.h"
#include "millrace/config_def.h"

namespace millrace::feature_store {

inline constexpr size_t kMaxAnswerBytes = size_t{16} << 20;

struct ServerOptions {
  std::string ca_file = {};
  std::chrono::milliseconds timeout{5'000};  // of one request
  std::optional<Password> api_key = {};      // `Authorization: ApiKey ...`
  std::optional<Password> basic_auth = {};   // `user:password`
};

/// Thread-safe.
class MetadataHttp {
 public:
  /// Throws ConfigException for two ways to say who we are.
  explicit MetadataHttp(ServerOptions options);

  /// Any answer of 200 or of 4xx but those that follow. Blocks. Throws RetriableException when
  /// there is no answer, for 408, 429 and 5xx; ConnectException for what will not pass by itself:
  /// 401, a redirect, a certificate that is refused. Messages have neither keys nor what the server
  /// wrote.
  http::HttpResponse get(const std::string& url) const;

 private:
  ServerOptions options_;
  std::vector<std::pair<std::string, std::string>> headers_;  // secret
  mutable http::HttpClient http_;
};

/// Without slashes at its end. Throws ConfigException for what is no address of a server, and for
/// one that holds a user or a password; messages name `key` and not the address.
std::string checked_url(std::string url, std::string_view key);

}  // namespace millrace::feature_store

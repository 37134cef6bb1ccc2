#pragma once
// Who we are to a REST catalog: OAuth2 (client credentials), a fixed token, a user and a password,
// or nobody.

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "connectors/lakehouse/catalog/rest_settings.h"

namespace millrace::lakehouse {

/// Thread-safe.
class RestAuth {
 public:
  /// Tokens are taken anew so long before they end, or at half of their time if that is later.
  static constexpr int64_t kRenewBeforeMs = 60'000;

  RestAuth(http::HttpClient& http, const RestSettings& settings);

  /// Settings that the server added to. A token that is there stays unless it gives another.
  void update(const RestSettings& settings);

  /// Value of the header `Authorization`; empty: none. Fetches a token when there is none or it
  /// ends soon. Throws RetriableException and Error(Authentication); no message has a secret.
  std::string authorization();
  /// The server refused `authorization`. True: there is another one.
  bool renew(const std::string& authorization);

 private:
  std::string fetch();  // with the lock held
  void set_up(const RestSettings& settings);

  http::HttpClient& http_;
  std::mutex mutex_;
  std::string fixed_;       // `Basic ..`
  std::string given_;       // `token` of the settings
  std::string credential_;  // `id:secret` or the secret; empty: none
  std::string server_;      // the token endpoint
  std::vector<std::pair<std::string, std::string>> parameters_;  // scope and the like
  std::chrono::milliseconds timeout_{};

  std::string token_;
  std::optional<int64_t> renew_at_ms_;  // wall clock
};

}  // namespace millrace::lakehouse

#pragma once
// Tokens for OAUTHBEARER with a life of their own: fetched when the last one gets old.

#include <chrono>
#include <functional>
#include <mutex>

#include "runtime/security/oauth.h"

namespace millrace::security {

/// Any thread; callers wait for each other.
class TokenSource {
 public:
  using Clock = std::chrono::system_clock;
  using Now = std::function<Clock::time_point()>;
  using Fetch = std::function<OAuthToken(const OAuthSettings&)>;

  /// With less left a token is not handed out again.
  static constexpr std::chrono::seconds kEnoughLeft{10};

  explicit TokenSource(OAuthSettings settings, Fetch fetch = obtain_token, Now now = Clock::now);

  const OAuthSettings& settings() const noexcept { return settings_; }

  /// The last token in the first half of its life, else a new one; blocks for it as obtain_token()
  /// does. While the last one is good, a failure to get the next is only told in `warning`.
  OAuthToken token(std::string& warning);

 private:
  const OAuthSettings settings_;
  const Fetch fetch_;
  const Now now_;
  std::mutex mutex_;
  OAuthToken last_;
  Clock::time_point fetched_;
};

}  // namespace millrace::security

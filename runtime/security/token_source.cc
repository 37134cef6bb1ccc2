#include "runtime/security/token_source.h"

namespace millrace::security {

TokenSource::TokenSource(OAuthSettings settings, Fetch fetch, Now now)
    : settings_(std::move(settings)), fetch_(std::move(fetch)), now_(std::move(now)) {}

OAuthToken TokenSource::token(std::string& warning) {
  const std::lock_guard lock(mutex_);
  const auto now = now_();
  const auto expires = Clock::time_point(std::chrono::milliseconds{last_.expires_ms});
  if (!last_.text.empty() && now < fetched_ + (expires - fetched_) / 2) return last_;
  try {
    last_ = fetch_(settings_);
    fetched_ = now;
  } catch (const std::exception& error) {
    if (last_.text.empty() || now + kEnoughLeft > expires) throw;
    warning = std::string(error.what()) + "; going on with the last token";
  }
  return last_;
}

}  // namespace millrace::security

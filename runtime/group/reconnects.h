#pragma once
// How soon a broker may be tried again and how long connecting may take: both grow while it fails.

#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <string>

#include "runtime/group/connection_options.h"

namespace millrace::group {

struct HostPort {
  std::string host;
  int32_t port = 0;
  auto operator<=>(const HostPort&) const = default;
};

/// Java's rules: twice as much after each failure in a row, up to a limit, 20 % more or less. One
/// thread. Knows kMaxBrokers; when there are more it forgets all.
class Reconnects {
 public:
  using Clock = std::chrono::steady_clock;
  using Millis = std::chrono::milliseconds;
  static constexpr size_t kMaxBrokers = 1'000;

  explicit Reconnects(const ConnectionOptions& options, uint64_t seed = std::random_device{}());

  /// 0 when it may be tried now.
  Millis wait(const HostPort& broker, Clock::time_point now) const;
  Millis setup_timeout(const HostPort& broker);
  void failed(const HostPort& broker, Clock::time_point now);
  void succeeded(const HostPort& broker) { brokers_.erase(broker); }

 private:
  struct State {
    uint32_t failures = 0;
    Clock::time_point not_before;
  };
  Millis grown(Millis first, Millis most, uint32_t failures);

  const Millis backoff_;
  const Millis backoff_max_;
  const Millis setup_timeout_;
  const Millis setup_timeout_max_;
  std::mt19937_64 random_;
  std::map<HostPort, State> brokers_;
};

}  // namespace millrace::group

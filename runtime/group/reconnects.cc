#include "runtime/group/reconnects.h"

#include <algorithm>

namespace millrace::group {
namespace {

constexpr uint32_t kMaxDoublings = 20;
constexpr double kJitter = 0.2;

}  // namespace

Reconnects::Reconnects(const ConnectionOptions& options, uint64_t seed)
    : backoff_(options.reconnect_backoff),
      backoff_max_(options.reconnect_backoff_max),
      setup_timeout_(options.setup_timeout),
      setup_timeout_max_(options.setup_timeout_max),
      random_(seed) {}

Reconnects::Millis Reconnects::grown(Millis first, Millis most, uint32_t failures) {
  const double longest =
      std::min(static_cast<double>(first.count()) *
                   static_cast<double>(uint64_t{1} << std::min(failures, kMaxDoublings)),
               static_cast<double>(most.count()));
  if (first >= most) return most;  // no jitter, as Java
  std::uniform_real_distribution<double> jitter(1 - kJitter, 1 + kJitter);
  return std::min(Millis(static_cast<int64_t>(longest * jitter(random_))), most);
}

Reconnects::Millis Reconnects::wait(const HostPort& broker, Clock::time_point now) const {
  const auto at = brokers_.find(broker);
  if (at == brokers_.end() || at->second.not_before <= now) return Millis{0};
  return std::chrono::ceil<Millis>(at->second.not_before - now);
}

Reconnects::Millis Reconnects::setup_timeout(const HostPort& broker) {
  const auto at = brokers_.find(broker);
  return grown(setup_timeout_, setup_timeout_max_,
               at == brokers_.end() ? 0 : at->second.failures);
}

void Reconnects::failed(const HostPort& broker, Clock::time_point now) {
  if (brokers_.size() >= kMaxBrokers && !brokers_.contains(broker)) brokers_.clear();
  State& state = brokers_[broker];
  state.not_before = now + grown(backoff_, backoff_max_, state.failures++);
}

}  // namespace millrace::group

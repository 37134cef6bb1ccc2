#include "runtime/group/connection_options.h"

#include <algorithm>

#include "millrace/errors.h"
#include "runtime/security/settings_reader.h"

namespace millrace::group {
namespace {

using std::chrono::milliseconds;
using security::SettingsReader;

milliseconds time_of(const SettingsReader& java, const std::string& key, milliseconds fallback) {
  const int64_t value = java.number_or(key, fallback.count());
  if (value < 0) {
    throw ConfigException("Invalid value " + std::to_string(value) + " for configuration " + key +
                          ": Value must be at least 0");
  }
  return milliseconds(value);
}

/// `key` and its limit, which is never below it; as Java, it is the limit itself if only it is set.
void pair_of(const SettingsReader& java, const std::string& key, const std::string& max_key,
             milliseconds& value, milliseconds& max) {
  value = time_of(java, key, value);
  if (!java.text(key).empty() && java.text(max_key).empty()) max = value;
  max = std::max(time_of(java, max_key, max), value);
}

}  // namespace

ConnectionOptions connection_options(const Properties& worker, const std::string& client_id) {
  const SettingsReader java(worker);
  ConnectionOptions options;
  options.client_id = java.text_or("client.id", client_id);
  options.setup_timeout =
      time_of(java, "socket.connection.setup.timeout.ms", options.setup_timeout);
  options.setup_timeout_max = std::max(
      time_of(java, "socket.connection.setup.timeout.max.ms", options.setup_timeout_max),
      options.setup_timeout);
  options.request_timeout = time_of(java, "request.timeout.ms", options.request_timeout);
  pair_of(java, "reconnect.backoff.ms", "reconnect.backoff.max.ms", options.reconnect_backoff,
          options.reconnect_backoff_max);
  options.max_idle = milliseconds(std::max<int64_t>(  // Java: negative is for ever
      java.number_or("connections.max.idle.ms", options.max_idle.count()), 0));
  options.security = security::parse_client_security(worker);
  return options;
}

}  // namespace millrace::group

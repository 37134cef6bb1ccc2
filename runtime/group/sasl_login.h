#pragma once
// Authenticating on a connection: SaslHandshake, then SaslAuthenticate until the mechanism is done
// (connect-cluster.md §2.4). The first time and each renewal are the same.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>
#include <string>

#include "runtime/group/connection_context.h"
#include "runtime/group/kafka_requests.h"

namespace millrace::group {

/// The connection, as far as this needs it.
class SaslTransport {
 public:
  virtual ~SaslTransport() = default;
  /// Body of the response; throws when there is none.
  virtual boost::asio::awaitable<std::string> ask(ApiKey api, int16_t version,
                                                  std::string body) = 0;
  virtual int16_t version(ApiKey api) const = 0;
};

/// How long the broker takes the authentication for valid; 0: as long as the connection. Throws Error
/// of ErrorKind::Authentication when one side refuses the other, and ConnectException for what may
/// pass. `transport` lives until it has ended; `context` may end before.
boost::asio::awaitable<std::chrono::milliseconds> sasl_login(
    boost::asio::io_context& io, std::weak_ptr<ConnectionContext> context,
    SaslTransport& transport);

/// When to authenticate again: at 85 to 95 % of `lifetime`, as Java, and not within a second, which
/// brokers refuse.
std::chrono::milliseconds renewal_after(std::chrono::milliseconds lifetime);

}  // namespace millrace::group

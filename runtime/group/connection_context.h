#pragma once
// What all connections of a client share: options, TLS, tokens, and a thread for what takes time.

#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <memory>
#include <string>

#include "runtime/group/connection_options.h"
#include "runtime/group/sasl_client.h"
#include "runtime/group/tls_client.h"

namespace millrace::group {

/// Used on one thread, the one of the connections' io_context, but for make_sasl().
class ConnectionContext {
 public:
  /// Throws ConfigException when the settings cannot work.
  explicit ConnectionContext(ConnectionOptions options);
  /// Waits for the work under way: a token endpoint at most (its two timeouts). The io_context of the
  /// connections must still be there.
  ~ConnectionContext();
  ConnectionContext(const ConnectionContext&) = delete;
  ConnectionContext& operator=(const ConnectionContext&) = delete;

  const std::shared_ptr<const ConnectionOptions>& options() const noexcept { return options_; }
  /// Null when the protocol has none.
  const std::shared_ptr<TlsClient>& tls() const noexcept { return tls_; }

  /// Runs `work`, which must not throw, on the thread for what takes time: keys derived of passwords,
  /// tokens. The thread starts with the first.
  void elsewhere(std::function<void()> work);
  /// As make_sasl_client(); for use in elsewhere().
  std::unique_ptr<SaslClient> make_sasl();

 private:
  const std::shared_ptr<const ConnectionOptions> options_;
  std::shared_ptr<TlsClient> tls_;
  std::unique_ptr<security::TokenSource> tokens_;  // for OAUTHBEARER
  std::unique_ptr<boost::asio::thread_pool> helper_;
};

}  // namespace millrace::group

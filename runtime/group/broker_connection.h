#pragma once
// One connection to a broker: opened, authenticated, then frames out and answers in.

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>
#include <string>

#include "runtime/core/outcome.h"
#include "runtime/group/connection_context.h"
#include "runtime/group/kafka_requests.h"

namespace millrace::group {

/// Runs on the thread of its io_context, the control thread, where it is used too. Answers come once,
/// never inside the call; when the connection breaks or is closed, open requests get errors. They name
/// the broker and hold no secret: Error of ErrorKind::Authentication when broker or worker refused the
/// other, which another attempt does not change; ConnectException otherwise.
class BrokerConnection {
 public:
  /// Largest answer taken; a JoinGroup answer holds the metadata of all members.
  static constexpr size_t kMaxAnswer = size_t{64} * 1024 * 1024;
  /// The same before the broker is known to be one.
  static constexpr size_t kMaxFirstAnswer = size_t{1024} * 1024;
  static constexpr size_t kMaxSaslRounds = 10;
  static constexpr size_t kMaxRequests = 100;  // waiting for answers

  /// Resolves and connects within `setup_timeout` for each address; TLS, SASL and the broker's
  /// versions within request.timeout.ms. Dropping the connection ends this too; `opened` gets its
  /// error.
  static std::shared_ptr<BrokerConnection> open(boost::asio::io_context& io,
                                                const std::shared_ptr<ConnectionContext>& context,
                                                const std::string& host, int32_t port,
                                                std::chrono::milliseconds setup_timeout,
                                                Callback<Done> opened);
  ~BrokerConnection();
  BrokerConnection(const BrokerConnection&) = delete;
  BrokerConnection& operator=(const BrokerConnection&) = delete;

  /// Version to use for `api`. Throws ConnectException when broker and worker have none in common.
  int16_t version(ApiKey api) const;
  /// `body` is of `version`; the answer is the body of the response. When the broker has limited the
  /// life of the authentication (KIP-368) and it is almost over, that is renewed first.
  void request(ApiKey api, int16_t version, std::string body, std::chrono::milliseconds timeout,
               Callback<std::string> done);
  void close() noexcept;
  /// Opened and not broken since.
  bool is_open() const noexcept;

 private:
  class Impl;
  explicit BrokerConnection(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;  // also held by what is under way
};

}  // namespace millrace::group

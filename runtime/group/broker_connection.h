#pragma once
// One connection to a broker: frames out, answers by correlation id in.

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>
#include <string>

#include "runtime/core/outcome.h"
#include "runtime/group/kafka_requests.h"

namespace millrace::group {

struct ConnectionOptions {
  std::string client_id;
  std::chrono::milliseconds setup_timeout{10'000};    // socket.connection.setup.timeout.ms
  std::chrono::milliseconds request_timeout{40'000};  // request.timeout.ms
};

/// Runs on the thread of its io_context, the control thread, where it is used too. Answers come once,
/// never inside the call; when the connection breaks or is closed, open requests get errors.
class BrokerConnection {
 public:
  /// Largest answer taken; a JoinGroup answer holds the metadata of all members.
  static constexpr size_t kMaxAnswer = size_t{64} * 1024 * 1024;

  /// Resolves, connects and asks for the broker's versions.
  static void open(boost::asio::io_context& io, const std::string& host, int32_t port,
                   const ConnectionOptions& options,
                   Callback<std::shared_ptr<BrokerConnection>> done);
  ~BrokerConnection();
  BrokerConnection(const BrokerConnection&) = delete;
  BrokerConnection& operator=(const BrokerConnection&) = delete;

  /// Version to use for `api`. Throws ConnectException when broker and worker have none in common.
  int16_t version(ApiKey api) const;
  /// `body` is of `version`; the answer is the body of the response.
  void request(ApiKey api, int16_t version, std::string body, std::chrono::milliseconds timeout,
               Callback<std::string> done);
  void close() noexcept;
  bool is_open() const noexcept;

 private:
  class Impl;
  explicit BrokerConnection(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;  // also held by what is under way
};

}  // namespace millrace::group

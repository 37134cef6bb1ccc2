#pragma once
// Bytes to and from a broker, over TCP or TLS on it.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "runtime/group/tls_client.h"

namespace millrace::group {

/// Runs `task` after `limit`, unless it is gone by then.
class Alarm {
 public:
  Alarm(boost::asio::io_context& io, std::chrono::milliseconds limit, std::function<void()> task);
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

 private:
  boost::asio::steady_timer timer_;
  std::shared_ptr<bool> armed_ = std::make_shared<bool>(true);
};

/// One thread. What fails throws: Error of ErrorKind::Authentication when TLS was refused,
/// ConnectException for the network. At most one read and one write at a time; it must live until
/// they have ended.
class BrokerStream {
 public:
  /// Addresses of a host that are tried, one after another.
  static constexpr size_t kMaxAddresses = 16;

  /// Null `tls`: none. `io` outlives it.
  BrokerStream(boost::asio::io_context& io, std::shared_ptr<TlsClient> tls);

  /// Resolves and connects; each address gets `limit`.
  boost::asio::awaitable<void> connect(std::string host, int32_t port,
                                       std::chrono::milliseconds limit);
  /// Does nothing without TLS. The caller limits its time by close().
  boost::asio::awaitable<void> handshake(std::string host);
  /// Fills the whole buffer.
  boost::asio::awaitable<void> read(boost::asio::mutable_buffer to);
  boost::asio::awaitable<void> write(boost::asio::const_buffer from);
  /// Ends what is under way.
  void close() noexcept;
  bool has_tls() const noexcept { return tls_ != nullptr; }

 private:
  using Tcp = boost::asio::ip::tcp;

  boost::asio::awaitable<bool> connect_to(Tcp::endpoint address, std::chrono::milliseconds limit,
                                          std::string& failure);
  [[noreturn]] void fail(const boost::system::error_code& code) const;

  boost::asio::io_context& io_;
  const std::shared_ptr<TlsClient> tls_;
  Tcp::resolver resolver_;
  Tcp::socket socket_;
  std::unique_ptr<boost::asio::ssl::stream<Tcp::socket&>> secured_;  // when tls_
  bool closed_ = false;
  bool heard_ = false;  // the broker has sent data: it has accepted our certificate
};

}  // namespace millrace::group

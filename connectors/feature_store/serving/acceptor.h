#pragma once
// A port: accepts connections and hands them to the thread that has the fewest.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "connectors/feature_store/serving/serving_thread.h"

namespace millrace::feature_store {

using ServingThreads = std::vector<std::unique_ptr<ServingThread>>;

/// Runs on the io_context of the first thread; `threads` outlive what it does there.
class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  /// Binds. Throws ConnectException that names address and port.
  Acceptor(ServingThreads& threads, PortKind kind, const std::string& address, int32_t port,
           size_t max_connections);
  void start();
  /// No connection after this. Blocks until nothing of it runs any more; not on a serving thread.
  void stop();
  uint16_t port() const noexcept { return port_; }
  /// Whether other machines can connect.
  bool is_public() const noexcept { return is_public_; }

 private:
  static boost::asio::awaitable<void> run(std::shared_ptr<Acceptor> self);
  boost::asio::awaitable<void> accept();
  ServingThread& next_thread();
  size_t connections() const;

  ServingThreads& threads_;
  PortKind kind_;
  size_t max_connections_;
  boost::asio::ip::tcp::acceptor acceptor_;
  uint16_t port_ = 0;
  bool is_public_ = false;
  std::promise<void> ended_;
};

}  // namespace millrace::feature_store

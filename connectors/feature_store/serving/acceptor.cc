#include "connectors/feature_store/serving/acceptor.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "millrace/errors.h"
#include "millrace/log.h"

namespace millrace::feature_store {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using SocketError = boost::system::error_code;

/// After an accept that failed, for example because the process is out of descriptors.
constexpr std::chrono::milliseconds kAcceptRetry{100};

[[noreturn]] void cannot_bind(const std::string& address, int32_t port, const SocketError& error) {
  throw ConnectException(
      fmt::format("Serving lookups on {}:{} failed: {}; choose another 'serving.bind' or "
                  "port, or stop the program that uses it",
                  address, port, error.message()));
}

tcp::endpoint endpoint_of(asio::io_context& io, const std::string& address, int32_t port) {
  SocketError error;
  const auto literal = asio::ip::make_address(address, error);
  if (!error) return {literal, static_cast<uint16_t>(port)};
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(address, std::to_string(port), error);
  if (error || found.empty()) cannot_bind(address, port, error);
  return found.begin()->endpoint();
}

}  // namespace

Acceptor::Acceptor(ServingThreads& threads, PortKind kind, const std::string& address, int32_t port,
                   size_t max_connections)
    : threads_(threads),
      kind_(kind),
      max_connections_(max_connections),
      acceptor_(threads.front()->io()) {
  const tcp::endpoint endpoint = endpoint_of(threads.front()->io(), address, port);
  SocketError error;
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (!error) port_ = acceptor_.local_endpoint(error).port();
  if (error) cannot_bind(address, port, error);
}

void Acceptor::start() {
  asio::co_spawn(threads_.front()->io(), run(shared_from_this()), asio::detached);
}

void Acceptor::stop() {
  asio::post(threads_.front()->io(), [self = shared_from_this()] {
    SocketError ignored;
    self->acceptor_.close(ignored);
  });
  ended_.get_future().wait();
}

ServingThread& Acceptor::next_thread() {
  return **std::min_element(threads_.begin(), threads_.end(),
                            [](const auto& left, const auto& right) {
                              return left->connections() < right->connections();
                            });
}

size_t Acceptor::connections() const {
  size_t count = 0;
  for (const auto& thread : threads_) count += thread->connections();
  return count;
}

asio::awaitable<void> Acceptor::run(std::shared_ptr<Acceptor> self) {
  co_await self->accept();
  self->ended_.set_value();
}

asio::awaitable<void> Acceptor::accept() {
  asio::steady_timer pause(threads_.front()->io());
  while (acceptor_.is_open()) {
    ServingThread& thread = next_thread();
    SocketError error;
    tcp::socket socket = co_await acceptor_.async_accept(
        thread.io(), asio::redirect_error(asio::use_awaitable, error));
    if (!acceptor_.is_open()) co_return;
    if (!error) {
      // Above the limit it is closed at once: it goes out of scope.
      if (connections() < max_connections_) thread.add(kind_, std::move(socket));
      continue;
    }
    if (error == asio::error::connection_aborted) continue;
    log(LogLevel::Warn, "millrace.feature_store.Serving",
        "Accepting a connection failed: " + error.message() + "; trying again");
    pause.expires_after(kAcceptRetry);
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
}

}  // namespace millrace::feature_store

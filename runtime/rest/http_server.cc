#include "runtime/rest/http_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>
#include <utility>
#include <vector>

#include "millrace/errors.h"
#include "runtime/metrics/log.h"
#include "runtime/rest/http_session.h"

namespace millrace::rest {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

/// Wait after an accept that failed, for example because the process is out of descriptors.
constexpr std::chrono::milliseconds kAcceptRetry{100};

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.runtime.rest.RestServer");
  return instance;
}

[[noreturn]] void cannot_bind(const Listener& listener, const ErrorCode& error) {
  throw ConnectException(fmt::format(
      "Unable to listen on {}: {}; choose another address or port with 'listeners' or stop the "
      "program that uses it",
      to_string(listener), error.message()));
}

/// Addresses to try, best first. An empty host means all interfaces, IPv6 and IPv4 at once where
/// the system has both; a name prefers IPv4, as Java does.
std::vector<tcp::endpoint> endpoints_of(asio::io_context& io, const Listener& listener) {
  if (listener.host.empty()) {
    return {{tcp::v6(), listener.port}, {tcp::v4(), listener.port}};
  }
  ErrorCode error;
  const auto literal = asio::ip::make_address(listener.host, error);
  if (!error) return {{literal, listener.port}};
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(listener.host, std::to_string(listener.port), error);
  if (error) cannot_bind(listener, error);
  std::vector<tcp::endpoint> endpoints;
  for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  std::stable_partition(endpoints.begin(), endpoints.end(),
                        [](const auto& endpoint) { return endpoint.address().is_v4(); });
  return endpoints;
}

ErrorCode open_acceptor(tcp::acceptor& acceptor, const tcp::endpoint& endpoint, bool dual_stack) {
  ErrorCode error;
  acceptor.open(endpoint.protocol(), error);
  if (error) return error;
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (dual_stack && endpoint.address().is_v6()) {
    acceptor.set_option(asio::ip::v6_only(false), error);
  }
  acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    ErrorCode ignored;
    acceptor.close(ignored);
  }
  return error;
}

}  // namespace

class HttpServer::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(asio::io_context& io, HttpLimits limits) : io_(io), limits_(limits), stop_timer_(io) {}

  uint16_t listen(const Listener& listener, SessionContext context);
  void stop(std::chrono::milliseconds limit, std::function<void()> done);
  void abort();
  size_t connections() const noexcept { return sessions_.size(); }
  SessionContext context(HttpHandler handler, std::shared_ptr<asio::ssl::context> tls) {
    return {limits_, std::move(handler), std::move(tls), pending_body_bytes_};
  }

 private:
  struct Endpoint {
    tcp::acceptor acceptor;
    SessionContext context;
  };

  static asio::awaitable<void> accept(std::shared_ptr<Core> self,
                                      std::shared_ptr<Endpoint> endpoint);
  static asio::awaitable<void> run(std::shared_ptr<Core> self,
                                   std::shared_ptr<HttpSession> session);
  void open_session(const Endpoint& endpoint, tcp::socket socket);
  void close_acceptors();
  void finish_stop_when_empty();

  asio::io_context& io_;
  HttpLimits limits_;
  std::vector<std::shared_ptr<Endpoint>> endpoints_;
  std::list<std::shared_ptr<HttpSession>> sessions_;
  std::shared_ptr<size_t> pending_body_bytes_ = std::make_shared<size_t>(0);
  asio::steady_timer stop_timer_;
  std::function<void()> stopped_;
};

uint16_t HttpServer::Core::listen(const Listener& listener, SessionContext context) {
  auto endpoint = std::make_shared<Endpoint>(Endpoint{tcp::acceptor(io_), std::move(context)});
  ErrorCode error = asio::error::host_not_found;
  for (const auto& address : endpoints_of(io_, listener)) {
    error = open_acceptor(endpoint->acceptor, address, listener.host.empty());
    // Another program on the port is no reason to fall back to a part of the interfaces.
    if (!error || error == asio::error::address_in_use) break;
  }
  if (error) cannot_bind(listener, error);
  endpoints_.push_back(endpoint);
  asio::co_spawn(io_, accept(shared_from_this(), endpoint), asio::detached);
  return endpoint->acceptor.local_endpoint().port();
}

asio::awaitable<void> HttpServer::Core::accept(std::shared_ptr<Core> self,
                                               std::shared_ptr<Endpoint> endpoint) {
  asio::steady_timer pause(self->io_);
  while (endpoint->acceptor.is_open()) {
    ErrorCode error;
    tcp::socket socket =
        co_await endpoint->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (!endpoint->acceptor.is_open()) break;
    if (!error) {
      self->open_session(*endpoint, std::move(socket));
      continue;
    }
    if (error == asio::error::connection_aborted) continue;
    logger().warn("Accepting a connection failed: {}; trying again", error.message());
    pause.expires_after(kAcceptRetry);
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
}

void HttpServer::Core::open_session(const Endpoint& endpoint, tcp::socket socket) {
  if (sessions_.size() >= limits_.max_connections) {
    logger().debug("Closing a new connection: {} are open already", sessions_.size());
    return;
  }
  ErrorCode ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  auto session = make_session(std::move(socket), endpoint.context);
  sessions_.push_back(session);
  asio::co_spawn(io_, run(shared_from_this(), std::move(session)), asio::detached);
}

asio::awaitable<void> HttpServer::Core::run(std::shared_ptr<Core> self,
                                            std::shared_ptr<HttpSession> session) {
  co_await session->run();
  self->sessions_.remove(session);
  self->finish_stop_when_empty();
}

void HttpServer::Core::close_acceptors() {
  for (const auto& endpoint : endpoints_) {
    ErrorCode ignored;
    endpoint->acceptor.close(ignored);
  }
}

void HttpServer::Core::stop(std::chrono::milliseconds limit, std::function<void()> done) {
  close_acceptors();
  stopped_ = std::move(done);
  const auto open = sessions_;
  for (const auto& session : open) session->finish();
  stop_timer_.expires_after(limit);
  stop_timer_.async_wait([weak = weak_from_this()](ErrorCode error) {
    const auto self = weak.lock();
    if (error || self == nullptr) return;
    if (!self->sessions_.empty()) {
      logger().warn("Closing {} connections whose requests did not finish in time",
                    self->sessions_.size());
    }
    self->abort();
  });
  asio::post(io_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->finish_stop_when_empty();
  });
}

void HttpServer::Core::abort() {
  close_acceptors();
  const auto open = sessions_;
  for (const auto& session : open) session->abort();
}

void HttpServer::Core::finish_stop_when_empty() {
  if (!stopped_ || !sessions_.empty()) return;
  stop_timer_.cancel();
  asio::post(io_, std::exchange(stopped_, nullptr));
}

HttpServer::HttpServer(asio::io_context& io, HttpLimits limits)
    : core_(std::make_shared<Core>(io, limits)) {}

HttpServer::~HttpServer() {
  core_->abort();
}

uint16_t HttpServer::listen(const Listener& listener, HttpHandler handler,
                            std::shared_ptr<asio::ssl::context> tls) {
  return core_->listen(listener, core_->context(std::move(handler), std::move(tls)));
}

void HttpServer::stop(std::chrono::milliseconds limit, std::function<void()> done) {
  core_->stop(limit, std::move(done));
}

size_t HttpServer::connections() const noexcept {
  return core_->connections();
}

}  // namespace millrace::rest

#include "runtime/group/broker_stream.h"

#include <fmt/format.h>

#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "millrace/errors.h"

namespace millrace::group {
namespace {

namespace asio = boost::asio;
using asio::use_awaitable;
using boost::system::error_code;
using AuthenticationException = ErrorOf<ErrorKind::Authentication>;

}  // namespace

Alarm::Alarm(asio::io_context& io, std::chrono::milliseconds limit, std::function<void()> task)
    : timer_(io, limit) {
  timer_.async_wait([armed = armed_, task = std::move(task)](const error_code& error) {
    if (!error && *armed) task();
  });
}

Alarm::~Alarm() { *armed_ = false; }

BrokerStream::BrokerStream(asio::io_context& io, std::shared_ptr<TlsClient> tls)
    : io_(io), tls_(std::move(tls)), resolver_(io), socket_(io) {}

void BrokerStream::fail(const error_code& code) const {
  if (!closed_ && is_tls_refusal(code) && !heard_) {
    throw AuthenticationException(tls_refusal(code, tls_->has_certificate()));
  }
  if (code == asio::error::eof || code == asio::ssl::error::stream_truncated) {
    throw ConnectException("closed by the broker");
  }
  throw ConnectException(code.message());
}

asio::awaitable<void> BrokerStream::connect(std::string host, int32_t port,
                                            std::chrono::milliseconds limit) {
  error_code failed;
  const auto found = co_await resolver_.async_resolve(
      host, std::to_string(port), asio::redirect_error(use_awaitable, failed));
  if (failed) {
    throw ConnectException(fmt::format("looking up the host: {}; check bootstrap.servers and the "
                                       "broker's advertised.listeners", failed.message()));
  }
  std::string failure = "the host has no address";
  size_t tried = 0;
  for (const auto& entry : found) {
    if (closed_ || tried++ == kMaxAddresses) break;
    if (co_await connect_to(entry.endpoint(), limit, failure)) co_return;
  }
  throw ConnectException(failure);
}

asio::awaitable<bool> BrokerStream::connect_to(Tcp::endpoint address,
                                               std::chrono::milliseconds limit,
                                               std::string& failure) {
  error_code failed;
  bool late = false;
  socket_ = Tcp::socket(io_);
  {
    const Alarm alarm(io_, limit, [this, &late] {
      late = true;
      error_code ignored;
      socket_.close(ignored);
    });
    co_await socket_.async_connect(address, asio::redirect_error(use_awaitable, failed));
  }
  if (late) {
    failure = fmt::format("no connection within {} ms (socket.connection.setup.timeout.ms)",
                          limit.count());
  } else if (failed) {
    failure = failed.message();
  }
  if (late || failed || closed_) co_return false;
  socket_.set_option(Tcp::no_delay(true), failed);
  co_return true;
}

asio::awaitable<void> BrokerStream::handshake(std::string host) {
  if (!tls_) co_return;
  const auto check = std::make_shared<PeerCheck>(host);
  secured_ = std::make_unique<asio::ssl::stream<Tcp::socket&>>(socket_, tls_->context());
  check->prepare(secured_->native_handle(), tls_->checks_host_name());
  secured_->set_verify_callback([check](bool accepted, asio::ssl::verify_context& context) {
    return check->verify(accepted, context);
  });
  error_code failed;
  co_await secured_->async_handshake(asio::ssl::stream_base::client,
                                     asio::redirect_error(use_awaitable, failed));
  if (!failed) co_return;
  if (!closed_ && is_tls_refusal(failed) && !check->refusal().empty()) {
    throw AuthenticationException(check->refusal());
  }
  if (failed == asio::error::eof || failed == asio::ssl::error::stream_truncated) {
    throw ConnectException("closed by the broker during the TLS handshake; is this a port with "
                           "TLS? Check bootstrap.servers and security.protocol");
  }
  fail(failed);
}

asio::awaitable<void> BrokerStream::read(asio::mutable_buffer to) {
  error_code failed;
  if (secured_) {
    co_await asio::async_read(*secured_, to, asio::redirect_error(use_awaitable, failed));
  } else {
    co_await asio::async_read(socket_, to, asio::redirect_error(use_awaitable, failed));
  }
  if (failed) fail(failed);
  heard_ = true;
}

asio::awaitable<void> BrokerStream::write(asio::const_buffer from) {
  error_code failed;
  if (secured_) {
    co_await asio::async_write(*secured_, from, asio::redirect_error(use_awaitable, failed));
  } else {
    co_await asio::async_write(socket_, from, asio::redirect_error(use_awaitable, failed));
  }
  if (failed) fail(failed);
}

void BrokerStream::close() noexcept {
  closed_ = true;
  resolver_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace millrace::group

#include "runtime/rest/peer_exchange.h"

#include <fmt/format.h>
#include <openssl/err.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <type_traits>
#include <utility>

#include "millrace/errors.h"
#include "millrace/text.h"

namespace millrace::rest {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;
using Parser = http::response_parser<http::string_body>;

void require(const ErrorCode& error, std::string_view action) {
  if (error) throw ConnectException(fmt::format("{}: {}", action, error.message()));
}

void require_answer(const ErrorCode& error, const PeerMessage& message) {
  if (error == http::error::body_limit) {
    throw ConnectException(
        fmt::format("the answer is larger than {} bytes", message.max_answer_bytes));
  }
  if (error == http::error::header_limit) {
    throw ConnectException(fmt::format("the headers of the answer are larger than {} bytes",
                                       message.max_header_bytes));
  }
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
    throw ConnectException("the connection was closed before the answer was complete");
  }
  const bool no_http = error.category() == make_error_code(http::error::bad_version).category();
  require(error, no_http ? "the answer is not HTTP/1.1" : "reading the answer");
}

http::request<http::string_body> to_wire(const PeerMessage& message) {
  http::request<http::string_body> request;
  request.version(11);
  request.method_string(message.method);
  request.target(message.url.target);
  request.set(http::field::host, message.url.authority());
  for (const auto& [name, value] : message.headers.fields()) request.set(name, value);
  request.keep_alive(false);
  request.body() = message.body;
  request.prepare_payload();
  return request;
}

template <class Stream>
class Exchange final : public PeerExchange {
 public:
  Exchange(asio::any_io_executor executor, PeerMessage message,
           std::shared_ptr<asio::ssl::context> tls, bool check_host_name)
      : message_(std::move(message)),
        tls_(std::move(tls)),
        check_host_name_(check_host_name),
        resolver_(executor),
        stream_(make_stream(executor)) {}

  asio::awaitable<PeerAnswer> run() override {
    co_await connect();
    if constexpr (kSecure) co_await handshake();
    require_not_aborted();
    connected_ = true;
    if (on_connected) on_connected();
    ErrorCode error;
    const auto request = to_wire(message_);
    co_await http::async_write(stream_, request, asio::redirect_error(asio::use_awaitable, error));
    // A peer that refuses early may answer before it has read everything.
    if (error && error != asio::error::broken_pipe && error != asio::error::connection_reset) {
      require(error, "sending the request");
    }
    PeerAnswer answer = co_await read();
    close();
    co_return answer;
  }
  void abort() override {
    aborted_ = true;
    resolver_.cancel();
    close();
  }
  bool connected() const noexcept override { return connected_; }

 private:
  static constexpr bool kSecure = std::is_same_v<Stream, TlsStream>;

  Stream make_stream(const asio::any_io_executor& executor) {
    if constexpr (kSecure) {
      return Stream(beast::tcp_stream(executor), *tls_);
    } else {
      return Stream(executor);
    }
  }

  asio::awaitable<void> connect() {
    ErrorCode error;
    const auto address = asio::ip::make_address(message_.url.host, error);
    if (!error) {
      const tcp::endpoint endpoint(address, static_cast<uint16_t>(std::stoi(message_.url.port)));
      co_await lowest().async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
    } else {
      const auto found = co_await resolver_.async_resolve(
          message_.url.host, message_.url.port, asio::redirect_error(asio::use_awaitable, error));
      require(error, "looking up host " + message_.url.host);
      require_not_aborted();
      co_await lowest().async_connect(found, asio::redirect_error(asio::use_awaitable, error));
    }
    require(error, "connecting");
    lowest().socket().set_option(tcp::no_delay(true), error);
  }

  asio::awaitable<void> handshake() {
    ErrorCode error;
    SSL* const ssl = stream_.native_handle();
    const std::string& host = message_.url.host;
    asio::ip::make_address(host, error);
    if (error) SSL_set_tlsext_host_name(ssl, host.c_str());
    if (check_host_name_) {
      stream_.set_verify_callback(asio::ssl::host_name_verification(host), error);
      require(error, "TLS");
    }
    co_await stream_.async_handshake(asio::ssl::stream_base::client,
                                     asio::redirect_error(asio::use_awaitable, error));
    if (!error) co_return;
    const long verified = SSL_get_verify_result(ssl);
    if (verified != X509_V_OK) {
      throw ConnectException(fmt::format("TLS: its certificate is refused: {}",
                                         X509_verify_cert_error_string(verified)));
    }
    require(error, check_host_name_ ? "TLS handshake (host name and certificate)"
                                    : "TLS handshake");
  }

  asio::awaitable<PeerAnswer> read() {
    ErrorCode error;
    Parser parser;
    parser.header_limit(static_cast<uint32_t>(message_.max_header_bytes));
    parser.body_limit(message_.max_answer_bytes);
    co_await http::async_read(stream_, buffer_, parser,
                              asio::redirect_error(asio::use_awaitable, error));
    require_answer(error, message_);
    PeerAnswer answer;
    answer.status = static_cast<int>(parser.get().result_int());
    for (const auto& field : parser.get()) {
      answer.headers[to_lower(std::string_view(field.name_string()))] = std::string(field.value());
    }
    answer.body = std::move(parser.get().body());
    co_return answer;
  }

  void require_not_aborted() const {
    if (aborted_) throw ConnectException("the call was ended");
  }
  auto& lowest() noexcept { return beast::get_lowest_layer(stream_); }
  void close() noexcept {
    ErrorCode ignored;
    lowest().socket().shutdown(tcp::socket::shutdown_both, ignored);
    lowest().close();
  }

  PeerMessage message_;
  std::shared_ptr<asio::ssl::context> tls_;
  bool check_host_name_;
  tcp::resolver resolver_;
  Stream stream_;
  beast::flat_buffer buffer_;
  bool connected_ = false;
  bool aborted_ = false;
};

}  // namespace

std::shared_ptr<PeerExchange> make_peer_exchange(asio::any_io_executor executor,
                                                 PeerMessage message,
                                                 std::shared_ptr<asio::ssl::context> tls,
                                                 bool check_host_name) {
  if (tls == nullptr) {
    return std::make_shared<Exchange<PlainStream>>(std::move(executor), std::move(message), nullptr,
                                                   false);
  }
  return std::make_shared<Exchange<TlsStream>>(std::move(executor), std::move(message),
                                               std::move(tls), check_host_name);
}

}  // namespace millrace::rest

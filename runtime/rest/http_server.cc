#include "runtime/rest/http_server.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include <chrono>
#include <list>
#include <set>

#include "millrace/errors.h"
#include "runtime/metrics/log.h"

namespace millrace::rest {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using Seconds = std::chrono::seconds;

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.runtime.rest.RestServer");
  return instance;
}

std::optional<std::string> header(const http::request<http::string_body>& request,
                                  http::field field) {
  const auto at = request.find(field);
  if (at == request.end()) return std::nullopt;
  return std::string(at->value());
}

HttpRequest to_request(http::request<http::string_body>&& from, std::string remote, bool tls) {
  HttpRequest request;
  request.method = std::string(from.method_string());
  request.target = std::string(from.target());
  request.host = header(from, http::field::host).value_or("");
  request.remote_address = std::move(remote);
  request.content_type = header(from, http::field::content_type);
  request.accept = header(from, http::field::accept);
  request.origin = header(from, http::field::origin);
  request.requested_method = header(from, http::field::access_control_request_method);
  request.referer = header(from, http::field::referer).value_or("-");
  request.user_agent = header(from, http::field::user_agent).value_or("-");
  request.version = from.version() == 10 ? "HTTP/1.0" : "HTTP/1.1";
  request.tls = tls;
  request.body = std::move(from.body());
  return request;
}

http::response<http::string_body> to_response(HttpResponse&& from, unsigned version,
                                              bool keep_alive, bool head) {
  http::response<http::string_body> response{static_cast<http::status>(from.status), version};
  if (from.content_type) response.set(http::field::content_type, *from.content_type);
  for (auto& [name, value] : from.headers) response.insert(name, value);
  const size_t size = from.body.size();
  if (!head) response.body() = std::move(from.body);
  response.keep_alive(keep_alive);
  const bool bodyless = from.status == 204 || from.status == 304;
  if (!bodyless) response.content_length(size);
  return response;
}

/// Extended NCSA format with milliseconds, as Jetty's request log.
void log_access(const HttpRequest& request, int status, size_t bytes,
                std::chrono::steady_clock::time_point begun) {
  if (!logger().should_log(spdlog::level::info)) return;
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char when[40];
  std::strftime(when, sizeof when, "%d/%b/%Y:%H:%M:%S +0000", &utc);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                      std::chrono::steady_clock::now() - begun).count();
  logger().info("{} - - [{}] \"{} {} {}\" {} {} \"{}\" \"{}\" {}", request.remote_address, when,
                request.method, request.target, request.version, status, bytes, request.referer,
                request.user_agent, ms);
}

HttpResponse plain_error(int status, const std::string& message) {
  return {status, "application/json",
          "{\"error_code\":" + std::to_string(status) + ",\"message\":\"" + message + "\"}"};
}

asio::ssl::context make_tls(const TlsFiles& files) {
  try {
    asio::ssl::context context(asio::ssl::context::tls_server);
    context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                        asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                        asio::ssl::context::no_tlsv1_1);
    context.set_password_callback(
        [password = files.key_password.value()](size_t, asio::ssl::context::password_purpose) {
          return password;
        });
    context.use_certificate_chain_file(files.certificate_chain);
    context.use_private_key_file(files.private_key, asio::ssl::context::pem);
    if (files.client_auth != "none") {
      if (!files.trusted.empty()) context.load_verify_file(files.trusted);
      auto mode = asio::ssl::verify_peer;
      if (files.client_auth == "required") mode |= asio::ssl::verify_fail_if_no_peer_cert;
      context.set_verify_mode(mode);
    }
    return context;
  } catch (const boost::system::system_error& error) {
    throw ConfigException("reading the TLS key store " + files.private_key +
                          " of the REST server: " + error.code().message());
  }
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<HttpServer::Impl> {
 public:
  Impl(asio::io_context& io, const ListenerUrl& listener, const TlsFiles* tls, HttpHandler handler)
      : io_(io), acceptor_(io), handler_(std::move(handler)) {
    if (listener.tls) tls_.emplace(make_tls(*tls));
    bind(listener);
  }

  uint16_t port() const noexcept { return port_; }

  void start() {
    asio::co_spawn(io_, accept_loop(shared_from_this()), asio::detached);
  }

  void stop() {
    stopping_ = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (tcp::socket* idle : idle_) idle->cancel(ignored);
  }

 private:
  using Plain = beast::tcp_stream;
  using Tls = beast::ssl_stream<beast::tcp_stream>;

  void bind(const ListenerUrl& listener) {
    boost::system::error_code error;
    const std::string where = listener.host + ":" + std::to_string(listener.port);
    tcp::endpoint endpoint(tcp::v4(), listener.port);
    if (!listener.host.empty()) {
      tcp::resolver resolver(io_);
      const auto found = resolver.resolve(listener.host, std::to_string(listener.port),
                                          tcp::resolver::passive, error);
      if (error || found.empty()) {
        throw ConfigException("listening on " + where + ": " + error.message());
      }
      endpoint = found.begin()->endpoint();
    }
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      throw ConfigException("listening on " + where + ": " + error.message() +
                            "; choose another port in `listeners`, or stop what uses it");
    }
    port_ = acceptor_.local_endpoint().port();
  }

  static asio::awaitable<void> accept_loop(std::shared_ptr<Impl> self) {
    while (!self->stopping_) {
      boost::system::error_code error;
      tcp::socket socket = co_await self->acceptor_.async_accept(
          asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted) co_return;
      if (error || self->connections_ >= HttpLimits::kConnections) continue;
      asio::co_spawn(self->io_, connection(self, std::move(socket)), asio::detached);
    }
  }

  static asio::awaitable<void> connection(std::shared_ptr<Impl> self, tcp::socket socket) {
    ++self->connections_;
    boost::system::error_code error;
    const auto peer = socket.remote_endpoint(error);
    const std::string remote = error ? "-" : peer.address().to_string();
    socket.set_option(tcp::no_delay(true), error);
    try {
      if (self->tls_) {
        Tls stream(std::move(socket), *self->tls_);
        beast::get_lowest_layer(stream).expires_after(Seconds(HttpLimits::kIdleSeconds));
        co_await stream.async_handshake(asio::ssl::stream_base::server, asio::use_awaitable);
        co_await self->serve(stream, remote);
      } else {
        Plain stream(std::move(socket));
        co_await self->serve(stream, remote);
        stream.socket().shutdown(tcp::socket::shutdown_send, error);
      }
    } catch (const std::exception&) {
      // The client went away or was too slow.
    }
    --self->connections_;
  }

  template <class Stream>
  asio::awaitable<void> serve(Stream& stream, const std::string& remote) {
    beast::flat_buffer buffer;
    bool keep_alive = true;
    while (keep_alive && !stopping_) {
      keep_alive = co_await serve_one(stream, buffer, remote);
    }
  }

  // True when the connection may carry another request.
  template <class Stream>
  asio::awaitable<bool> serve_one(Stream& stream, beast::flat_buffer& buffer,
                                  const std::string& remote) {
    auto& lowest = beast::get_lowest_layer(stream);
    http::request_parser<http::string_body> parser;
    parser.header_limit(HttpLimits::kHeaderBytes);
    parser.body_limit(HttpLimits::kBodyBytes);
    boost::system::error_code error;
    lowest.expires_after(Seconds(HttpLimits::kIdleSeconds));
    idle_.insert(&lowest.socket());
    co_await http::async_read_header(stream, buffer, parser,
                                     asio::redirect_error(asio::use_awaitable, error));
    idle_.erase(&lowest.socket());
    const auto begun = std::chrono::steady_clock::now();
    if (!error && parser.get()[http::field::expect] == "100-continue") {
      http::response<http::empty_body> go_on{http::status::continue_, 11};
      co_await http::async_write(stream, go_on, asio::use_awaitable);
    }
    if (!error) {
      lowest.expires_after(Seconds(HttpLimits::kBodySeconds));
      co_await http::async_read(stream, buffer, parser,
                                asio::redirect_error(asio::use_awaitable, error));
    }
    if (error) {
      const int status = status_of(error);
      if (status == 0) co_return false;
      HttpResponse refused = plain_error(status, error.message());
      auto response = to_response(std::move(refused), 11, false, false);
      lowest.expires_after(Seconds(HttpLimits::kWriteSeconds));
      co_await http::async_write(stream, response, asio::use_awaitable);
      co_return false;
    }
    lowest.expires_never();
    const unsigned version = parser.get().version();
    const bool keep_alive = parser.get().keep_alive();
    const bool head = parser.get().method() == http::verb::head;
    const HttpRequest request = to_request(parser.release(), remote, tls_.has_value());
    HttpResponse answer = co_await ask(request);
    const int status = answer.status;
    const size_t bytes = answer.body.size();
    auto response = to_response(std::move(answer), version, keep_alive && !stopping_, head);
    lowest.expires_after(Seconds(HttpLimits::kWriteSeconds));
    co_await http::async_write(stream, response, asio::use_awaitable);
    log_access(request, status, bytes, begun);
    co_return keep_alive;
  }

  /// Status for a request that could not be read; 0: nobody is left to be told.
  static int status_of(const boost::system::error_code& error) {
    if (error == http::error::body_limit) return 413;
    if (error == http::error::header_limit) return 431;
    if (error == http::error::end_of_stream || error == beast::error::timeout) return 0;
    return error.category() == http::make_error_code(http::error::bad_method).category() ? 400 : 0;
  }

  asio::awaitable<HttpResponse> ask(const HttpRequest& request) {
    co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(HttpResponse)>(
        [this](auto completion, HttpRequest copy) {
          auto shared = std::make_shared<decltype(completion)>(std::move(completion));
          handler_(std::move(copy), [this, shared](HttpResponse response) {
            // Through the queue, so that an answer given at once does not recurse.
            asio::post(io_, [shared, answer = std::move(response)]() mutable {
              (*shared)(std::move(answer));
            });
          });
        },
        asio::use_awaitable, request);
  }

  asio::io_context& io_;
  tcp::acceptor acceptor_;
  HttpHandler handler_;
  std::optional<asio::ssl::context> tls_;
  std::set<tcp::socket*> idle_;
  size_t connections_ = 0;
  uint16_t port_ = 0;
  bool stopping_ = false;
};

HttpServer::HttpServer(asio::io_context& io, const ListenerUrl& listener, const TlsFiles* tls,
                       HttpHandler handler)
    : impl_(std::make_shared<Impl>(io, listener, tls, std::move(handler))) {}

HttpServer::~HttpServer() { impl_->stop(); }
uint16_t HttpServer::port() const noexcept { return impl_->port(); }
void HttpServer::start() { impl_->start(); }
void HttpServer::stop() { impl_->stop(); }

}  // namespace millrace::rest

#include "runtime/rest/http_session.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "runtime/metrics/log.h"
#include "runtime/rest/http_date.h"

namespace millrace::rest {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;
using Parser = http::request_parser<http::string_body>;
using Response = http::response<http::string_body>;

/// First read of a request; later ones are sized by the parser.
constexpr size_t kFirstReadBytes = 4096;

/// Waits for the handler's answer; whoever has it wakes the connection.
struct Waiter {
  explicit Waiter(const asio::any_io_executor& executor)
      : wake(executor, asio::steady_timer::time_point::max()) {}
  std::optional<HttpResponse> response;
  asio::steady_timer wake;
};

/// Bytes of a body that count against the limit of the server while this lives.
class BodyShare {
 public:
  BodyShare(std::shared_ptr<size_t> total, size_t limit)
      : total_(std::move(total)), limit_(limit) {}
  ~BodyShare() { *total_ -= bytes_; }
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;
  /// False when the limit is passed.
  bool grow_to(size_t bytes) noexcept {
    *total_ += bytes - bytes_;
    bytes_ = bytes;
    return *total_ <= limit_;
  }

 private:
  std::shared_ptr<size_t> total_;
  size_t limit_;
  size_t bytes_ = 0;
};

std::string address_text(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

std::string host_and_port(const tcp::endpoint& endpoint) {
  const std::string host = address_text(endpoint);
  const bool bracket = host.find(':') != std::string::npos;
  return (bracket ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

/// How to answer bytes that are no acceptable request; nullopt when the connection just ended.
std::optional<Refusal> refusal_for(const ErrorCode& error) {
  if (error == http::error::header_limit) return Refusal{431, framework_message(431)};
  if (error == http::error::body_limit) {
    return Refusal{413, framework_message(413) + ": the body is larger than the worker accepts"};
  }
  const bool ended = error == http::error::end_of_stream || error == http::error::partial_message;
  if (ended || error.category() != make_error_code(http::error::bad_target).category()) {
    return std::nullopt;
  }
  return Refusal{400, "HTTP 400 Bad Request: " + error.message()};
}

/// What is wrong with a header that parsed.
std::optional<Refusal> refusal_for(const Parser& parser) {
  const auto& request = parser.get();
  if (request.version() == 11 && request.count(http::field::host) != 1) {
    return Refusal{400, "HTTP 400 Bad Request: one Host header is needed"};
  }
  if (request.count(http::field::transfer_encoding) > 0 && !parser.chunked()) {
    return Refusal{400, "HTTP 400 Bad Request: unsupported Transfer-Encoding"};
  }
  const auto expect = request.find(http::field::expect);
  if (expect != request.end() &&
      !equal_ignoring_case({expect->value().data(), expect->value().size()}, "100-continue")) {
    return Refusal{417, framework_message(417)};
  }
  return std::nullopt;
}

void copy_header(const Parser& parser, HttpRequest& out) {
  const auto& request = parser.get();
  out.method = std::string(request.method_string());
  out.target = std::string(request.target());
  out.version = static_cast<int>(request.version());
  for (const auto& field : request) {
    out.headers.add(std::string(field.name_string()), std::string(field.value()));
  }
}

Response to_wire(HttpResponse answer, const Parser& request, bool keep_alive) {
  Response response;
  response.version(request.get().version());
  response.result(static_cast<unsigned>(answer.status));
  response.reason(std::string(reason_phrase(answer.status)));
  response.insert(http::field::date, http_date_now());
  for (const auto& [name, value] : answer.headers.fields()) response.insert(name, value);
  response.keep_alive(keep_alive);
  if (answer.status != 204) response.content_length(answer.body.size());
  if (request.get().method() != http::verb::head) response.body() = std::move(answer.body);
  return response;
}

template <class Stream>
class Session final : public HttpSession {
 public:
  template <class... Arguments>
  explicit Session(SessionContext context, Arguments&&... arguments)
      : context_(std::move(context)), stream_(std::forward<Arguments>(arguments)...) {}

  asio::awaitable<void> run() override {
    try {
      co_await serve();
    } catch (const std::exception& e) {
      logging::get("org.apache.kafka.connect.runtime.rest.RestServer")
          .warn("Connection of {} ended: {}", client_, e.what());
    }
    close();
  }
  void finish() override {
    finishing_ = true;
    if (!busy_) close();
  }
  void abort() override {
    aborted_ = true;
    if (waiter_ != nullptr) waiter_->wake.cancel();
    close();
  }

 private:
  static constexpr bool kSecure = std::is_same_v<Stream, TlsStream>;

  asio::awaitable<void> serve() {
    ErrorCode error;
    auto& socket = lowest().socket();
    client_ = address_text(socket.remote_endpoint(error));
    local_ = host_and_port(socket.local_endpoint(error));
    if constexpr (kSecure) {
      lowest().expires_after(context_.limits.header_timeout);
      co_await stream_.async_handshake(asio::ssl::stream_base::server,
                                       asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
    }
    bool again = true;
    while (again) again = co_await serve_one();
    if constexpr (kSecure) {
      if (aborted_ || !lowest().socket().is_open()) co_return;
      lowest().expires_after(context_.limits.linger_timeout);
      co_await stream_.async_shutdown(asio::redirect_error(asio::use_awaitable, error));
    }
  }

  /// One request and its answer; false when the connection is to be closed.
  asio::awaitable<bool> serve_one() {
    busy_ = buffer_.size() > 0;
    if (!busy_) {
      if (finishing_) co_return false;
      const bool some = co_await wait_for_bytes();
      if (!some) co_return false;
    }
    busy_ = true;
    Parser parser;
    BodyShare share(context_.pending_body_bytes, context_.limits.max_pending_body_bytes);
    HttpRequest request;
    request.client = client_;
    request.local_address = local_;
    request.secure = kSecure;
    const bool complete = co_await read(parser, share, request);
    if (!complete) co_return false;
    const bool refused = request.refusal.has_value();
    auto answer = co_await ask(std::move(request));
    if (!answer) co_return false;
    const bool keep_alive =
        parser.is_header_done() && parser.get().keep_alive() && !refused && !finishing_;
    const bool written = co_await write(to_wire(std::move(*answer), parser, keep_alive));
    if (written && refused) co_await linger();
    co_return written&& keep_alive;
  }

  asio::awaitable<bool> wait_for_bytes() {
    ErrorCode error;
    buffer_.shrink_to_fit();
    lowest().expires_after(context_.limits.idle_timeout);
    const size_t bytes = co_await stream_.async_read_some(
        buffer_.prepare(kFirstReadBytes), asio::redirect_error(asio::use_awaitable, error));
    buffer_.commit(bytes);
    co_return !error;
  }

  /// Fills `request`, a refusal included; false when the connection ended or was too slow.
  asio::awaitable<bool> read(Parser& parser, BodyShare& share, HttpRequest& request) {
    ErrorCode error;
    parser.header_limit(static_cast<uint32_t>(context_.limits.max_header_bytes));
    parser.body_limit(context_.limits.max_body_bytes);
    lowest().expires_after(context_.limits.header_timeout);
    co_await http::async_read_header(stream_, buffer_, parser,
                                     asio::redirect_error(asio::use_awaitable, error));
    copy_header(parser, request);
    if (!error) {
      request.refusal = refusal_for(parser);
      if (request.refusal) co_return true;
      error = co_await read_body(parser, share, request);
    }
    if (error && !request.refusal) request.refusal = refusal_for(error);
    if (error) co_return request.refusal.has_value();
    request.body = std::move(parser.get().body());
    request.has_body = !request.body.empty();
    co_return true;
  }

  asio::awaitable<ErrorCode> read_body(Parser& parser, BodyShare& share, HttpRequest& request) {
    ErrorCode error;
    lowest().expires_after(context_.limits.body_timeout);
    const bool expects = parser.get().count(http::field::expect) > 0;
    if (expects && !parser.is_done() && buffer_.size() == 0 && request.version == 11) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await asio::async_write(stream_, asio::buffer(kContinue.data(), kContinue.size()),
                                 asio::redirect_error(asio::use_awaitable, error));
    }
    while (!error && !parser.is_done()) {
      co_await http::async_read_some(stream_, buffer_, parser,
                                     asio::redirect_error(asio::use_awaitable, error));
      if (!share.grow_to(parser.get().body().size())) {
        request.refusal = Refusal{503, "The worker is reading too many large requests; try again"};
        co_return make_error_code(http::error::buffer_overflow);
      }
    }
    co_return error;
  }

  /// The handler's answer; nullopt when the server gave up on this connection.
  asio::awaitable<std::optional<HttpResponse>> ask(HttpRequest request) {
    const auto waiter = std::make_shared<Waiter>(stream_.get_executor());
    waiter_ = waiter;
    context_.handler(std::move(request), [waiter](HttpResponse response) {
      if (waiter->response) return;
      waiter->response = std::move(response);
      waiter->wake.cancel();
    });
    while (!waiter->response && !aborted_) {
      ErrorCode ignored;
      co_await waiter->wake.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    waiter_ = nullptr;
    co_return aborted_ ? std::nullopt : std::move(waiter->response);
  }

  asio::awaitable<bool> write(Response response) {
    ErrorCode error;
    lowest().expires_after(context_.limits.write_timeout);
    co_await http::async_write(stream_, response, asio::redirect_error(asio::use_awaitable, error));
    co_return !error;
  }

  /// Reads on for a moment, so that a client still sending gets the answer and not a reset.
  asio::awaitable<void> linger() {
    ErrorCode error;
    lowest().socket().shutdown(tcp::socket::shutdown_send, error);
    lowest().expires_after(context_.limits.linger_timeout);
    buffer_.clear();
    for (size_t left = context_.limits.max_linger_bytes; !error && left > 0;) {
      const size_t bytes = co_await lowest().async_read_some(
          buffer_.prepare(kFirstReadBytes), asio::redirect_error(asio::use_awaitable, error));
      left -= std::min(left, bytes);
    }
    close();
  }

  auto& lowest() noexcept { return beast::get_lowest_layer(stream_); }
  void close() noexcept {
    ErrorCode ignored;
    lowest().socket().shutdown(tcp::socket::shutdown_both, ignored);
    lowest().close();
  }

  SessionContext context_;
  Stream stream_;
  beast::flat_buffer buffer_;
  std::shared_ptr<Waiter> waiter_;  // of the running request
  std::string client_;
  std::string local_;
  bool busy_ = false;       // between the first byte of a request and the end of its answer
  bool finishing_ = false;  // no request after this one
  bool aborted_ = false;
};

}  // namespace

std::shared_ptr<HttpSession> make_session(tcp::socket socket, SessionContext context) {
  if (context.tls == nullptr) {
    return std::make_shared<Session<PlainStream>>(std::move(context), std::move(socket));
  }
  auto& tls = *context.tls;
  return std::make_shared<Session<TlsStream>>(std::move(context), std::move(socket), tls);
}

}  // namespace millrace::rest

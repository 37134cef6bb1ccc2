#include "runtime/security/http_post.h"

#include <fcntl.h>
#include <netdb.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstring>

#include "millrace/errors.h"
#include "runtime/security/settings_reader.h"

namespace millrace::security {
namespace {

using Clock = std::chrono::steady_clock;
using Addresses = std::unique_ptr<addrinfo, OpenSslDeleter<freeaddrinfo>>;
using Connection = std::unique_ptr<SSL, OpenSslDeleter<SSL_free>>;

[[noreturn]] void fail(const std::string& url, const std::string& reason) {
  throw KafkaException("getting a token from " + url + ": " + reason);
}

class Socket {
 public:
  Socket() = default;
  explicit Socket(int handle) : handle_(handle) {}
  Socket(Socket&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Socket() {
    if (handle_ >= 0) ::close(handle_);
  }
  int get() const { return handle_; }

 private:
  int handle_ = -1;
};

/// False when the deadline passed.
bool wait_for(int handle, int16_t events, Clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    pollfd wanted{handle, events, 0};
    const int ready = ::poll(&wanted, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return true;  // the next call says what it is
  }
}

Socket connect_to(const HttpUrl& url, const HttpRequest& request) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(url.host.c_str(), url.port.c_str(), &hints, &found);
      code != 0) {
    fail(request.url, std::string("looking up the host: ") + ::gai_strerror(code));
  }
  const Addresses addresses(found);
  std::string reason = "no address";
  const auto deadline = Clock::now() + request.connect_timeout;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    Socket socket(::socket(one->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    int code = socket.get() < 0 ? errno : 0;
    if (code == 0 && ::connect(socket.get(), one->ai_addr, one->ai_addrlen) != 0) code = errno;
    if (code == EINPROGRESS) {
      socklen_t size = sizeof code;
      if (!wait_for(socket.get(), POLLOUT, deadline)) code = ETIMEDOUT;
      else ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &code, &size);
    }
    if (code == 0) return socket;
    reason = std::strerror(code);
  }
  fail(request.url, "connecting: " + reason);
}

/// Reads and writes in the clear or through TLS, each until the deadline.
class Stream {
 public:
  Stream(const HttpUrl& url, const HttpRequest& request, const TlsSettings& tls)
      : url_(request.url), socket_(connect_to(url, request)),
        deadline_(Clock::now() + request.read_timeout) {
    if (!url.tls) return;
    context_ = make_client_context(tls);
    tls_.reset(SSL_new(context_.get()));
    SSL_set_fd(tls_.get(), socket_.get());
    // Many servers just close; a length in the answer tells whether it is whole.
    SSL_set_options(tls_.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
    expect_server(tls_.get(), url.host, tls);
    until_done(POLLOUT, [this] { return SSL_connect(tls_.get()); });
  }

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const int size = static_cast<int>(bytes.size());
      bytes.remove_prefix(static_cast<size_t>(until_done(POLLOUT, [&] {
        return tls_ ? SSL_write(tls_.get(), bytes.data(), size)
                    : static_cast<int>(::send(socket_.get(), bytes.data(), bytes.size(),
                                              MSG_NOSIGNAL));
      })));
    }
  }

  /// Empty at the end.
  std::string_view read() {
    const int size = until_done(POLLIN, [this] {
      return tls_ ? SSL_read(tls_.get(), buffer_, sizeof buffer_)
                  : static_cast<int>(::recv(socket_.get(), buffer_, sizeof buffer_, 0));
    });
    return {buffer_, static_cast<size_t>(size)};
  }

 private:
  /// What `step` returned once it did not have to wait (in the clear for `wanted`); 0 at the end.
  template <class Step>
  int until_done(int16_t wanted, Step&& step) {
    while (true) {
      ERR_clear_error();
      const int result = step();
      if (result > 0) return result;
      int16_t events = 0;
      if (tls_) {
        const int code = SSL_get_error(tls_.get(), result);
        if (code == SSL_ERROR_ZERO_RETURN) return 0;
        if (code == SSL_ERROR_WANT_READ) events = POLLIN;
        else if (code == SSL_ERROR_WANT_WRITE) events = POLLOUT;
        else fail_tls();
      } else {
        if (result == 0) return 0;
        if (errno == EINTR) continue;
        if (errno != EAGAIN) fail(url_, std::strerror(errno));
        events = wanted;
      }
      if (!wait_for(socket_.get(), events, deadline_)) fail(url_, "no answer in time");
    }
  }

  [[noreturn]] void fail_tls() {
    const long verified = SSL_get_verify_result(tls_.get());
    const std::string reason = openssl_reason();
    if (verified != X509_V_OK) {
      fail(url_, std::string("its certificate is refused: ") +
                     X509_verify_cert_error_string(verified) +
                     "; check the options ssl.truststore.* of sasl.jaas.config");
    }
    fail(url_, "TLS: " + reason);
  }

  std::string url_;
  Socket socket_;
  Clock::time_point deadline_;
  SslContext context_;
  Connection tls_;
  char buffer_[4096];
};

std::string unchunk(std::string_view body, const std::string& url) {
  std::string whole;
  while (true) {
    size_t size = 0;
    const auto [end, error] =
        std::from_chars(body.data(), body.data() + body.size(), size, 16);
    const size_t line = body.find("\r\n");
    if (error != std::errc() || line == std::string_view::npos ||
        size > body.size() - line - 2) {
      fail(url, "the answer is cut off");
    }
    if (size == 0) return whole;
    whole += body.substr(line + 2, size);
    body.remove_prefix(std::min(body.size(), line + 2 + size + 2));
  }
}

}  // namespace

HttpUrl parse_http_url(const std::string& url) {
  HttpUrl parts;
  parts.tls = url.starts_with("https://");
  const size_t begin = url.find("://");
  if (begin == std::string::npos || (!parts.tls && !url.starts_with("http://"))) {
    throw ConfigException("token endpoint " + url + ": only http:// and https:// are known");
  }
  std::string_view rest = std::string_view(url).substr(begin + 3);
  const size_t path = std::min(rest.find_first_of("/?"), rest.size());
  parts.path = std::string(rest.substr(path));
  if (!parts.path.starts_with('/')) parts.path.insert(0, "/");
  rest = rest.substr(0, path);
  const size_t bracket = rest.starts_with('[') ? rest.find(']') : std::string_view::npos;
  const size_t colon =
      bracket != std::string_view::npos ? rest.find(':', bracket) : rest.find(':');
  parts.host = std::string(bracket != std::string_view::npos ? rest.substr(1, bracket - 1)
                                                             : rest.substr(0, colon));
  parts.port = colon != std::string_view::npos ? std::string(rest.substr(colon + 1))
                                               : (parts.tls ? "443" : "80");
  const bool bad_port = parts.port.empty() ||
                        parts.port.find_first_not_of("0123456789") != std::string::npos;
  const bool unprintable = url.find_first_of(" \t\r\n@") != std::string::npos;
  if (parts.host.empty() || bad_port || unprintable) {
    throw ConfigException("token endpoint " + url + " is no URL of the form https://host[:port]"
                          "/path");
  }
  return parts;
}

HttpAnswer parse_http_answer(const std::string& bytes, const std::string& url) {
  const size_t head_end = bytes.find("\r\n\r\n");
  if (!bytes.starts_with("HTTP/1.") || head_end == std::string::npos) {
    fail(url, "the answer is not HTTP/1.1");
  }
  HttpAnswer answer;
  const std::string head = to_lower(bytes.substr(0, head_end + 2));
  const size_t blank = head.find(' ');
  std::from_chars(head.data() + blank + 1, head.data() + head.size(), answer.status);
  answer.body = bytes.substr(head_end + 4);
  const auto header = [&head](const std::string& name) -> std::string {
    const size_t at = head.find("\r\n" + name + ":");
    if (at == std::string::npos) return {};
    const size_t begin = at + name.size() + 3;
    return trim(std::string_view(head).substr(begin, head.find("\r\n", begin) - begin));
  };
  if (header("transfer-encoding").ends_with("chunked")) {
    answer.body = unchunk(answer.body, url);
  } else if (const std::string text = header("content-length"); !text.empty()) {
    size_t size = 0;
    std::from_chars(text.data(), text.data() + text.size(), size);
    if (answer.body.size() < size) fail(url, "the answer is cut off");
    answer.body.resize(size);
  }
  return answer;
}

HttpAnswer post(const HttpRequest& request, const TlsSettings& tls) {
  const HttpUrl url = parse_http_url(request.url);
  Stream stream(url, request, tls);
  const SecretText head("POST " + url.path + " HTTP/1.1\r\nHost: " + url.host + ":" + url.port +
                        "\r\nAuthorization: " + request.authorization.value() +
                        "\r\nAccept: application/json\r\nConnection: close\r\n"
                        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " +
                        std::to_string(request.body.size()) + "\r\n\r\n" + request.body);
  stream.write(head.value());
  std::string answer;
  for (std::string_view more = stream.read(); !more.empty(); more = stream.read()) {
    answer += more;
    if (answer.size() > kMaxAnswerBytes) fail(request.url, "the answer is too large");
  }
  return parse_http_answer(answer, request.url);
}

}  // namespace millrace::security

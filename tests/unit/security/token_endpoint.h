#pragma once
// A server for one request, which answers with the given bytes whatever was asked.

#include <openssl/x509.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <string>
#include <thread>

namespace millrace::security {

class TokenEndpoint {
 public:
  /// Null `answer`: none at all, the connection stays open until the client leaves.
  explicit TokenEndpoint(std::optional<std::string> answer,
                         boost::asio::ssl::context* tls = nullptr)
      : answer_(std::move(answer)), tls_(tls), thread_([this] { serve(); }) {}

  std::string url(const std::string& path = "/token") const {
    return std::string(tls_ != nullptr ? "https" : "http") + "://" + host() + path;
  }
  std::string host() const {
    return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }
  /// Waits for the end of the connection.
  const std::string& request() {
    if (thread_.joinable()) thread_.join();
    return request_;
  }

 private:
  using Tcp = boost::asio::ip::tcp;
  using Error = boost::system::error_code;

  void serve() {
    Error error;
    Tcp::socket socket = acceptor_.accept(error);
    if (error) return;
    if (tls_ == nullptr) return talk(socket);
    boost::asio::ssl::stream<Tcp::socket&> stream(socket, *tls_);
    stream.handshake(stream.server, error);
    if (!error) talk(stream);  // and no shutdown: many servers just close
  }

  template <class Stream>
  void talk(Stream& stream) {
    Error error;
    boost::asio::read_until(stream, boost::asio::dynamic_buffer(request_), "\r\n\r\n", error);
    const size_t head = request_.find("\r\n\r\n") + 4;
    const size_t length = request_.find("Content-Length: ");
    if (error || length == std::string::npos) return;
    const size_t whole = head + std::stoul(request_.substr(length + 16));
    while (request_.size() < whole && !error) read_more(stream, error);
    if (answer_) boost::asio::write(stream, boost::asio::buffer(*answer_), error);
    while (!answer_ && !error) read_more(stream, error);
  }

  template <class Stream>
  void read_more(Stream& stream, Error& error) {
    char bytes[1024];
    request_.append(bytes, stream.read_some(boost::asio::buffer(bytes), error));
  }

  std::optional<std::string> answer_;
  boost::asio::ssl::context* tls_;
  std::string request_;
  boost::asio::io_context io_;
  Tcp::acceptor acceptor_{io_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::jthread thread_;
};

}  // namespace millrace::security

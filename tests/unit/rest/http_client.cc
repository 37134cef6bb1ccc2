#include "http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>

namespace millrace::rest {

HttpClient::HttpClient(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
  const timeval patience{kClientPatienceSeconds, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ok_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

HttpClient::HttpClient(uint16_t port, SSL_CTX* tls) : HttpClient(port) {
  tls_.reset(SSL_new(tls));
  SSL_set_fd(tls_.get(), fd_);
  ok_ = ok_ && SSL_connect(tls_.get()) == 1;
}

HttpClient::~HttpClient() {
  close();
}

void HttpClient::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

bool HttpClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = tls_ ? SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()))
                              : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool HttpClient::fill() {
  char chunk[16'384];
  const ssize_t got =
      tls_ ? SSL_read(tls_.get(), chunk, sizeof chunk) : ::recv(fd_, chunk, sizeof chunk, 0);
  if (got <= 0) return false;
  buffer_.append(chunk, static_cast<size_t>(got));
  return true;
}

std::string HttpClient::receive_until(std::string_view end) {
  size_t at = buffer_.find(end);
  while (at == std::string::npos && fill()) at = buffer_.find(end);
  const size_t size = at == std::string::npos ? buffer_.size() : at + end.size();
  std::string text = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return text;
}

ClientResponse HttpClient::receive(bool head) {
  ClientResponse response;
  const std::string text = receive_until("\r\n\r\n");
  if (!text.starts_with("HTTP/1.") || !text.ends_with("\r\n\r\n")) return response;
  response.status = std::atoi(text.c_str() + 9);
  for (size_t begin = text.find("\r\n") + 2; begin < text.size() - 2;) {
    const size_t end = text.find("\r\n", begin);
    const size_t colon = text.find(": ", begin);
    std::string name = text.substr(begin, colon - begin);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    std::string& value = response.headers[name];
    if (!value.empty()) value += ", ";
    value += text.substr(colon + 2, end - colon - 2);
    begin = end + 2;
  }
  const auto length = response.headers.find("content-length");
  if (head || length == response.headers.end()) return response;
  const size_t size = std::stoul(length->second);
  while (buffer_.size() < size && fill()) {
  }
  response.body = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return response;
}

bool HttpClient::is_closed() {
  if (!buffer_.empty()) return false;
  char byte = 0;
  const ssize_t got = ::recv(fd_, &byte, 1, 0);
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

ClientResponse HttpClient::call(std::string_view method, std::string_view target,
                                std::string_view body, std::string_view headers) {
  std::string request = std::string(method) + " " + std::string(target) +
                        " HTTP/1.1\r\nHost: worker\r\n" + std::string(headers);
  if (!body.empty()) {
    request +=
        "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  }
  send(request + "\r\n" + std::string(body));
  return receive(method == "HEAD");
}

}  // namespace millrace::rest

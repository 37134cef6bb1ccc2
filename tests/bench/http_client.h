#pragma once
// Lookups over one connection of loopback, for the programs that measure them.

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace bench {

/// One connection; returns the bytes of the answer's body, 0 for anything but 200.
class HttpClient {
 public:
  explicit HttpClient(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      std::abort();
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~HttpClient() { ::close(fd_); }

  size_t call(const std::string& request) {
    if (::send(fd_, request.data(), request.size(), 0) < 0) return 0;
    size_t have = 0;
    size_t need = SIZE_MAX;
    size_t body = 0;
    while (have < need) {
      if (have == buffer_.size()) buffer_.resize(2 * buffer_.size());
      const ssize_t got = ::recv(fd_, buffer_.data() + have, buffer_.size() - have, 0);
      if (got <= 0) return 0;
      have += static_cast<size_t>(got);
      const std::string_view text(buffer_.data(), have);
      const size_t end = text.find("\r\n\r\n");
      if (need != SIZE_MAX || end == std::string_view::npos) continue;
      if (text.substr(9, 3) != "200") return 0;
      body = std::strtoull(buffer_.data() + text.find("Content-Length: ") + 16, nullptr, 10);
      need = end + 4 + body;
    }
    return body;
  }

 private:
  int fd_;
  std::string buffer_ = std::string(64 * 1024, '\0');
};

/// Of RonDB's API.
inline std::string lookup_request(std::string_view path, std::string_view body) {
  return fmt::format(
      "POST /0.1.0/{} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\n\r\n{}",
      path, body.size(), body);
}

}  // namespace bench

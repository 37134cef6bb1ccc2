#pragma once
// A peer that is no HTTP server: it accepts, and sends what a test wants, or nothing at all.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <thread>
#include <utility>

namespace millrace::rest {

/// A listening socket on 127.0.0.1 which the system accepts for: a half-open peer.
class SilentPeer {
 public:
  SilentPeer() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size);
    ::listen(fd_, 16);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~SilentPeer() { ::close(fd_); }
  SilentPeer(const SilentPeer&) = delete;
  SilentPeer& operator=(const SilentPeer&) = delete;

  uint16_t port() const noexcept { return port_; }

 protected:
  int fd_;

 private:
  uint16_t port_ = 0;
};

/// Answers the first connection with `text`, whatever it asks, and closes it.
class RawPeer : public SilentPeer {
 public:
  explicit RawPeer(std::string text)
      : thread_([this, text = std::move(text)] {
          const int client = ::accept(fd_, nullptr, nullptr);
          char request[4096];
          if (::recv(client, request, sizeof request, 0) > 0) {
            ::send(client, text.data(), text.size(), MSG_NOSIGNAL);
          }
          ::shutdown(client, SHUT_WR);
          while (::recv(client, request, sizeof request, 0) > 0) {
          }
          ::close(client);
        }) {}
  ~RawPeer() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
  }

 private:
  std::thread thread_;
};

}  // namespace millrace::rest

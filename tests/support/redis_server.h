#pragma once
// A Redis server on a free port of loopback, with its files in a temporary folder.

#include <sys/socket.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/server_process.h"

namespace millrace::testing_support {

class RedisServer {
 public:
  explicit RedisServer(std::vector<std::string> options = {}) : options_(std::move(options)) {
    port_ = free_port();
    start();
  }

  int32_t port() const noexcept { return port_; }
  /// Without notice. What was acknowledged is there after start(): the kernel has it, if not the
  /// disk.
  void kill() { process_->kill(SIGKILL); }
  void start() {
    std::vector<std::string> command = {"redis-server",
                                        "--port",
                                        std::to_string(port_),
                                        "--bind",
                                        "127.0.0.1",
                                        "--dir",
                                        folder_.path().string(),
                                        "--save",
                                        "",
                                        "--appendonly",
                                        "yes",
                                        "--appendfsync",
                                        "no"};
    command.insert(command.end(), options_.begin(), options_.end());
    process_ = std::make_unique<ServerProcess>(command, folder_ / "log");
    process_->start([this] { return answers(); });
  }

 private:
  /// Not while it still loads its log.
  bool answers() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port_));
    bool is_ready = false;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        ::send(fd, "PING\r\n", 6, MSG_NOSIGNAL) == 6) {
      char answer[64] = {};
      const ssize_t size = ::recv(fd, answer, sizeof answer - 1, 0);
      const std::string text(answer, size > 0 ? static_cast<size_t>(size) : 0);
      is_ready = text.starts_with("+PONG") || text.starts_with("-NOAUTH");
    }
    ::close(fd);
    return is_ready;
  }

  TemporaryFolder folder_;
  std::vector<std::string> options_;
  int32_t port_ = 0;
  std::unique_ptr<ServerProcess> process_;
};

}  // namespace millrace::testing_support

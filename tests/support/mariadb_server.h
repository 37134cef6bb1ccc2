#pragma once
// A MariaDB server on a socket in a temporary folder; works as root and as a user.

#include <sys/un.h>

#include <memory>
#include <string>

#include "tests/support/server_process.h"

namespace millrace::testing_support {

class MariadbServer {
 public:
  MariadbServer() {
    const std::string data = (folder_ / "data").string();
    ServerProcess(as_user({"mariadb-install-db", "--no-defaults", "--datadir=" + data,
                           "--auth-root-authentication-method=normal", "--skip-test-db",
                           "--skip-name-resolve", "--innodb-log-file-size=4M"}),
                  folder_ / "install.log")
        .run();
    start();
  }

  std::string socket() const { return (folder_ / "s").string(); }
  int32_t port() const noexcept { return port_; }
  std::string folder() const { return folder_.path().string(); }
  /// Without notice. What was committed is there after start(): it is with the kernel, if not on
  /// disk.
  void kill() { process_->kill(SIGKILL); }
  void start() {
    port_ = free_port();
    process_ = std::make_unique<ServerProcess>(
        as_user({"mariadbd", "--no-defaults", "--datadir=" + (folder_ / "data").string(),
                 "--socket=" + socket(), "--pid-file=" + (folder_ / "pid").string(),
                 "--port=" + std::to_string(port_), "--bind-address=127.0.0.1",
                 "--innodb-buffer-pool-size=32M", "--innodb-log-file-size=4M",
                 "--innodb-flush-log-at-trx-commit=2", "--innodb-flush-method=nosync",
                 "--sync-frm=OFF", "--skip-name-resolve"}),
        folder_ / "log");
    std::filesystem::remove(socket());
    process_->start([this] { return answers(); });
  }

 private:
  /// As root it must be told so; a user is who it is.
  static std::vector<std::string> as_user(std::vector<std::string> command) {
    if (::geteuid() == 0) command.emplace_back("--user=root");
    return command;
  }

  bool answers() const {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket().copy(address.sun_path, sizeof address.sun_path - 1);
    // It greets whoever may log in.
    char byte = 0;
    const bool is_ready =
        ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        ::recv(fd, &byte, 1, MSG_PEEK) == 1;
    ::close(fd);
    return is_ready;
  }

  TemporaryFolder folder_;
  int32_t port_ = 0;
  std::unique_ptr<ServerProcess> process_;
};

}  // namespace millrace::testing_support

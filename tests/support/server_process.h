#pragma once
// Servers that tests start themselves: in a child process, killed at the end.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace millrace::testing_support {

/// A port of loopback that was free a moment ago.
inline uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(fd, reinterpret_cast<const sockaddr*>(&address), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

/// A child that ends with this process, its output in a file.
class ServerProcess {
 public:
  ServerProcess(std::vector<std::string> command, std::filesystem::path log)
      : command_(std::move(command)), log_(std::move(log)) {}
  ~ServerProcess() { kill(SIGKILL); }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  /// Starts it, and waits until `is_ready`. Throws with the log when it ends, or is not ready in
  /// time.
  void start(const std::function<bool()>& is_ready) {
    launch();
    const auto deadline = std::chrono::steady_clock::now() + kStart;
    while (!is_ready()) {
      if (!is_running() || std::chrono::steady_clock::now() > deadline) {
        kill(SIGKILL);
        throw std::runtime_error(command_[0] + " did not start:\n" + read_text(log_));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  /// Runs it to its end. Throws with the log when it fails.
  void run() {
    launch();
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = -1;
    if (status != 0) throw std::runtime_error(command_[0] + " failed:\n" + read_text(log_));
  }
  void kill(int signal) {
    if (child_ <= 0) return;
    ::kill(child_, signal);
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
  }

 private:
  static constexpr std::chrono::seconds kStart{60};

  bool is_running() {
    if (child_ <= 0 || ::waitpid(child_, nullptr, WNOHANG) == 0) return child_ > 0;
    child_ = -1;
    return false;
  }

  void launch() {
    std::vector<char*> arguments;
    for (std::string& argument : command_) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    child_ = ::fork();
    if (child_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGPIPE, SIG_DFL);
    const int log = ::open(log_.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, 0);
    ::dup2(log, 1);
    ::dup2(log, 2);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }

  std::vector<std::string> command_;
  std::filesystem::path log_;
  pid_t child_ = -1;
};

}  // namespace millrace::testing_support

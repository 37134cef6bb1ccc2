#pragma once
// `-daemon` of Kafka's scripts.

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace millrace {

/// Goes on in the background, detached from the terminal, with output to `$LOG_DIR/NAME.out`
/// (`logs/` by default). Before any thread is started.
inline void become_daemon(const std::string& name) {
  if (::fork() > 0) std::_Exit(0);
  ::setsid();
  const char* folder = std::getenv("LOG_DIR");
  const std::filesystem::path logs = folder != nullptr ? folder : "logs";
  std::error_code ignored;
  std::filesystem::create_directories(logs, ignored);
  constexpr mode_t kMode = 0644;
  const int out = ::open((logs / (name + ".out")).c_str(), O_WRONLY | O_CREAT | O_TRUNC, kMode);
  const int in = ::open("/dev/null", O_RDONLY);
  if (in >= 0) ::dup2(in, STDIN_FILENO);
  if (out >= 0) {
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
  }
}

}  // namespace millrace

#include "connectors/support/crash_point.h"

#include <unistd.h>

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdlib>

namespace millrace {
namespace {

struct Wanted {
  std::string_view point;  // of the environment's memory; empty: none
  uint64_t pass = 1;
};

Wanted wanted() noexcept {
  const char* text = std::getenv("MILLRACE_CRASH_AT");
  if (text == nullptr) return {};
  const std::string_view all(text);
  const size_t colon = all.rfind(':');
  Wanted wanted{all.substr(0, colon)};
  if (colon == std::string_view::npos) return wanted;
  std::from_chars(all.data() + colon + 1, all.data() + all.size(), wanted.pass);
  return wanted;
}

}  // namespace

void crash_point(std::string_view point) noexcept {
  static const Wanted kWanted = wanted();
  static std::atomic<uint64_t> passes{0};
  if (point != kWanted.point || point.empty()) return;
  if (passes.fetch_add(1, std::memory_order_relaxed) + 1 == kWanted.pass) ::kill(::getpid(), SIGKILL);
}

}  // namespace millrace

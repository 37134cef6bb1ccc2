#pragma once
// What the targets share: an entry point, a check that ends the process, and bytes as choices.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace millrace::fuzz {

/// Not an assertion that NDEBUG removes: libFuzzer keeps the input when the process aborts.
inline void check(bool holds, std::string_view what, std::string_view detail = {}) {
  if (holds) return;
  const std::string line = "fuzz: " + std::string(what) + ": " + std::string(detail) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::abort();
}

/// The input, taken from the front; zeros after its end.
class Input {
 public:
  Input(const uint8_t* data, size_t size)
      : rest_(reinterpret_cast<const char*>(data), data == nullptr ? 0 : size) {}

  bool empty() const noexcept { return rest_.empty(); }
  uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  uint64_t number() {
    uint64_t value = 0;
    for (size_t i = 0; i < sizeof value; ++i) value = value << 8U | byte();
    return value;
  }
  /// Below `limit`.
  size_t choose(size_t limit) { return byte() % limit; }
  bool flag() { return (byte() & 1U) != 0; }
  std::string_view take(size_t most) {
    const std::string_view taken = rest_.substr(0, most);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view rest() { return take(rest_.size()); }

 private:
  std::string_view rest_;
};

}  // namespace millrace::fuzz

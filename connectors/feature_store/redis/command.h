#pragma once
// Commands in Redis' protocol.

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::feature_store {

/// Arguments as bytes; any may hold anything.
class RedisArguments {
 public:
  RedisArguments() = default;
  template <typename... Texts>
  explicit RedisArguments(std::string_view first, const Texts&... more) {
    add(first);
    (add(more), ...);
  }
  void add(std::string_view argument) {
    bytes_ += '$';
    bytes_ += std::to_string(argument.size());
    bytes_ += "\r\n";
    bytes_ += argument;
    bytes_ += "\r\n";
    ++count_;
  }
  void add(int64_t number) { add(std::to_string(number)); }
  void add(const RedisArguments& others) {
    bytes_ += others.bytes_;
    count_ += others.count_;
  }
  size_t count() const noexcept { return count_; }
  void clear() noexcept {
    bytes_.clear();
    count_ = 0;
  }
  /// The whole command.
  std::string command() const { return "*" + std::to_string(count_) + "\r\n" + bytes_; }

 private:
  std::string bytes_;
  size_t count_ = 0;
};

}  // namespace millrace::feature_store

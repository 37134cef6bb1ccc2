#pragma once
// Bytes that are overwritten when they are no longer needed.

#include <openssl/crypto.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::security {

template <class T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <class U>
  explicit WipingAllocator(const WipingAllocator<U>&) noexcept {}
  T* allocate(size_t n) { return std::allocator<T>().allocate(n); }
  void deallocate(T* memory, size_t n) noexcept {
    OPENSSL_cleanse(memory, n * sizeof(T));
    std::allocator<T>().deallocate(memory, n);
  }
  bool operator==(const WipingAllocator&) const noexcept { return true; }
};

/// For work on keys and passwords.
using SecretBytes = std::vector<uint8_t, WipingAllocator<uint8_t>>;

/// A password, token or private key. Nothing prints it; value() is for handing it on.
class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(std::string_view text) : text_(text) {}
  explicit SecretText(std::string&& text) : text_(text) {
    OPENSSL_cleanse(text.data(), text.size());
  }
  SecretText(const SecretText&) = default;
  SecretText& operator=(const SecretText& other) {
    if (this != &other) *this = SecretText(other);
    return *this;
  }
  SecretText(SecretText&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  SecretText& operator=(SecretText&& other) noexcept {
    text_.swap(other.text_);
    other.wipe();
    return *this;
  }
  ~SecretText() { wipe(); }

  const std::string& value() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }
  bool operator==(const SecretText&) const = default;

 private:
  void wipe() noexcept {
    text_.resize(text_.capacity());
    OPENSSL_cleanse(text_.data(), text_.size());
    text_.clear();
  }

  std::string text_;
};

}  // namespace millrace::security

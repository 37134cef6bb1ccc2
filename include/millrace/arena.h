#pragma once
// Bump allocator of a batch. Everything a record points to lives here or in a message buffer that
// the batch owns. Reset keeps the blocks, so a warmed-up batch allocates nothing.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "millrace/value.h"

namespace millrace {

/// Not thread-safe: one owner at a time. With AddressSanitizer a reset arena is poisoned, so that
/// a value kept past its batch is caught.
class Arena {
 public:
  static constexpr size_t kBlockSize = size_t{64} * 1024;
  /// Bytes of blocks kept over reset(); above it blocks are returned to the system.
  static constexpr size_t kMaxRetained = size_t{8} * 1024 * 1024;

  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  /// `size` bytes aligned to `align` (a power of two, at most 16). Never null; throws bad_alloc.
  void* allocate(size_t size, size_t align = 8) {
    const uintptr_t at = (cursor_ + (align - 1)) & ~(uintptr_t{align} - 1);
    if (at + size > end_) return allocate_slow(size, align);
    cursor_ = at + size;
    unpoison(at, size);
    return reinterpret_cast<void*>(at);
  }
  /// Uninitialised array of a trivially destructible type.
  template <class T>
  std::span<T> make_array(size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    return {static_cast<T*>(allocate(count * sizeof(T), alignof(T))), count};
  }
  template <class T>
  T* make() {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (allocate(sizeof(T), alignof(T))) T();
  }
  std::string_view copy(std::string_view text) {
    if (text.empty()) return {"", 0};
    char* p = static_cast<char*>(allocate(text.size(), 1));
    std::memcpy(p, text.data(), text.size());
    return {p, text.size()};
  }
  std::span<const uint8_t> copy(std::span<const uint8_t> bytes) {
    const auto text = copy({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
  }

  /// Forgets everything; keeps at most kMaxRetained bytes of blocks for reuse.
  void reset() noexcept;
  /// Bytes handed out since the last reset, rounded up to whole used blocks.
  size_t used() const noexcept;
  size_t reserved() const noexcept { return reserved_; }

 private:
  struct Block {
    std::unique_ptr<std::byte[]> memory;
    size_t size;
  };
  void* allocate_slow(size_t size, size_t align);
  void use_block(size_t index) noexcept;
  static void poison(uintptr_t at, size_t size) noexcept;
  static void unpoison(uintptr_t at, size_t size) noexcept;

  std::vector<Block> blocks_;
  size_t current_ = 0;  // index of the block cursor_ is in; blocks_.size() when there is none
  // Without a block: past the end for every size but 0, and never null.
  uintptr_t cursor_ = 1;
  uintptr_t end_ = 1;
  size_t reserved_ = 0;
};

#if defined(__SANITIZE_ADDRESS__)
extern "C" void __asan_poison_memory_region(void const volatile*, size_t);
extern "C" void __asan_unpoison_memory_region(void const volatile*, size_t);
inline void Arena::poison(uintptr_t at, size_t size) noexcept {
  __asan_poison_memory_region(reinterpret_cast<void*>(at), size);
}
inline void Arena::unpoison(uintptr_t at, size_t size) noexcept {
  __asan_unpoison_memory_region(reinterpret_cast<void*>(at), size);
}
#else
inline void Arena::poison(uintptr_t, size_t) noexcept {}
inline void Arena::unpoison(uintptr_t, size_t) noexcept {}
#endif

/// Deep copy of `value` into `arena`. Struct schemas are not copied: their owner must be kept.
Value copy_value(const Value& value, Arena& arena);

}  // namespace millrace

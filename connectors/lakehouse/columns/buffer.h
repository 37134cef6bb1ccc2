#pragma once
// Memory that grows and is written once: a vector would clear it first.

#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

namespace millrace::lakehouse {

/// Growing array of plain values; new elements have no value until written. Movable only. Throws
/// std::bad_alloc.
template <class T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  ~Buffer() { std::free(data_); }
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }

  T* data() noexcept { return data_; }
  const T* data() const noexcept { return data_; }
  size_t size() const noexcept { return size_; }
  size_t capacity() const noexcept { return capacity_; }
  T& operator[](size_t i) noexcept { return data_[i]; }
  const T& operator[](size_t i) const noexcept { return data_[i]; }
  T& back() noexcept { return data_[size_ - 1]; }

  void push(T value) {
    if (size_ == capacity_) grow(1);
    data_[size_++] = value;
  }
  /// So many elements more; where they begin.
  T* extend(size_t count) {
    if (count > capacity_ - size_) grow(count);
    T* begin = data_ + size_;
    size_ += count;
    return begin;
  }
  void shrink(size_t size) noexcept { size_ = size; }  // keeps the memory

 private:
  [[gnu::noinline]] void grow(size_t more) {
    constexpr size_t kFirst = 1024 / sizeof(T);
    size_t wanted = capacity_ == 0 ? kFirst : capacity_ * 2;
    if (wanted < size_ + more) wanted = size_ + more;
    void* moved = std::realloc(static_cast<void*>(data_), wanted * sizeof(T));
    if (moved == nullptr) throw std::bad_alloc();
    data_ = static_cast<T*>(moved);
    capacity_ = wanted;
  }

  T* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace millrace::lakehouse

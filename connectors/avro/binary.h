#pragma once
// Avro's binary form, one value at a time (specification 1.11, "Binary Encoding").

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace millrace::avro {

/// Appends to a string that outlives it.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void write_boolean(bool value) { out_.push_back(value ? '\1' : '\0'); }
  void write_int(int32_t value) { write_long(value); }
  void write_long(int64_t value);
  void write_float(float value);
  void write_double(double value);
  void write_bytes(std::string_view value);  // text too
  void write_fixed(std::string_view value) { out_.append(value); }
  /// Opens the one block of an array or map with `count` items; nothing for an empty one. close_block
  /// follows the items in both cases.
  void open_block(size_t count);
  void close_block() { out_.push_back('\0'); }

 private:
  std::string& out_;
};

/// Reads from bytes that outlive it and what it returns. Never throws, never allocates: after the first
/// error everything is zero or empty, and `error` tells what was wrong.
class Reader {
 public:
  Reader() = default;
  explicit Reader(std::string_view bytes) : next_(bytes.data()), end_(next_ + bytes.size()) {}

  bool read_boolean() noexcept {
    if (next_ != end_ && static_cast<uint8_t>(*next_) <= 1) return *next_++ != 0;
    return fail_boolean();
  }
  int32_t read_int() noexcept {
    const int64_t value = read_long();
    if (value == static_cast<int32_t>(value)) return static_cast<int32_t>(value);
    fail("an int has more than 32 bits");
    return 0;
  }
  int64_t read_long() noexcept {
    if (next_ == end_ || static_cast<uint8_t>(*next_) >= 0x80) return read_long_number();
    const auto byte = static_cast<uint8_t>(*next_++);
    return static_cast<int64_t>((byte >> 1U) ^ (uint64_t{0} - (byte & 1U)));
  }
  float read_float() noexcept { return std::bit_cast<float>(little_endian<uint32_t>()); }
  double read_double() noexcept { return std::bit_cast<double>(little_endian<uint64_t>()); }
  std::string_view read_bytes() noexcept {
    const int64_t size = read_long();
    if (size >= 0 && static_cast<uint64_t>(size) <= remaining()) return take(static_cast<size_t>(size));
    fail(size < 0 ? "a length is negative" : "the input ends within a value");
    return {};
  }
  std::string_view read_fixed(size_t size) noexcept {
    if (size <= remaining()) return take(size);
    fail("the input ends within a value");
    return {};
  }
  /// Items in the next block of an array or map; 0 at its end. `skip_bytes`, if given, is the block's
  /// size where the writer noted it, else -1.
  int64_t read_block(int64_t* skip_bytes = nullptr) noexcept;
  /// Index of a union's branch or an enum's symbol, below `count`.
  size_t read_index(size_t count) noexcept {
    const int64_t index = read_long();
    if (index >= 0 && static_cast<uint64_t>(index) < count) return static_cast<size_t>(index);
    fail("the index of a branch or symbol is out of range");
    return 0;
  }

  bool failed() const noexcept { return error_ != nullptr; }
  /// Null when nothing went wrong. Static storage.
  const char* error() const noexcept { return error_; }
  /// The first error stays.
  void fail(const char* error) noexcept;
  size_t remaining() const noexcept { return static_cast<size_t>(end_ - next_); }

 private:
  bool fail_boolean() noexcept;
  int64_t read_long_number() noexcept;
  std::string_view take(size_t size) noexcept {
    const std::string_view value(next_, size);
    next_ += size;
    return value;
  }
  template <typename Number>
  Number little_endian() noexcept {
    static_assert(std::endian::native == std::endian::little);
    Number value = 0;
    const std::string_view bytes = read_fixed(sizeof value);
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }

  const char* next_ = nullptr;
  const char* end_ = nullptr;
  const char* error_ = nullptr;
};

}  // namespace millrace::avro

#pragma once
// Avro's binary form, one value at a time (specification 1.11, "Binary Encoding").

#include <cstdint>
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

  bool read_boolean() noexcept;
  int32_t read_int() noexcept;
  int64_t read_long() noexcept;
  float read_float() noexcept;
  double read_double() noexcept;
  std::string_view read_bytes() noexcept;
  std::string_view read_fixed(size_t size) noexcept;
  /// Items in the next block of an array or map; 0 at its end. `skip_bytes`, if given, is the block's
  /// size where the writer noted it, else -1.
  int64_t read_block(int64_t* skip_bytes = nullptr) noexcept;
  /// Index of a union's branch or an enum's symbol, below `count`.
  size_t read_index(size_t count) noexcept;

  bool failed() const noexcept { return error_ != nullptr; }
  /// Null when nothing went wrong. Static storage.
  const char* error() const noexcept { return error_; }
  /// The first error stays.
  void fail(const char* error) noexcept;
  size_t remaining() const noexcept { return static_cast<size_t>(end_ - next_); }

 private:
  const char* next_ = nullptr;
  const char* end_ = nullptr;
  const char* error_ = nullptr;
};

}  // namespace millrace::avro

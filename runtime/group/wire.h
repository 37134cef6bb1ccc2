#pragma once
// Kafka's primitive types on the wire: big-endian numbers, strings and arrays with their length.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace millrace::group {

/// Appends to a byte string. One thread.
class WireWriter {
 public:
  void int8(int8_t value) { big_endian(static_cast<uint8_t>(value), sizeof value); }
  void int16(int16_t value) { big_endian(static_cast<uint16_t>(value), sizeof value); }
  void int32(int32_t value) { big_endian(static_cast<uint32_t>(value), sizeof value); }
  void int64(int64_t value) { big_endian(static_cast<uint64_t>(value), sizeof value); }
  /// Throws ConnectException when `text` has more than 32,767 bytes.
  void string(std::string_view text);
  void null_string() { int16(-1); }
  /// Number of elements of an array. Throws ConnectException above 2^31 - 1.
  void count(size_t elements);
  void bytes(std::string_view data);
  void null_bytes() { int32(-1); }

  std::string take() { return std::move(out_); }

 private:
  void big_endian(uint64_t value, size_t size);

  std::string out_;
};

/// Reads from bytes that outlive it. Every read throws ConnectException, which names `subject`,
/// `field`, what is wrong and `advice`, when the bytes end too early or hold an impossible length.
class WireReader {
 public:
  WireReader(std::string_view bytes, std::string_view subject,
             std::string_view advice = "check that only Connect workers use this group id")
      : left_(bytes), subject_(subject), advice_(advice) {}

  int8_t int8(std::string_view field) { return static_cast<int8_t>(big_endian(1, field)); }
  int16_t int16(std::string_view field) { return static_cast<int16_t>(big_endian(2, field)); }
  int32_t int32(std::string_view field) { return static_cast<int32_t>(big_endian(4, field)); }
  int64_t int64(std::string_view field) { return static_cast<int64_t>(big_endian(8, field)); }
  /// Malformed UTF-8 is replaced as Java does it.
  std::string string(std::string_view field);
  /// Empty when null.
  std::string nullable_string(std::string_view field);
  /// Number of elements of an array, or kNull when it is negative. At most as many as bytes follow.
  int32_t count(std::string_view field);
  /// False when null.
  bool nullable_bytes(std::string_view field, std::string_view& data);

  bool at_end() const noexcept { return left_.empty(); }
  [[noreturn]] void fail(std::string_view field, std::string_view problem) const;

  static constexpr int32_t kNull = -1;

 private:
  uint64_t big_endian(size_t size, std::string_view field);
  std::string_view take(size_t size, std::string_view field);

  std::string_view left_;
  std::string_view subject_;
  std::string_view advice_;
};

}  // namespace millrace::group

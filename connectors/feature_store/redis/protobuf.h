#pragma once
// The little of protobuf's wire format that values for Feast need.

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::feature_store::protobuf {

enum class Wire : uint8_t { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

inline void put_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80U; value >>= 7U) out += static_cast<char>(value | 0x80U);
  out += static_cast<char>(value);
}
inline void put_tag(std::string& out, uint32_t field, Wire wire) {
  put_varint(out, (field << 3U) | static_cast<uint32_t>(wire));
}
template <typename Number>
void put_little_endian(std::string& out, Number value) {
  for (size_t i = 0; i < sizeof value; ++i) out += static_cast<char>(value >> (8U * i));
}
/// Negative numbers take ten bytes, whatever their type.
inline void put_number(std::string& out, uint32_t field, int64_t value) {
  put_tag(out, field, Wire::Varint);
  put_varint(out, static_cast<uint64_t>(value));
}
inline void put_double(std::string& out, uint32_t field, double value) {
  put_tag(out, field, Wire::Fixed64);
  put_little_endian(out, std::bit_cast<uint64_t>(value));
}
inline void put_float(std::string& out, uint32_t field, float value) {
  put_tag(out, field, Wire::Fixed32);
  put_little_endian(out, std::bit_cast<uint32_t>(value));
}
inline void put_bytes(std::string& out, uint32_t field, std::string_view value) {
  put_tag(out, field, Wire::Bytes);
  put_varint(out, value.size());
  out += value;
}

}  // namespace millrace::feature_store::protobuf

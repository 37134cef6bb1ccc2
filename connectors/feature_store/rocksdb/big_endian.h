#pragma once
// Numbers in keys: big-endian, so that they sort.

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace millrace::feature_store {

/// Signed ones have their sign flipped.
template <typename Number>
void append_big_endian(std::string& out, Number number) {
  using Bits = std::make_unsigned_t<Number>;
  auto bits = static_cast<Bits>(number);
  if constexpr (std::is_signed_v<Number>) bits ^= Bits{1} << (8 * sizeof(Bits) - 1);
  for (size_t i = sizeof(Bits); i-- > 0;) out.push_back(static_cast<char>((bits >> (8 * i)) & 0xFF));
}

/// The number at the front of `in`, which is cut off. False: too short.
template <typename Number>
bool take_big_endian(std::string_view& in, Number& number) {
  using Bits = std::make_unsigned_t<Number>;
  if (in.size() < sizeof(Bits)) return false;
  Bits bits = 0;
  for (size_t i = 0; i < sizeof(Bits); ++i) {
    bits = static_cast<Bits>((bits << 8U) | static_cast<uint8_t>(in[i]));
  }
  if constexpr (std::is_signed_v<Number>) bits ^= Bits{1} << (8 * sizeof(Bits) - 1);
  number = static_cast<Number>(bits);
  in.remove_prefix(sizeof(Bits));
  return true;
}

/// The first key behind all that begin with `prefix`; empty: there is none.
inline std::string behind_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<uint8_t>(prefix.back()) == 0xFF) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<uint8_t>(prefix.back()) + 1);
  return prefix;
}

}  // namespace millrace::feature_store

#include "connectors/scalars/decimal_bytes.h"

#include <algorithm>

namespace millrace {
namespace {

bool negative(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0x80U) != 0;
}

}  // namespace

std::string_view minimal_decimal(std::string_view bytes) noexcept {
  while (bytes.size() > 1 && (bytes[0] == '\0' || bytes[0] == '\xff') &&
         negative(bytes[0]) == negative(bytes[1])) {
    bytes.remove_prefix(1);
  }
  return bytes;
}

std::string decimal_bytes(Int128 unscaled) {
  char bytes[kMaxDecimalBytes];
  auto rest = static_cast<Uint128>(unscaled);
  for (size_t at = kMaxDecimalBytes; at-- > 0; rest >>= 8) {
    bytes[at] = static_cast<char>(static_cast<unsigned char>(rest & 0xffU));
  }
  return std::string(minimal_decimal({bytes, kMaxDecimalBytes}));
}

Int128 decimal_value(std::string_view bytes) noexcept {
  Uint128 value = !bytes.empty() && negative(bytes[0]) ? ~Uint128{0} : 0;
  for (char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return static_cast<Int128>(value);
}

std::optional<Int128> int128_of(std::string_view bytes) noexcept {
  bytes = minimal_decimal(bytes);
  if (bytes.empty() || bytes.size() > kMaxDecimalBytes) return std::nullopt;
  return decimal_value(bytes);
}

bool rescale(Int128& number, int32_t from, int32_t to) noexcept {
  if (number == 0) return true;
  const int64_t up = int64_t{to} - from;
  if (up > kMaxPrecision || up < -kMaxPrecision) return false;
  const Int128 power = power_of_ten(static_cast<int32_t>(up < 0 ? -up : up));
  if (up >= 0) return !__builtin_mul_overflow(number, power, &number);
  if (number % power != 0) return false;
  number /= power;
  return true;
}

std::string decimal_text(Int128 unscaled, int32_t scale) {
  auto rest = static_cast<Uint128>(unscaled);
  if (unscaled < 0) rest = ~rest + 1;
  std::string digits;  // backwards
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  } while (rest != 0);
  const auto behind = static_cast<size_t>(std::max(scale, 0));
  while (digits.size() <= behind) digits.push_back('0');
  if (behind > 0) digits.insert(behind, 1, '.');
  if (unscaled < 0) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  return digits;
}

}  // namespace millrace

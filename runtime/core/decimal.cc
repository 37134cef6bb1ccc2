#include "millrace/decimal.h"

#include <openssl/bn.h>

#include <charconv>
#include <limits>
#include <memory>
#include <vector>

namespace millrace {
namespace {

using BigNumber = std::unique_ptr<BIGNUM, decltype(&BN_free)>;

/// Digits of |unscaled| and its sign.
std::pair<std::string, bool> to_digits(std::span<const uint8_t> bytes) {
  std::vector<uint8_t> magnitude(bytes.begin(), bytes.end());
  const bool negative = !magnitude.empty() && (magnitude[0] & 0x80U) != 0;
  if (negative) {  // two's complement: invert and add one
    for (uint8_t& byte : magnitude) byte = static_cast<uint8_t>(~byte);
    for (size_t i = magnitude.size(); i-- > 0 && ++magnitude[i] == 0;) {
    }
    // -2^(8n-1) inverts to itself; read as unsigned it is right already.
  }
  const BigNumber number(BN_bin2bn(magnitude.data(), static_cast<int>(magnitude.size()), nullptr),
                         &BN_free);
  const std::unique_ptr<char, void (*)(char*)> text(BN_bn2dec(number.get()),
                                                    [](char* p) { OPENSSL_free(p); });
  return {text.get(), negative};
}

/// Minimal two's complement of the decimal digits.
std::vector<uint8_t> to_bytes(const std::string& digits, bool negative) {
  BIGNUM* raw = nullptr;
  BN_dec2bn(&raw, digits.c_str());
  const BigNumber number(raw, &BN_free);
  std::vector<uint8_t> bytes(static_cast<size_t>(BN_num_bytes(number.get())) + 1, 0);
  BN_bn2bin(number.get(), bytes.data() + 1);
  if (negative) {
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(~byte);
    for (size_t i = bytes.size(); i-- > 0 && ++bytes[i] == 0;) {
    }
  }
  size_t skip = 0;  // leading bytes that only repeat the sign
  while (skip + 1 < bytes.size() && (bytes[skip] == 0 || bytes[skip] == 0xFF) &&
         ((bytes[skip] ^ bytes[skip + 1]) & 0x80U) == 0) {
    ++skip;
  }
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(skip));
  return bytes;
}

}  // namespace

void append_decimal(std::string& out, const DecimalData& decimal) {
  constexpr int64_t kMinPlainExponent = -6;
  const auto [digits, negative] = to_digits(decimal.unscaled());
  if (negative) out += '-';
  const int64_t scale = decimal.scale;
  const int64_t adjusted = static_cast<int64_t>(digits.size()) - 1 - scale;
  if (scale == 0) {
    out += digits;
  } else if (scale > 0 && adjusted >= kMinPlainExponent) {
    const auto places = static_cast<size_t>(scale);
    if (digits.size() > places) {
      out += digits.substr(0, digits.size() - places) + '.' + digits.substr(digits.size() - places);
    } else {
      out += "0." + std::string(places - digits.size(), '0') + digits;
    }
  } else {
    out += digits[0];
    if (digits.size() > 1) out += '.' + digits.substr(1);
    if (adjusted != 0) out += 'E' + std::string(adjusted > 0 ? "+" : "") + std::to_string(adjusted);
  }
}

Value parse_decimal(std::string_view text, Arena& arena) {
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  std::string digits;
  int64_t scale = 0;
  bool point = false;
  size_t at = 0;
  for (; at < text.size() && (text[at] == '.' || (text[at] >= '0' && text[at] <= '9')); ++at) {
    if (text[at] == '.') {
      if (point) return {};
      point = true;
      continue;
    }
    digits += text[at];
    scale += point ? 1 : 0;
  }
  if (digits.empty()) return {};
  if (at < text.size()) {
    if (text[at] != 'e' && text[at] != 'E') return {};
    std::string_view exponent = text.substr(at + 1);
    if (exponent.starts_with('+')) {
      exponent.remove_prefix(1);
      if (exponent.starts_with('-')) return {};
    }
    int32_t value = 0;
    const auto [end, error] =
        std::from_chars(exponent.data(), exponent.data() + exponent.size(), value);
    if (error != std::errc() || end != exponent.data() + exponent.size()) return {};
    scale -= value;
  }
  if (scale > std::numeric_limits<int32_t>::max() || scale < std::numeric_limits<int32_t>::min()) {
    return {};
  }
  const std::vector<uint8_t> bytes = to_bytes(digits, negative);
  return Value::decimal(make_decimal(static_cast<int32_t>(scale), bytes, arena));
}

const DecimalData* make_decimal(int32_t scale, std::span<const uint8_t> unscaled, Arena& arena) {
  auto* data = static_cast<DecimalData*>(
      arena.allocate(sizeof(DecimalData) + unscaled.size(), alignof(DecimalData)));
  data->scale = scale;
  data->length = static_cast<uint32_t>(unscaled.size());
  std::copy(unscaled.begin(), unscaled.end(), reinterpret_cast<uint8_t*>(data + 1));
  return data;
}

}  // namespace millrace

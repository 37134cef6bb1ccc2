#include "millrace/base64.h"

#include <array>

namespace millrace {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kInvalid = 0xFF;

constexpr std::array<uint8_t, 256> kReverse = [] {
  std::array<uint8_t, 256> table{};
  table.fill(kInvalid);
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<uint8_t>(i);
  }
  return table;
}();

}  // namespace

void append_base64(std::string& out, std::span<const uint8_t> bytes) {
  size_t i = 0;
  const auto put = [&out](uint32_t six) { out += kAlphabet[six & 0x3FU]; };
  for (; i + 2 < bytes.size(); i += 3) {
    const uint32_t v = uint32_t{bytes[i]} << 16U | uint32_t{bytes[i + 1]} << 8U | bytes[i + 2];
    put(v >> 18U);
    put(v >> 12U);
    put(v >> 6U);
    put(v);
  }
  if (i + 1 == bytes.size()) {
    const uint32_t v = uint32_t{bytes[i]} << 16U;
    put(v >> 18U);
    put(v >> 12U);
    out += "==";
  } else if (i + 2 == bytes.size()) {
    const uint32_t v = uint32_t{bytes[i]} << 16U | uint32_t{bytes[i + 1]} << 8U;
    put(v >> 18U);
    put(v >> 12U);
    put(v >> 6U);
    out += '=';
  }
}

bool decode_base64(std::string_view text, std::string& out) {
  if (text.size() % 4 != 0) return false;
  size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  const size_t digits = text.size() - padding;
  uint32_t bits = 0;
  for (size_t i = 0; i < digits; ++i) {
    const uint8_t six = kReverse[static_cast<unsigned char>(text[i])];
    if (six == kInvalid) return false;
    bits = bits << 6U | six;
    if (i % 4 == 3) {
      out += static_cast<char>(bits >> 16U);
      out += static_cast<char>(bits >> 8U);
      out += static_cast<char>(bits);
    }
  }
  if (padding == 1) {
    out += static_cast<char>(bits >> 10U);
    out += static_cast<char>(bits >> 2U);
  } else if (padding == 2) {
    out += static_cast<char>(bits >> 4U);
  }
  return true;
}

}  // namespace millrace

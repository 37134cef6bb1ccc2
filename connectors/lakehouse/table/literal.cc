#include "connectors/lakehouse/table/literal.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <optional>

#include "connectors/scalars/decimal_bytes.h"
#include "millrace/errors.h"
#include "millrace/utf8.h"

namespace millrace::lakehouse {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they are");

template <class T>
std::string raw(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

template <class T>
T number(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

template <class T>
int order(T a, T b) noexcept {
  return a < b ? -1 : a > b ? 1 : 0;
}

/// -0.0 is below 0.0, as Java has it.
template <class T>
int order_real(T a, T b) noexcept {
  const int by_value = order(a, b);
  return by_value != 0 ? by_value : order(std::signbit(b), std::signbit(a));
}

int sign(int value) noexcept {
  return order(value, 0);
}

[[noreturn]] void bad_length(std::string_view bytes, const Type& type) {
  throw DataException(
      fmt::format("a single value of type {} cannot have {} bytes", type_text(type), bytes.size()));
}

/// Wider types may have values that were written before the column was promoted.
template <class Wide, class Narrow>
Wide promoted(std::string_view bytes, const Type& type) {
  if (bytes.size() == sizeof(Wide)) return number<Wide>(bytes);
  if (bytes.size() == sizeof(Narrow)) return static_cast<Wide>(number<Narrow>(bytes));
  bad_length(bytes, type);
}

std::string_view exactly(std::string_view bytes, size_t length, const Type& type) {
  if (bytes.size() != length) bad_length(bytes, type);
  return bytes;
}

/// Bytes of `text` that its first `length` code points take.
size_t prefix_bytes(std::string_view text, int32_t length) noexcept {
  size_t at = 0;
  for (int32_t points = 0; points < length && at < text.size(); ++points) {
    at += utf8::decode(text.substr(at)).length;
  }
  return at;
}

std::optional<char32_t> next_code_point(char32_t point) noexcept {
  if (point >= 0x10FFFF) return std::nullopt;
  return point == 0xD7FF ? char32_t{0xE000} : point + 1;
}

}  // namespace

Literal promoted(const Literal& value, const Type& type) {
  const auto* number = std::get_if<int32_t>(&value);
  if (number != nullptr && type.id == TypeId::Long) return int64_t{*number};
  const auto* real = std::get_if<float>(&value);
  if (real != nullptr && type.id == TypeId::Double) return double{*real};
  return value;
}

int compare(const Literal& a, const Literal& b, const Type& type) {
  switch (type.id) {
    case TypeId::Boolean:
      return order(std::get<bool>(a), std::get<bool>(b));
    case TypeId::Int:
    case TypeId::Date:
      return order(std::get<int32_t>(a), std::get<int32_t>(b));
    case TypeId::Long:
    case TypeId::Time:
    case TypeId::Timestamp:
    case TypeId::Timestamptz:
      return order(std::get<int64_t>(a), std::get<int64_t>(b));
    case TypeId::Float:
      return order_real(std::get<float>(a), std::get<float>(b));
    case TypeId::Double:
      return order_real(std::get<double>(a), std::get<double>(b));
    case TypeId::Decimal:
      return order(decimal_value(std::get<std::string>(a)),
                   decimal_value(std::get<std::string>(b)));
    default:
      // std::char_traits<char> compares as unsigned bytes.
      return sign(std::get<std::string>(a).compare(std::get<std::string>(b)));
  }
}

std::string to_bytes(const Literal& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return std::string(1, *flag ? '\1' : '\0');
  if (const auto* number32 = std::get_if<int32_t>(&value)) return raw(*number32);
  if (const auto* number64 = std::get_if<int64_t>(&value)) return raw(*number64);
  if (const auto* real32 = std::get_if<float>(&value)) return raw(*real32);
  if (const auto* real64 = std::get_if<double>(&value)) return raw(*real64);
  if (const auto* bytes = std::get_if<std::string>(&value)) return *bytes;
  throw DataException("null has no binary form");
}

Literal from_bytes(std::string_view bytes, const Type& type) {
  switch (type.id) {
    case TypeId::Boolean:
      return exactly(bytes, 1, type)[0] != '\0';
    case TypeId::Int:
    case TypeId::Date:
      return number<int32_t>(exactly(bytes, sizeof(int32_t), type));
    case TypeId::Long:
      return promoted<int64_t, int32_t>(bytes, type);
    case TypeId::Time:
    case TypeId::Timestamp:
    case TypeId::Timestamptz:
      return number<int64_t>(exactly(bytes, sizeof(int64_t), type));
    case TypeId::Float:
      return number<float>(exactly(bytes, sizeof(float), type));
    case TypeId::Double:
      return promoted<double, float>(bytes, type);
    case TypeId::Uuid:
      return std::string(exactly(bytes, 16, type));
    case TypeId::Fixed:
      return std::string(exactly(bytes, static_cast<size_t>(type.length), type));
    case TypeId::Decimal: {
      const std::string_view digits = minimal_decimal(bytes);
      if (digits.empty() || digits.size() > kMaxDecimalBytes) bad_length(bytes, type);
      return std::string(digits);
    }
    case TypeId::String:
    case TypeId::Binary:
      return std::string(bytes);
    default:
      throw DataException("type " + type_text(type) + " has no single values");
  }
}

std::string uuid_text(std::string_view bytes) {
  std::string text;
  for (size_t at = 0; at < bytes.size(); ++at) {
    if (at == 4 || at == 6 || at == 8 || at == 10) text += '-';
    text += fmt::format("{:02x}", static_cast<unsigned char>(bytes[at]));
  }
  return text;
}

std::string truncate_text(std::string_view text, int32_t length) {
  return std::string(text.substr(0, prefix_bytes(text, length)));
}

bool truncate_text_up(std::string_view text, int32_t length, std::string& out) {
  std::string_view prefix = text.substr(0, prefix_bytes(text, length));
  if (prefix.size() == text.size()) {
    out = text;
    return true;
  }
  while (!prefix.empty()) {
    size_t last = prefix.size() - 1;
    while (last > 0 && (static_cast<unsigned char>(prefix[last]) & 0xC0U) == 0x80U) --last;
    const auto next = next_code_point(utf8::decode(prefix.substr(last)).code_point);
    prefix = prefix.substr(0, last);
    if (!next) continue;
    out = prefix;
    utf8::append(out, *next);
    return true;
  }
  return false;
}

bool truncate_bytes_up(std::string_view bytes, int32_t length, std::string& out) {
  if (bytes.size() <= static_cast<size_t>(length)) {
    out = bytes;
    return true;
  }
  std::string_view prefix = bytes.substr(0, static_cast<size_t>(length));
  while (!prefix.empty() && prefix.back() == '\xff') prefix.remove_suffix(1);
  if (prefix.empty()) return false;
  out = prefix;
  out.back() = static_cast<char>(static_cast<unsigned char>(out.back()) + 1);
  return true;
}

}  // namespace millrace::lakehouse

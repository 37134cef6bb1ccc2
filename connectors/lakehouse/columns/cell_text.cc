#include "connectors/lakehouse/columns/cell_text.h"

#include "connectors/scalars/iso_time.h"
#include "millrace/decimal.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

using Kind = ::millrace::Type;

}  // namespace

std::optional<bool> to_bool(const Value& value) {
  if (value.type() == Kind::Boolean) return value.as_bool();
  if (value.type() != Kind::String) return std::nullopt;
  if (same_name(value.as_string(), "true", true)) return true;
  if (same_name(value.as_string(), "false", true)) return false;
  return std::nullopt;
}

std::string decimal_text(const Value& decimal) {
  std::string text;
  append_decimal(text, decimal.as_decimal());
  return text;
}

std::optional<int64_t> parse_temporal(std::string_view text, TypeId type) {
  switch (type) {
    case TypeId::Time: return parse_iso_time(text);
    case TypeId::Date: return parse_iso_date(text);
    case TypeId::Timestamp: return parse_iso_moment(text, IsoOffset::Ignore);
    default: return parse_iso_moment(text, IsoOffset::Apply);
  }
}

bool parse_uuid(std::string_view text, std::array<char, 16>& out) {
  const bool hyphens = text.size() == 36;
  if (!hyphens && text.size() != 32) return false;
  size_t digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (hyphens && (i == 8 || i == 13 || i == 18 || i == 23)) {
      if (c != '-') return false;
      continue;
    }
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return false;
    char& byte = out[digits / 2];
    byte = static_cast<char>(digits % 2 == 0 ? digit << 4 : static_cast<uint8_t>(byte) | digit);
    ++digits;
  }
  return true;
}

}  // namespace millrace::lakehouse

#pragma once
// Members of the JSON objects that internal topics hold.

#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/ids.h"
#include "millrace/json.h"
#include "millrace/value.h"

namespace millrace {

/// Null when `value` is null, no object or has no such member.
inline const Value* json_member(const Value* value, std::string_view name) {
  if (value == nullptr || value->type() != Type::Map) return nullptr;
  for (const MapEntry& entry : value->as_map()) {
    if (entry.key.as_string() == name) return &entry.value;
  }
  return nullptr;
}

inline std::optional<std::string> json_text(const Value* value) {
  if (value == nullptr || value->type() != Type::String) return std::nullopt;
  return std::string(value->as_string());
}

inline std::optional<int64_t> json_integer(const Value* value) {
  if (value == nullptr || value->type() != Type::Int64) return std::nullopt;
  return value->as_int();
}

inline std::optional<int32_t> json_int32(const Value* value) {
  const auto number = json_integer(value);
  if (!number || *number < std::numeric_limits<int32_t>::min() ||
      *number > std::numeric_limits<int32_t>::max()) {
    return std::nullopt;
  }
  return static_cast<int32_t>(*number);
}

/// Appends `"name":"text"`.
inline void append_json_member(std::string& out, std::string_view name, std::string_view text) {
  append_json_string(out, name);
  out += ':';
  append_json_string(out, text);
}

/// `connector-3`: the number stands behind the last hyphen, since names may have hyphens too.
inline std::optional<ConnectorTaskId> parse_task_id(std::string_view text) {
  const size_t hyphen = text.rfind('-');
  if (hyphen == std::string_view::npos) return std::nullopt;
  const std::string_view digits = text.substr(hyphen + 1);
  int32_t task = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), task);
  if (error != std::errc() || end != digits.data() + digits.size() || task < 0) return std::nullopt;
  return ConnectorTaskId{std::string(text.substr(0, hyphen)), task};
}

}  // namespace millrace

#include "millrace/text.h"

#include <charconv>
#include <cstdio>
#include <ctime>

#include "millrace/json.h"
#include "millrace/schema.h"
#include "millrace/decimal.h"
#include "millrace/utf8.h"

namespace millrace {

std::string_view valid_utf8(std::string_view bytes, Arena& arena) {
  return utf8::is_valid(bytes) ? bytes : arena.copy(utf8::sanitise(bytes));
}

std::string_view java_trim(std::string_view text) noexcept {
  // Bytes of UTF-8 sequences are above.
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i != 0) text += separator;
    text += parts[i];
  }
  return text;
}

std::string java_list_text(std::span<const std::string> list) {
  return "[" + join(list, ", ") + "]";
}

namespace {

// java.util.Date.toString: `Thu Jan 01 00:00:00 UTC 1970`, in the local zone.
void append_date(std::string& out, int64_t epoch_ms) {
  constexpr int64_t kMsPerSecond = 1000;
  const auto seconds = static_cast<std::time_t>(
      epoch_ms / kMsPerSecond - (epoch_ms % kMsPerSecond < 0 ? 1 : 0));
  std::tm local{};
  localtime_r(&seconds, &local);
  char buffer[64];
  out.append(buffer, std::strftime(buffer, sizeof buffer, "%a %b %d %H:%M:%S %Z %Y", &local));
}

void append_struct(std::string& out, const Value& value) {
  const StructData& data = value.as_struct();
  out += "Struct{";
  bool first = true;
  for (const Field& field : data.schema->fields()) {
    const Value& member = data.values[field.index];
    if (member.is_null()) continue;
    if (!first) out += ',';
    first = false;
    out += field.name;
    out += '=';
    append_java_string(out, member);
  }
  out += '}';
}

// Object.hashCode differs from run to run in Java; only the shape is a contract.
void append_array_identity(std::string& out, const Value& value) {
  char buffer[16];
  const auto identity = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(value.data()) >> 4U);
  std::snprintf(buffer, sizeof buffer, "[B@%x", identity);
  out += buffer;
}

}  // namespace

void append_java_string(std::string& out, const Value& value) {
  bool first = true;
  const auto comma = [&] {
    if (!first) out += ", ";
    first = false;
  };
  switch (value.type()) {
    case Type::Null: out += "null"; return;
    case Type::Boolean: out += value.as_bool() ? "true" : "false"; return;
    case Type::Float32: return append_java_float(out, value.as_float());
    case Type::Float64: return append_java_double(out, value.as_double());
    case Type::String: out += value.as_string(); return;
    case Type::Bytes: return append_array_identity(out, value);
    case Type::Decimal: return append_decimal(out, value.as_decimal());
    case Type::Date: return append_date(out, value.as_int());
    case Type::Struct: return append_struct(out, value);
    case Type::Array:
      out += '[';
      for (const Value& element : value.as_array()) {
        comma();
        append_java_string(out, element);
      }
      out += ']';
      return;
    case Type::Map:
      out += '{';
      for (const MapEntry& entry : value.as_map()) {
        comma();
        append_java_string(out, entry.key);
        out += '=';
        append_java_string(out, entry.value);
      }
      out += '}';
      return;
    default: out += std::to_string(value.as_int());
  }
}

}  // namespace millrace

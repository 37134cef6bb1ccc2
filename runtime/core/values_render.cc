#include <ctime>

#include "millrace/json.h"
#include "millrace/schema.h"
#include "millrace/values.h"
#include "millrace/base64.h"
#include "millrace/decimal.h"

namespace millrace {
namespace {

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

// By magnitude; in the default time zone with a literal Z, as SimpleDateFormat does.
void append_date(std::string& out, int64_t ms) {
  constexpr int64_t kMsPerDay = 86'400'000;
  constexpr int64_t kMsPerSecond = 1000;
  const int64_t fraction = (ms % kMsPerSecond + kMsPerSecond) % kMsPerSecond;
  // Rounded down without a difference that overflows near the earliest instant.
  const auto seconds =
      static_cast<std::time_t>(ms / kMsPerSecond - (ms % kMsPerSecond < 0 ? 1 : 0));
  std::tm local{};
  localtime_r(&seconds, &local);
  const char* format = "%Y-%m-%dT%H:%M:%S";
  if (ms < kMsPerDay) format = "%H:%M:%S";
  else if (ms % kMsPerDay == 0) format = "%Y-%m-%d";
  char buffer[64];
  out.append(buffer, std::strftime(buffer, sizeof buffer, format, &local));
  if (ms >= kMsPerDay && ms % kMsPerDay == 0) return;
  const std::string digits = std::to_string(kMsPerSecond + fraction);
  out += '.' + digits.substr(1) + 'Z';
}

std::string append_struct(std::string& out, const Value& value) {
  const StructData& data = value.as_struct();
  out += '{';
  for (const Field& field : data.schema->fields()) {
    if (field.index != 0) out += ',';
    append_quoted(out, field.name);
    out += ':';
    const Value& member = data.values[field.index];
    const Value& shown = member.is_null() ? field.schema->default_value() : member;
    if (std::string error = append_values_text(out, shown, true); !error.empty()) return error;
  }
  out += '}';
  return {};
}

}  // namespace

std::string append_values_text(std::string& out, const Value& value, bool embedded) {
  const auto append_all = [&out](char open, char close, size_t count, const auto& each) {
    out += open;
    std::string error;
    for (size_t i = 0; i < count && error.empty(); ++i) {
      if (i != 0) out += ',';
      error = each(i);
    }
    out += close;
    return error;
  };
  switch (value.type()) {
    case Type::Null: out += "null"; return {};
    case Type::Boolean: out += value.as_bool() ? "true" : "false"; return {};
    case Type::Float32: append_java_float(out, value.as_float()); return {};
    case Type::Float64: append_java_double(out, value.as_double()); return {};
    case Type::Decimal: append_decimal(out, value.as_decimal()); return {};
    case Type::Date: append_date(out, value.as_int()); return {};
    case Type::Struct: return append_struct(out, value);
    case Type::String:
      if (embedded) append_quoted(out, value.as_string());
      else out += value.as_string();
      return {};
    case Type::Bytes:
      if (embedded) out += '"';
      append_base64(out, value.as_bytes());
      if (embedded) out += '"';
      return {};
    case Type::Array:
      return append_all('[', ']', value.size(), [&](size_t i) {
        return append_values_text(out, value.as_array()[i], true);
      });
    case Type::Map:
      return append_all('{', '}', value.size(), [&](size_t i) {
        const MapEntry& entry = value.as_map()[i];
        std::string error = append_values_text(out, entry.key, true);
        out += ':';
        if (error.empty()) error = append_values_text(out, entry.value, true);
        return error;
      });
    default: out += std::to_string(value.as_int()); return {};
  }
}

}  // namespace millrace

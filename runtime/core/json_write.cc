#include <charconv>

#include "millrace/json.h"
#include "millrace/schema.h"
#include "millrace/base64.h"
#include "millrace/utf8.h"

namespace millrace {
namespace {

constexpr char kHex[] = "0123456789ABCDEF";

void append_unit(std::string& out, uint32_t unit) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(unit >> static_cast<unsigned>(shift)) & 0xFU];
}

void append_escape(std::string& out, unsigned char c) {
  switch (c) {
    case '"': out += "\\\""; break;
    case '\\': out += "\\\\"; break;
    case '\b': out += "\\b"; break;
    case '\t': out += "\\t"; break;
    case '\n': out += "\\n"; break;
    case '\f': out += "\\f"; break;
    case '\r': out += "\\r"; break;
    default: append_unit(out, c);
  }
}

/// An astral character as the two escapes of its UTF-16 form.
void append_surrogates(std::string& out, char32_t code) {
  const uint32_t v = static_cast<uint32_t>(code) - 0x10000;
  append_unit(out, 0xD800 + (v >> 10U));
  append_unit(out, 0xDC00 + (v & 0x3FFU));
}

bool all_string_keys(std::span<const MapEntry> entries) noexcept {
  for (const MapEntry& entry : entries) {
    if (entry.key.type() != Type::String) return false;
  }
  return true;
}

void append_integer(std::string& out, int64_t value) {
  char buffer[24];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  out.append(buffer, end);
}

void append_map(std::string& out, std::span<const MapEntry> entries, bool escape_astral) {
  const bool object = all_string_keys(entries);
  out += object ? '{' : '[';
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i != 0) out += ',';
    if (!object) out += '[';
    append_json(out, entries[i].key, escape_astral);
    out += object ? ':' : ',';
    append_json(out, entries[i].value, escape_astral);
    if (!object) out += ']';
  }
  out += object ? '}' : ']';
}

void append_struct(std::string& out, const Value& value, bool escape_astral) {
  const StructData& data = value.as_struct();
  out += '{';
  for (const Field& field : data.schema->fields()) {
    if (field.index != 0) out += ',';
    append_json_string(out, field.name, escape_astral);
    out += ':';
    append_json(out, data.values[field.index], escape_astral);
  }
  out += '}';
}

}  // namespace

void append_json_string(std::string& out, std::string_view text, bool escape_astral) {
  out += '"';
  size_t start = 0;
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\' && (c < 0xF0 || !escape_astral)) {
      ++i;
      continue;
    }
    out.append(text, start, i - start);
    if (c >= 0xF0) {
      const utf8::Decoded decoded = utf8::decode(text.substr(i));
      if (decoded.valid) append_surrogates(out, decoded.code_point);
      else utf8::append(out, utf8::kReplacement);
      i += decoded.length;
    } else {
      append_escape(out, c);
      ++i;
    }
    start = i;
  }
  out.append(text, start, text.size() - start);
  out += '"';
}

void append_json(std::string& out, const Value& value, bool escape_astral) {
  const auto quoted_unless_finite = [&](size_t from) {
    const char last = out.back();
    if (last == 'N' || last == 'y') {
      out.insert(from, 1, '"');
      out += '"';
    }
  };
  const size_t from = out.size();
  switch (value.type()) {
    case Type::Null: out += "null"; return;
    case Type::Boolean: out += value.as_bool() ? "true" : "false"; return;
    case Type::Float32:
      append_java_float(out, value.as_float());
      return quoted_unless_finite(from);
    case Type::Float64:
      append_java_double(out, value.as_double());
      return quoted_unless_finite(from);
    case Type::String: return append_json_string(out, value.as_string(), escape_astral);
    case Type::Bytes:
    case Type::Decimal:
      out += '"';
      append_base64(out, value.type() == Type::Bytes ? value.as_bytes()
                                                     : value.as_decimal().unscaled());
      out += '"';
      return;
    case Type::Array: {
      out += '[';
      const auto elements = value.as_array();
      for (size_t i = 0; i < elements.size(); ++i) {
        if (i != 0) out += ',';
        append_json(out, elements[i], escape_astral);
      }
      out += ']';
      return;
    }
    case Type::Map: return append_map(out, value.as_map(), escape_astral);
    case Type::Struct: return append_struct(out, value, escape_astral);
    default: return append_integer(out, value.as_int());
  }
}

}  // namespace millrace

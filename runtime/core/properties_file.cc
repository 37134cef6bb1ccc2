#include "runtime/core/properties_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include "millrace/errors.h"
#include "millrace/utf8.h"

namespace millrace {
namespace {

bool is_blank(char32_t c) noexcept { return c == ' ' || c == '\t' || c == '\f'; }
bool is_line_end(char32_t c) noexcept { return c == '\n' || c == '\r'; }

/// Code points of the input, one at a time.
class Source {
 public:
  Source(std::string_view bytes, PropertiesEncoding encoding) : rest_(bytes), encoding_(encoding) {}
  bool done() const noexcept { return rest_.empty(); }
  char32_t peek() const noexcept {
    return encoding_ == PropertiesEncoding::Latin1 ? static_cast<unsigned char>(rest_.front())
                                                   : utf8::decode(rest_).code_point;
  }
  char32_t next() noexcept {
    if (encoding_ == PropertiesEncoding::Latin1) {
      const auto c = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      return c;
    }
    const utf8::Decoded decoded = utf8::decode(rest_);
    rest_.remove_prefix(decoded.length);
    return decoded.code_point;
  }

 private:
  std::string_view rest_;
  PropertiesEncoding encoding_;
};

/// One logical line: continuation lines joined, leading blanks dropped, comments and empty lines
/// skipped. Escapes are kept (a backslash and the character after it).
std::optional<std::u32string> next_logical_line(Source& in) {
  std::u32string line;
  bool at_start = true;  // of a natural line: leading blanks are dropped
  while (!in.done()) {
    const char32_t c = in.next();
    if (at_start && is_blank(c)) continue;
    if (line.empty() && at_start && is_line_end(c)) continue;
    if (line.empty() && at_start && (c == '#' || c == '!')) {
      while (!in.done() && !is_line_end(in.peek())) in.next();
      continue;
    }
    if (is_line_end(c)) {
      if (at_start) return line;  // an empty line ends a continued one
      return line;
    }
    at_start = false;
    if (c != '\\') {
      line.push_back(c);
      continue;
    }
    if (in.done()) break;  // a backslash at the end of the file vanishes
    const char32_t escaped = in.next();
    if (is_line_end(escaped)) {
      if (escaped == '\r' && !in.done() && in.peek() == '\n') in.next();
      at_start = true;
      continue;
    }
    line.push_back(c);
    line.push_back(escaped);
  }
  if (line.empty()) return std::nullopt;
  return line;
}

char32_t read_hex4(const std::u32string& text, size_t& at) {
  char32_t value = 0;
  for (int i = 0; i < 4; ++i, ++at) {
    const char32_t c = at < text.size() ? text[at] : U'\0';
    if (c >= '0' && c <= '9') value = value * 16 + (c - '0');
    else if (c >= 'a' && c <= 'f') value = value * 16 + (c - 'a' + 10);
    else if (c >= 'A' && c <= 'F') value = value * 16 + (c - 'A' + 10);
    else throw ConfigException("Malformed \\uxxxx encoding.");
  }
  return value;
}

// Java strings are UTF-16: two escapes may form one character.
bool append_utf16(std::string& out, char32_t unit, char32_t& high_surrogate) {
  const bool is_low = unit >= 0xDC00 && unit < 0xE000;
  if (high_surrogate != 0 && is_low) {
    utf8::append(out, 0x10000 + ((high_surrogate - 0xD800) << 10U) + (unit - 0xDC00));
    high_surrogate = 0;
    return true;
  }
  if (high_surrogate != 0) utf8::append(out, utf8::kReplacement);
  high_surrogate = 0;
  if (unit >= 0xD800 && unit < 0xDC00) {
    high_surrogate = unit;
  } else {
    utf8::append(out, is_low ? utf8::kReplacement : unit);
  }
  return true;
}

std::string unescape(const std::u32string& text) {
  std::string out;
  char32_t high_surrogate = 0;
  for (size_t at = 0; at < text.size();) {
    char32_t c = text[at++];
    if (c == '\\' && at < text.size()) {
      c = text[at++];
      switch (c) {
        case 't': c = '\t'; break;
        case 'n': c = '\n'; break;
        case 'r': c = '\r'; break;
        case 'f': c = '\f'; break;
        case 'u': c = read_hex4(text, at); break;
        default: break;
      }
    }
    if (c >= 0x10000) {
      utf8::append(out, c);
    } else {
      append_utf16(out, c, high_surrogate);
    }
  }
  if (high_surrogate != 0) utf8::append(out, utf8::kReplacement);
  return out;
}

void add_line(const std::u32string& line, Properties& properties) {
  size_t key_end = 0;
  while (key_end < line.size() && !is_blank(line[key_end]) && line[key_end] != '=' &&
         line[key_end] != ':') {
    key_end += line[key_end] == '\\' ? 2 : 1;
  }
  key_end = std::min(key_end, line.size());
  size_t value = key_end;
  bool separator = false;
  for (; value < line.size(); ++value) {
    if (is_blank(line[value])) continue;
    if (separator || (line[value] != '=' && line[value] != ':')) break;
    separator = true;
  }
  properties.insert_or_assign(unescape(line.substr(0, key_end)), unescape(line.substr(value)));
}

}  // namespace

Properties parse_properties(std::string_view bytes, PropertiesEncoding encoding) {
  Source in(bytes, encoding);
  Properties properties;
  while (auto line = next_logical_line(in)) add_line(*line, properties);
  return properties;
}

Properties read_properties_file(const std::filesystem::path& path, PropertiesEncoding encoding) {
  errno = 0;
  std::error_code status_error;
  if (std::filesystem::is_directory(path, status_error)) {
    throw ConfigException("reading " + path.string() + ": it is a directory, not a file");
  }
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (in) text << in.rdbuf();
  if (!in || in.bad()) {
    throw ConfigException("reading " + path.string() + ": " +
                          std::strerror(errno != 0 ? errno : EIO));
  }
  try {
    return parse_properties(text.str(), encoding);
  } catch (const ConfigException& error) {
    throw ConfigException("reading " + path.string() + ": " + error.what());
  }
}

}  // namespace millrace

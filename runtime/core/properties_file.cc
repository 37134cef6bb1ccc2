#include "millrace/properties_file.h"

#include <algorithm>
#include <optional>

#include "millrace/errors.h"
#include "millrace/utf8.h"
#include "runtime/core/atomic_file.h"

namespace millrace {
namespace {

bool is_blank(char32_t c) noexcept {
  return c == ' ' || c == '\t' || c == '\f';
}
bool is_line_end(char32_t c) noexcept {
  return c == '\n' || c == '\r';
}

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
  bool at_start = true;  // of a natural line: its leading blanks are dropped
  while (!in.done()) {
    const char32_t c = in.next();
    if (at_start && is_blank(c)) continue;
    if (is_line_end(c)) {
      // An empty line ends a continued one; a continuation of nothing is nothing.
      if (!line.empty()) return line;
      at_start = true;
      continue;
    }
    if (line.empty() && at_start && (c == '#' || c == '!')) {
      while (!in.done() && !is_line_end(in.peek())) in.next();
      continue;
    }
    at_start = false;
    if (c != '\\') {
      line.push_back(c);
      continue;
    }
    // A backslash that ends the file vanishes; alone it is a line with an empty key, as in Java.
    if (in.done()) return line;
    const char32_t escaped = in.next();
    if (!is_line_end(escaped)) {
      line.push_back(c);
      line.push_back(escaped);
      continue;
    }
    if (in.done()) return line;
    if (escaped == '\r' && in.peek() == '\n') in.next();
    at_start = true;
  }
  if (line.empty()) return std::nullopt;
  return line;
}

char32_t read_hex4(const std::u32string& text, size_t& at) {
  char32_t value = 0;
  for (int i = 0; i < 4; ++i, ++at) {
    const char32_t c = at < text.size() ? text[at] : U'\0';
    if (c >= '0' && c <= '9')
      value = value * 16 + (c - '0');
    else if (c >= 'a' && c <= 'f')
      value = value * 16 + (c - 'a' + 10);
    else if (c >= 'A' && c <= 'F')
      value = value * 16 + (c - 'A' + 10);
    else
      throw ConfigException("Malformed \\uxxxx encoding.");
  }
  return value;
}

/// UTF-8 from UTF-16 units and code points. Java strings are UTF-16: two escapes may form one
/// character; half of one becomes U+FFFD.
class Utf16Text {
 public:
  void append(char32_t c) {
    if (high_ != 0 && is_low(c)) {
      utf8::append(text_, 0x10000 + ((high_ - 0xD800) << 10U) + (c - 0xDC00));
      high_ = 0;
      return;
    }
    flush();
    if (c >= 0xD800 && c < 0xDC00) {
      high_ = c;
    } else {
      utf8::append(text_, is_low(c) ? utf8::kReplacement : c);
    }
  }
  std::string take() {
    flush();
    return std::move(text_);
  }

 private:
  static bool is_low(char32_t c) noexcept { return c >= 0xDC00 && c < 0xE000; }
  void flush() {
    if (high_ != 0) utf8::append(text_, utf8::kReplacement);
    high_ = 0;
  }
  std::string text_;
  char32_t high_ = 0;  // a high surrogate that waits for its other half
};

std::string unescape(const std::u32string& text) {
  Utf16Text out;
  for (size_t at = 0; at < text.size();) {
    char32_t c = text[at++];
    if (c == '\\' && at < text.size()) {
      c = text[at++];
      switch (c) {
        case 't':
          c = '\t';
          break;
        case 'n':
          c = '\n';
          break;
        case 'r':
          c = '\r';
          break;
        case 'f':
          c = '\f';
          break;
        case 'u':
          c = read_hex4(text, at);
          break;
        default:
          break;
      }
    }
    out.append(c);
  }
  return out.take();
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
  const std::string action = "reading " + path.string() + ": ";
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    throw ConfigException(action + "it is a directory, not a file");
  }
  std::string text;
  try {
    if (!read_file(path, text)) throw ConfigException(action + "No such file or directory");
  } catch (const ConnectException& error) {
    throw ConfigException(error.what());
  }
  try {
    return parse_properties(text, encoding);
  } catch (const ConfigException& error) {
    throw ConfigException(action + error.what());
  }
}

}  // namespace millrace

#include "millrace/text.h"

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

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
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

}  // namespace millrace

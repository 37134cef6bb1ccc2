#include "runtime/rest/uri.h"

#include <algorithm>

#include "millrace/utf8.h"
#include "runtime/rest/http_types.h"

namespace millrace::rest {
namespace {

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Path of an absolute-form target (`http://host/path`), or the text itself.
std::string_view without_authority(std::string_view target) {
  const size_t scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos) return target;
  const size_t path = target.find_first_of("/?", scheme + 3);
  return path == std::string_view::npos ? "/" : target.substr(path);
}

bool has_escaped_slash(std::string_view path) {
  return path.find("%2F") != std::string_view::npos || path.find("%2f") != std::string_view::npos;
}

/// Decodes one raw segment into `out`; gives the reason when it cannot.
std::string_view decode_segment(std::string_view raw, std::vector<std::string>& out) {
  auto decoded = percent_decode(raw.substr(0, raw.find(';')), false);
  if (!decoded) return "Bad percent encoding in the URI path";
  if (!utf8::is_valid(*decoded)) return "The URI path is not UTF-8";
  if (decoded->find('\0') != std::string::npos) return "Illegal character in the URI path";
  out.push_back(std::move(*decoded));
  return {};
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
  std::string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_blank) {
      result.push_back(' ');
    } else if (text[i] != '%') {
      result.push_back(text[i]);
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      result.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
  }
  return result;
}

std::string percent_encode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  constexpr std::string_view kUnreserved = "-._~";
  std::string result;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter || (c >= '0' && c <= '9') || kUnreserved.find(c) != std::string_view::npos) {
      result.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result.push_back('%');
      result.push_back(kHex[byte >> 4]);
      result.push_back(kHex[byte & 15]);
    }
  }
  return result;
}

Query::Query(std::string_view text) {
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    auto name = percent_decode(pair.substr(0, equals), true);
    auto value = equals == std::string_view::npos ? std::string()
                                                  : percent_decode(pair.substr(equals + 1), true);
    // A parameter that cannot be decoded is treated as unknown, and unknown ones are ignored.
    if (name && value) parameters_.emplace_back(std::move(*name), std::move(*value));
  }
}

const std::string* Query::find(std::string_view name) const noexcept {
  for (const auto& [key, value] : parameters_) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::vector<std::string> Query::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : parameters_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

bool Query::flag(std::string_view name, bool otherwise) const noexcept {
  const std::string* value = find(name);
  return value == nullptr ? otherwise : equal_ignoring_case(*value, "true");
}

std::optional<Target> parse_target(std::string_view target, std::string& error) {
  target = without_authority(target.substr(0, target.find('#')));
  const size_t question = target.find('?');
  std::string_view path = target.substr(0, question);
  if (path.empty() && question == 0) path = "/";
  Target result;
  if (question != std::string_view::npos) result.query = Query(target.substr(question + 1));
  if (!path.starts_with('/')) {
    error = "The URI path must start with a slash";
    return std::nullopt;
  }
  if (has_escaped_slash(path)) {
    error = "Ambiguous URI path separator";
    return std::nullopt;
  }
  path.remove_prefix(1);
  if (path.empty()) return result;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    error = decode_segment(path.substr(begin, end - begin), result.segments);
    if (!error.empty()) return std::nullopt;
    begin = end + 1;
  }
  if (result.segments.size() > 1 && path.ends_with('/')) result.segments.pop_back();
  return result;
}

}  // namespace millrace::rest

#include "connectors/lakehouse/storage/local_path.h"

#include <algorithm>
#include <cctype>

#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

bool is_letter(char c) noexcept { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_scheme_char(char c) noexcept {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.';
}

[[noreturn]] void refuse(std::string_view location, const std::string& reason) {
  throw ConnectException("finding the file " + std::string(location) + ": " + reason);
}

}  // namespace

std::string scheme_of(std::string_view location) {
  const size_t colon = location.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_letter(location[0])) return {};
  std::string scheme(location.substr(0, colon));
  if (!std::all_of(scheme.begin(), scheme.end(), is_scheme_char)) return {};
  for (char& c : scheme) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return scheme;
}

std::string local_path(std::string_view location) {
  if (location.empty()) refuse(location, "the location is empty");
  const std::string scheme = scheme_of(location);
  if (scheme.empty()) return std::string(location);
  if (scheme != "file") refuse(location, "the scheme " + scheme + " is not of local files");
  std::string_view rest = location.substr(scheme.size() + 1);
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    const std::string_view host = rest.substr(0, rest.find('/'));
    if (!host.empty() && host != "localhost") {
      refuse(location, "it is on another machine; write file:///... for a file of this one");
    }
    rest.remove_prefix(host.size());
  }
  if (!rest.starts_with('/')) refuse(location, "the path in a file: URI has to begin with /");
  return std::string(rest);
}

}  // namespace millrace::lakehouse

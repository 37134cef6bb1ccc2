#include "runtime/security/pem.h"

#include <cctype>

#include "millrace/errors.h"

namespace millrace::security {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";
constexpr size_t kColumns = 64;

/// Base64 without blanks, in lines. Header fields of old encrypted keys (`Name: value`) stay as
/// they are: those only occur with their line breaks intact.
std::string wrap_body(std::string_view body) {
  if (body.find(':') != std::string_view::npos) return std::string(body);
  std::string wrapped = "\n";
  size_t column = 0;
  for (const char c : body) {
    if (std::isspace(static_cast<unsigned char>(c))) continue;
    if (column == kColumns) {
      wrapped += '\n';
      column = 0;
    }
    wrapped += c;
    ++column;
  }
  return wrapped + "\n";
}

}  // namespace

std::string rewrap_pem(std::string_view text, const std::string& key) {
  std::string out;
  size_t at = text.find(kBegin);
  while (at != std::string_view::npos) {
    const size_t label_end = text.find(kDashes, at + kBegin.size());
    const size_t end = text.find(kEnd, at);
    if (label_end == std::string_view::npos || end == std::string_view::npos || end < label_end) {
      throw ConfigException(key + ": the PEM text has a block that is not closed");
    }
    const std::string_view label = text.substr(at + kBegin.size(), label_end - at - kBegin.size());
    const size_t body = label_end + kDashes.size();
    out += std::string(kBegin) + std::string(label) + std::string(kDashes) +
           wrap_body(text.substr(body, end - body)) + std::string(kEnd) + std::string(label) +
           std::string(kDashes) + "\n";
    at = text.find(kBegin, end);
  }
  if (out.empty()) throw ConfigException(key + ": no PEM block (-----BEGIN ...) found");
  return out;
}

}  // namespace millrace::security

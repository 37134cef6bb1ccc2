#include "runtime/rest/cors.h"

#include <algorithm>

#include "millrace/text.h"

namespace millrace::rest {
namespace {

constexpr std::string_view kAllowedHeaders = "X-Requested-With,Content-Type,Accept,Origin";
constexpr const char* kMaxAgeSeconds = "1800";

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    if (!trim(part).empty()) parts.emplace_back(trim(part));
  }
  return parts;
}

/// `*` in the pattern matches any text. Linear: on a mismatch only the last `*` takes one more.
bool wildcard_match(std::string_view pattern, std::string_view text) {
  size_t p = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;
  size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool are_allowed_headers(std::string_view requested) {
  const auto allowed = split_list(kAllowedHeaders);
  for (const auto& name : split_list(requested)) {
    const bool known = std::any_of(allowed.begin(), allowed.end(),
                                   [&](const auto& one) { return equal_ignoring_case(one, name); });
    if (!known) return false;
  }
  return true;
}

void add_allow_origin(const std::string& origin, HttpHeaders& answer) {
  answer.set("Access-Control-Allow-Origin", origin);
  answer.set("Access-Control-Allow-Credentials", "true");
}

}  // namespace

Cors::Cors(std::string_view origins, std::string_view methods)
    : origins_(split_list(origins)), methods_(split_list(methods)) {
  if (methods_.empty()) methods_ = {"GET", "POST", "HEAD"};
}

bool Cors::is_allowed(std::string_view origin) const {
  return std::any_of(origins_.begin(), origins_.end(),
                     [&](const auto& pattern) { return wildcard_match(pattern, origin); });
}

void Cors::apply(const HttpRequest& request, HttpHeaders& answer) const {
  if (!enabled()) return;
  answer.add("Vary", "Origin");
  const std::string* origin = request.headers.find("Origin");
  if (origin == nullptr || origin->empty() || !is_allowed(*origin)) return;
  const bool preflight = request.method == "OPTIONS" &&
                         request.headers.find("Access-Control-Request-Method") != nullptr;
  if (preflight) {
    add_preflight(request, *origin, answer);
  } else {
    add_allow_origin(*origin, answer);
  }
}

void Cors::add_preflight(const HttpRequest& request, const std::string& origin,
                         HttpHeaders& answer) const {
  const std::string& method = *request.headers.find("Access-Control-Request-Method");
  if (std::find(methods_.begin(), methods_.end(), method) == methods_.end()) return;
  if (!are_allowed_headers(request.headers.joined("Access-Control-Request-Headers"))) return;
  add_allow_origin(origin, answer);
  answer.set("Access-Control-Max-Age", kMaxAgeSeconds);
  answer.set("Access-Control-Allow-Methods", join(methods_, ","));
  answer.set("Access-Control-Allow-Headers", std::string(kAllowedHeaders));
}

}  // namespace millrace::rest

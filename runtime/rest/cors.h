#pragma once
// Cross-origin requests (connect-rest-api.md §6.4).

#include <string>
#include <string_view>
#include <vector>

#include "runtime/rest/http_types.h"

namespace millrace::rest {

/// Off while no origin is configured.
class Cors {
 public:
  Cors() = default;
  /// Comma lists of `access.control.allow.origin` and `.methods`; empty methods: GET, POST, HEAD.
  Cors(std::string_view origins, std::string_view methods);
  bool enabled() const noexcept { return !origins_.empty(); }
  /// Adds the headers `request` is entitled to. A refused origin gets a plain answer without them.
  void apply(const HttpRequest& request, HttpHeaders& answer) const;

 private:
  bool is_allowed(std::string_view origin) const;
  void add_preflight(const HttpRequest& request, const std::string& origin,
                     HttpHeaders& answer) const;

  std::vector<std::string> origins_;  // `*` stands for any text
  std::vector<std::string> methods_;
};

}  // namespace millrace::rest

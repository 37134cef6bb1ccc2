#pragma once
// Request targets: path segments and query parameters, decoded as the Java worker's container does.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::rest {

/// Query parameters in order, decoded (`+` is a blank).
class Query {
 public:
  Query() = default;
  explicit Query(std::string_view text);
  /// The first value of `name`, or null.
  const std::string* find(std::string_view name) const noexcept;
  std::vector<std::string> all(std::string_view name) const;
  /// True only for `true` in any case; `otherwise` when the parameter is absent.
  bool flag(std::string_view name, bool otherwise = false) const noexcept;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

struct Target {
  std::vector<std::string> segments;  // decoded; empty for `/`
  Query query;
};

/// Splits a request target. One trailing slash is dropped, matrix parameters (`;x=y`) are ignored.
/// A path that could be read two ways (`%2F`), bad escapes and bad UTF-8 give the reason in `error`
/// and an empty result: the client gets 400 (connect-rest-api.md §9.4).
std::optional<Target> parse_target(std::string_view target, std::string& error);

/// Undoes %XX; nullopt for a malformed escape. `plus_is_blank` as in query strings.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank);
/// Escapes everything but unreserved characters, so that the result is one path segment.
std::string percent_encode(std::string_view text);

}  // namespace millrace::rest

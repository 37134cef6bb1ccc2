#pragma once
// Requests and answers as the routes see them: no HTTP library, no threads, no sockets.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::rest {

/// Header fields in order; names ignore case.
class HttpHeaders {
 public:
  void add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  /// Replaces all fields of that name.
  void set(std::string name, std::string value);
  /// The first field of that name, or null.
  const std::string* find(std::string_view name) const noexcept;
  /// All fields of that name joined with `, `; empty when there is none.
  std::string joined(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const noexcept {
    return fields_;
  }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;
std::string_view trim(std::string_view text) noexcept;  // spaces and tabs

/// A request the server itself refuses (bad syntax, a limit); it still passes all handlers, so that
/// access log and response headers apply.
struct Refusal {
  int status = 400;
  std::string message;
};

struct HttpRequest {
  std::string method;
  std::string target;  // as on the wire
  std::string body;
  HttpHeaders headers;
  std::string client;         // address of the peer, for the access log
  std::string local_address;  // host:port the request came in on
  bool secure = false;
  bool has_body = false;  // a non-empty body was sent
  int version = 11;       // 10 or 11
  std::optional<Refusal> refusal;
};

struct HttpResponse {
  int status = 200;
  std::string body;
  HttpHeaders headers;
};

/// Called exactly once, on the control thread, possibly before the handler returns.
using Respond = std::function<void(HttpResponse)>;
/// Control thread. Must not throw.
using HttpHandler = std::function<void(HttpRequest, Respond)>;

/// Reason phrase of RFC 9110; `Unknown` for other codes.
std::string_view reason_phrase(int status) noexcept;
/// Compact JSON of Connect's error object (connect-rest-api.md §1.1).
HttpResponse error_response(int status, std::string_view message);
/// `HTTP 404 Not Found`, as the framework words its own errors.
HttpResponse framework_error(int status);
std::string framework_message(int status);
HttpResponse json_response(int status, std::string json);

}  // namespace millrace::rest

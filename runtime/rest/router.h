#pragma once
// Paths, methods and media types, and the errors a JAX-RS framework gives for them
// (connect-rest-api.md §1).

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "runtime/rest/http_message.h"

namespace millrace::rest {

/// A request with its path taken apart.
struct RestRequest {
  HttpRequest http;
  std::vector<std::string> params;  // path parameters, decoded, in order
  std::map<std::string, std::vector<std::string>> query;

  /// `true` in any case is true, anything else false.
  bool flag(const std::string& name) const;
};

using RestHandler = std::function<void(const RestRequest&, Respond)>;

/// Error body of Connect: `{"error_code":N,"message":...}`.
HttpResponse error_response(int status, const std::string& message);
HttpResponse json_response(int status, std::string body);
/// Status and message of an exception (connect-rest-api.md §1.1). Unexpected ones are logged.
HttpResponse error_response(const std::exception_ptr& error);

class Router {
 public:
  /// `pattern` such as `/connectors/{}/config`; `any_media` for resources that take and give more
  /// than JSON.
  void add(const std::string& method, const std::string& pattern, RestHandler handler,
           bool any_media = false);
  void handle(HttpRequest request, const Respond& done) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> pattern;
    RestHandler handler;
    bool any_media;
  };
  struct Match;
  Match match(const std::vector<std::string>& segments) const;

  std::vector<Route> routes_;
};

}  // namespace millrace::rest

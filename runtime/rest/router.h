#pragma once
// Finds the route of a request and answers for the framework where there is none
// (connect-rest-api.md §1.2): 404, 405, 406, 415, OPTIONS, HEAD.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/rest/http_types.h"
#include "runtime/rest/uri.h"

namespace millrace::rest {

/// A request whose route was found. Valid during the handler's call only.
struct RouteRequest {
  const HttpRequest& http;
  const std::vector<std::string>& parameters;  // the `{}` of the pattern, decoded
  const Query& query;
  const std::vector<std::string>& segments;  // of the path, decoded

  /// A parameter that must be an int, as Java reads it; throws 404 otherwise.
  int32_t int_parameter(size_t index) const;
};

/// What a route exchanges.
enum class Media : uint8_t {
  Json,      // consumes and produces JSON; a body is not read
  JsonBody,  // as above, and the body is read, so it needs a Content-Type
  Any        // no check
};

class Router {
 public:
  /// May throw; the exception becomes the answer. Else it answers through Respond, once.
  using Handler = std::function<void(const RouteRequest&, Respond)>;

  /// `pattern` is a path whose `{}` segments match anything non-empty.
  void add(std::string_view method, std::string_view pattern, Media media, Handler handler);
  /// Never throws; usable as HttpHandler.
  void handle(const HttpRequest& request, Respond respond) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> pattern;
    Media media;
    Handler handler;
  };

  void dispatch(const HttpRequest& request, const Respond& respond) const;
  std::vector<const Route*> with_path(const std::vector<std::string>& segments) const;

  std::vector<Route> routes_;
};

}  // namespace millrace::rest

#include "runtime/rest/router.h"

#include <algorithm>
#include <charconv>

#include "runtime/herder/herder.h"
#include "runtime/rest/error_answer.h"
#include "runtime/rest/media_type.h"

namespace millrace::rest {
namespace {

constexpr std::string_view kParameter = "{}";

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& segments) {
  if (pattern.size() != segments.size()) return false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const bool same = pattern[i] == kParameter ? !segments[i].empty() : pattern[i] == segments[i];
    if (!same) return false;
  }
  return true;
}

std::vector<std::string> parameters_of(const std::vector<std::string>& pattern,
                                       const std::vector<std::string>& segments) {
  std::vector<std::string> parameters;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == kParameter) parameters.push_back(segments[i]);
  }
  return parameters;
}

/// Methods of a path as OPTIONS lists them.
template <class Routes>
std::string allowed_methods(const Routes& routes, std::string_view separator) {
  std::string text;
  const auto add = [&](std::string_view method) {
    if (!text.empty()) text += separator;
    text += method;
  };
  const bool has_get = std::any_of(routes.begin(), routes.end(),
                                   [](const auto* route) { return route->method == "GET"; });
  if (has_get) add("HEAD");
  for (const auto* route : routes) add(route->method);
  add("OPTIONS");
  return text;
}

template <class Routes>
HttpResponse options_response(const HttpRequest& request, const Routes& routes) {
  HttpResponse response;
  response.headers.add("Allow", allowed_methods(routes, ","));
  if (accepts(request.headers.joined("Accept"), "text/plain")) {
    response.body = allowed_methods(routes, ", ");
    response.headers.add("Content-Type", "text/plain");
  }
  return response;
}

/// 0, or the status of a request whose media types do not fit the route.
int media_error(const HttpRequest& request, Media media) {
  if (media == Media::Any) return 0;
  const std::string* type = request.headers.find("Content-Type");
  if (type != nullptr && !is_json(*type)) return 415;
  if (!accepts(request.headers.joined("Accept"), "application/json")) return 406;
  if (type == nullptr && media == Media::JsonBody && request.has_body) return 415;
  return 0;
}

}  // namespace

int32_t RouteRequest::int_parameter(size_t index) const {
  std::string_view text = parameters.at(index);
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw RequestException(404, framework_message(404));
  }
  return value;
}

void Router::add(std::string_view method, std::string_view pattern, Media media, Handler handler) {
  Route route{std::string(method), {}, media, std::move(handler)};
  for (size_t begin = 1; begin < pattern.size();) {
    const size_t end = std::min(pattern.find('/', begin), pattern.size());
    route.pattern.emplace_back(pattern.substr(begin, end - begin));
    begin = end + 1;
  }
  routes_.push_back(std::move(route));
}

void Router::handle(const HttpRequest& request, Respond respond) const {
  if (request.refusal) {
    respond(error_response(request.refusal->status, request.refusal->message));
    return;
  }
  try {
    dispatch(request, respond);
  } catch (...) {
    respond(error_answer(std::current_exception(), request.target));
  }
}

std::vector<const Router::Route*> Router::with_path(
    const std::vector<std::string>& segments) const {
  std::vector<const Route*> found;
  for (const Route& route : routes_) {
    if (matches(route.pattern, segments)) found.push_back(&route);
  }
  return found;
}

void Router::dispatch(const HttpRequest& request, const Respond& respond) const {
  std::string error;
  const auto target = parse_target(request.target, error);
  if (!target) return respond(error_response(400, error));
  const auto routes = with_path(target->segments);
  if (routes.empty()) return respond(framework_error(404));
  if (request.method == "OPTIONS") return respond(options_response(request, routes));
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  const auto route = std::find_if(routes.begin(), routes.end(),
                                  [&](const Route* one) { return one->method == method; });
  if (route == routes.end()) return respond(framework_error(405));
  if (const int status = media_error(request, (*route)->media)) {
    return respond(framework_error(status));
  }
  const auto parameters = parameters_of((*route)->pattern, target->segments);
  (*route)->handler(RouteRequest{request, parameters, target->query, target->segments}, respond);
}

}  // namespace millrace::rest

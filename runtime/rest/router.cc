#include "runtime/rest/router.h"

#include <algorithm>
#include <cctype>

#include "millrace/errors.h"
#include "millrace/json.h"
#include "runtime/metrics/log.h"
#include "runtime/worker/request_exception.h"

namespace millrace::rest {
namespace {

constexpr const char* kJson = "application/json";

spdlog::logger& logger() {
  static auto& instance =
      logging::get("org.apache.kafka.connect.runtime.rest.errors.ConnectExceptionMapper");
  return instance;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

int hex(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = static_cast<char>(c | 0x20);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/// Percent-decoding; in queries `+` is a blank. False for a broken escape.
bool decode(std::string_view text, bool query, std::string& out) {
  out.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return false;
      out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
      i += 2;
    } else {
      out += query && text[i] == '+' ? ' ' : text[i];
    }
  }
  return true;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// Decoded segments; one trailing slash is tolerated. False for a path that is refused.
bool split_path(std::string_view path, std::vector<std::string>& segments) {
  if (path.empty() || path.front() != '/') return false;
  path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) return true;
  for (const std::string_view raw : split(path, '/')) {
    // An encoded slash is ambiguous and refused (Jetty 12).
    if (lower(std::string(raw)).find("%2f") != std::string::npos) return false;
    std::string segment;
    if (!decode(raw, false, segment)) return false;
    segments.push_back(std::move(segment));
  }
  return true;
}

std::map<std::string, std::vector<std::string>> parse_query(std::string_view query) {
  std::map<std::string, std::vector<std::string>> result;
  if (query.empty()) return result;
  for (const std::string_view part : split(query, '&')) {
    const size_t equals = std::min(part.find('='), part.size());
    std::string name;
    std::string value;
    if (!decode(part.substr(0, equals), true, name)) continue;
    if (equals < part.size() && !decode(part.substr(equals + 1), true, value)) continue;
    result[name].push_back(value);
  }
  return result;
}

bool accepts_json(const HttpRequest& request) {
  if (!request.accept || request.accept->empty()) return true;
  for (const std::string_view part : split(*request.accept, ',')) {
    std::string type = lower(std::string(part.substr(0, part.find(';'))));
    type.erase(0, type.find_first_not_of(" \t"));
    type.erase(type.find_last_not_of(" \t") + 1);
    if (type == "*/*" || type == "application/*" || type == kJson) return true;
  }
  return false;
}

bool is_json_body(const HttpRequest& request) {
  if (!request.content_type) return request.body.empty();
  std::string type = lower(request.content_type->substr(0, request.content_type->find(';')));
  type.erase(type.find_last_not_of(" \t") + 1);
  return type == kJson;
}

/// Errors of the framework have the error body but no content type.
HttpResponse framework_error(int status, const std::string& reason) {
  HttpResponse response =
      error_response(status, "HTTP " + std::to_string(status) + " " + reason);
  response.content_type.reset();
  return response;
}

}  // namespace

struct Router::Match {
  std::vector<const Route*> routes;
  std::vector<std::string> params;

  const Route* find(const std::string& method) const {
    for (const Route* route : routes) {
      if (route->method == method) return route;
    }
    return nullptr;
  }
  std::string allowed() const {
    std::string list;
    if (find("GET") != nullptr) list = "HEAD, ";
    for (const Route* route : routes) list += route->method + ", ";
    return list + "OPTIONS";
  }
};

bool RestRequest::flag(const std::string& name) const {
  const auto at = query.find(name);
  return at != query.end() && !at->second.empty() && lower(at->second.front()) == "true";
}

HttpResponse json_response(int status, std::string body) { return {status, kJson, std::move(body)}; }

HttpResponse error_response(int status, const std::string& message) {
  std::string body = "{\"error_code\":" + std::to_string(status) + ",\"message\":";
  append_json_string(body, message, false);
  return json_response(status, body + "}");
}

HttpResponse error_response(const std::exception_ptr& error) {
  constexpr int kNotFound = 404;
  constexpr int kConflict = 409;
  constexpr int kInternal = 500;
  try {
    std::rethrow_exception(error);
  } catch (const RequestException& e) {
    return error_response(e.status(), e.what());
  } catch (const NotFoundException& e) {
    return error_response(kNotFound, e.what());
  } catch (const AlreadyExistsException& e) {
    return error_response(kConflict, e.what());
  } catch (const std::exception& e) {
    logger().error("Uncaught exception in REST call: {}", describe(e));
    return error_response(kInternal, e.what());
  } catch (...) {
    return error_response(kInternal, describe_current_exception());
  }
}

void Router::add(const std::string& method, const std::string& pattern, RestHandler handler,
                 bool any_media) {
  Route route{method, {}, std::move(handler), any_media};
  for (const std::string_view part : split(std::string_view(pattern).substr(1), '/')) {
    if (!part.empty()) route.pattern.emplace_back(part);
  }
  routes_.push_back(std::move(route));
}

Router::Match Router::match(const std::vector<std::string>& segments) const {
  Match match;
  for (const Route& route : routes_) {
    if (route.pattern.size() != segments.size()) continue;
    std::vector<std::string> params;
    bool same = true;
    for (size_t i = 0; i < segments.size() && same; ++i) {
      if (route.pattern[i] == "{}") {
        params.push_back(segments[i]);
      } else {
        same = route.pattern[i] == segments[i];
      }
    }
    if (!same) continue;
    match.routes.push_back(&route);
    match.params = std::move(params);
  }
  return match;
}

void Router::handle(HttpRequest http, const Respond& done) const {
  const std::string_view target(http.target);
  const size_t question = std::min(target.find('?'), target.size());
  std::vector<std::string> segments;
  if (!split_path(target.substr(0, question), segments)) {
    return done(error_response(400, "Ambiguous URI path separator"));
  }
  Match found = match(segments);
  if (found.routes.empty()) return done(framework_error(404, "Not Found"));
  const std::string method = http.method == "HEAD" ? "GET" : http.method;
  const Route* route = found.find(method);
  if (route == nullptr && method == "OPTIONS") {
    HttpResponse options{200, "text/plain", found.allowed()};
    options.headers.emplace_back("Allow", found.allowed());
    return done(std::move(options));
  }
  if (route == nullptr) return done(framework_error(405, "Method Not Allowed"));
  if (!route->any_media && !is_json_body(http)) {
    return done(framework_error(415, "Unsupported Media Type"));
  }
  if (!accepts_json(http)) return done(framework_error(406, "Not Acceptable"));
  RestRequest request;
  request.query = parse_query(question < target.size() ? target.substr(question + 1)
                                                       : std::string_view());
  request.params = std::move(found.params);
  request.http = std::move(http);
  try {
    route->handler(request, done);
  } catch (...) {
    done(error_response(std::current_exception()));
  }
}

}  // namespace millrace::rest

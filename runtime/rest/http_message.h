#pragma once
// Requests and responses between the server and the resources, free of any HTTP library.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::rest {

struct HttpRequest {
  std::string method;  // upper case
  std::string target;  // as sent, with query
  std::string body;
  std::string host;    // Host header
  std::string remote_address;
  std::optional<std::string> content_type;
  std::optional<std::string> accept;
  std::optional<std::string> origin;
  std::optional<std::string> requested_method;   // Access-Control-Request-Method
  std::string referer = "-";
  std::string user_agent = "-";
  std::string version = "HTTP/1.1";
  bool tls = false;
};

struct HttpResponse {
  int status = 200;
  std::optional<std::string> content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};
};

/// Answers one request: calls `done` once, on the calling thread's executor, now or later.
using Respond = std::function<void(HttpResponse)>;
using HttpHandler = std::function<void(HttpRequest, Respond done)>;

}  // namespace millrace::rest

#include "runtime/rest/access_log.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "millrace/clock.h"
#include "runtime/metrics/log.h"
#include "runtime/rest/http_date.h"

namespace millrace::rest {
namespace {

using Clock = std::chrono::steady_clock;

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.runtime.rest.RestServer");
  return instance;
}

/// Client text between double quotes: nothing in it may end the quotes or the line.
std::string quotable(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\') result.push_back('\\');
    result.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c);
  }
  return result;
}

/// What a line needs from a request that is handed on.
struct Entry {
  explicit Entry(const HttpRequest& request)
      : client(request.client),
        line(fmt::format("{} {} HTTP/{}.{}", quotable(request.method), quotable(request.target),
                         request.version / 10, request.version % 10)),
        referer(header(request, "Referer")),
        agent(header(request, "User-Agent")),
        head(request.method == "HEAD") {}

  static std::string header(const HttpRequest& request, std::string_view name) {
    const std::string* value = request.headers.find(name);
    return value == nullptr ? "-" : quotable(*value);
  }

  void write(const HttpResponse& response) const {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
    logger().info("{} - - [{}] \"{}\" {} {} \"{}\" \"{}\" {}", client, access_log_date(begin_ms),
                  line, response.status, head ? 0 : response.body.size(), referer, agent,
                  ms.count());
  }

  std::string client;
  std::string line;
  std::string referer;
  std::string agent;
  bool head;
  Clock::time_point begin = Clock::now();
  int64_t begin_ms = wall_clock_ms();
};

}  // namespace

HttpHandler with_access_log(HttpHandler next) {
  return [next = std::move(next)](HttpRequest request, Respond respond) {
    if (!logger().should_log(spdlog::level::info)) {
      return next(std::move(request), std::move(respond));
    }
    auto entry = std::make_shared<const Entry>(request);
    next(std::move(request), [entry, respond = std::move(respond)](HttpResponse response) {
      entry->write(response);
      respond(std::move(response));
    });
  };
}

}  // namespace millrace::rest

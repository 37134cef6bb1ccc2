#include <fmt/format.h>

#include "runtime/metrics/level.h"
#include "runtime/metrics/log.h"
#include "runtime/rest/entities.h"
#include "runtime/rest/request_bodies.h"
#include "runtime/rest/resources.h"

namespace millrace::rest {
namespace {

constexpr std::string_view kNullLevel =
    "Cannot invoke \"java.util.Map.get(Object)\" because \"levelMap\" is null";

std::string level_of(const HttpRequest& request) {
  const NullableConfig body = read_config(request.body, kNullLevel);
  const auto level = body.find("level");
  if (level == body.end() || !level->second) {
    throw RequestException(400, "Desired 'level' parameter was not specified in request.");
  }
  return *level->second;
}

/// Standalone workers apply a change for the cluster to themselves.
bool for_cluster(const RouteRequest& request) {
  const std::string* scope = request.query.find("scope");
  if (scope == nullptr || equal_ignoring_case(*scope, "worker")) return false;
  if (equal_ignoring_case(*scope, "cluster")) return true;
  static auto& logger =
      logging::get("org.apache.kafka.connect.runtime.rest.resources.LoggingResource");
  logger.warn("Received invalid scope '{}' in a request to change log levels; using worker",
              *scope);
  return false;
}

[[noreturn]] void invalid_level(const std::string& level) {
  throw NotFoundException(fmt::format("invalid log level '{}'.", level));
}

/// Every running worker hears of it by the config topic, this one too.
void set_in_cluster(const ResourceContext& context, const RouteRequest& request, Respond respond) {
  const std::string text = level_of(request.http);
  if (!logging::parse_level(text)) invalid_level(text);
  run_operation<Done>(
      context, request, std::move(respond),
      [&](Callback<Done> done) {
        context.cluster->herder.set_cluster_logger_level(request.parameters[0], text,
                                                         std::move(done));
      },
      [](Done) {
        return HttpResponse{204, {}, {}};
      });
}

void set(const ResourceContext& context, const RouteRequest& request, Respond respond,
         int64_t now_ms) {
  const bool everywhere = for_cluster(request);
  if (everywhere && context.cluster != nullptr) {
    return set_in_cluster(context, request, std::move(respond));
  }
  const std::string level = level_of(request.http);
  const auto affected = logging::set_level(request.parameters[0], level, now_ms);
  if (affected.empty()) invalid_level(level);
  respond(everywhere ? HttpResponse{204, {}, {}} : json_response(200, to_json(affected)));
}

HttpResponse get(const std::string& name) {
  const auto level = logging::level(name);
  if (!level) throw NotFoundException(fmt::format("Logger {} not found.", name));
  return json_response(200, to_json(*level));
}

}  // namespace

void add_loggers_resource(Router& router, const ResourceContext& context,
                          std::function<int64_t()> now_ms) {
  router.add("GET", "/admin/loggers", Media::Json, [](const auto&, auto respond) {
    respond(json_response(200, to_json(logging::levels())));
  });
  router.add("GET", "/admin/loggers/{}", Media::Json,
             [](const auto& request, auto respond) { respond(get(request.parameters[0])); });
  router.add("PUT", "/admin/loggers/{}", Media::JsonBody,
             [context, now_ms = std::move(now_ms)](const auto& request, auto respond) {
               set(context, request, std::move(respond), now_ms());
             });
}

}  // namespace millrace::rest

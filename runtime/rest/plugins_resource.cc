#include <fmt/format.h>

#include "runtime/rest/entities.h"
#include "runtime/rest/request_bodies.h"
#include "runtime/rest/resources.h"

namespace millrace::rest {
namespace {

constexpr std::string_view kNullConfig =
    "Cannot invoke \"java.util.Map.get(Object)\" because \"connectorConfig\" is null";

std::string_view without_connector_suffix(std::string_view name) {
  constexpr std::string_view kSuffix = "Connector";
  if (name.ends_with(kSuffix)) name.remove_suffix(kSuffix.size());
  return name;
}

/// The plugin in the path is only a cross-check of `connector.class` (§3.10).
void require_type_of_path(const NullableConfig& config, const std::string& plugin) {
  const auto type = config.find("connector.class");
  if (type == config.end() || !type->second) {
    // Kafka 4.1 answers 500 here, though 400 everywhere else.
    throw ConnectException("Connector config contains no connector type: set connector.class");
  }
  if (without_connector_suffix(*type->second).ends_with(without_connector_suffix(plugin))) return;
  throw RequestException(
      400, fmt::format("Included connector type {} does not match request type {}", *type->second,
                       plugin));
}

void validate(const ResourceContext& context, const RouteRequest& request, Respond respond) {
  run_operation<ConfigInfos>(
      context, request, std::move(respond),
      [&](Callback<ConfigInfos> done) {
        NullableConfig config = read_config(request.http.body, kNullConfig);
        require_type_of_path(config, request.parameters[0]);
        context.herder.validate(std::move(config), std::move(done));
      },
      [](const ConfigInfos& infos) { return json_response(200, to_json(infos)); });
}

}  // namespace

void add_plugins_resource(Router& router, const ResourceContext& context) {
  router.add("GET", "/connector-plugins", Media::Json,
             [context](const auto& request, auto respond) {
               const bool connectors_only = request.query.flag("connectorsOnly", true);
               respond(json_response(200, to_json(context.herder.plugins(connectors_only))));
             });
  // `?version=` is accepted; a worker has one version of each class.
  router.add("GET", "/connector-plugins/{}/config", Media::Json,
             [context](const auto& request, auto respond) {
               const auto keys = context.herder.plugin_config(request.parameters[0]);
               respond(json_response(200, to_json(keys)));
             });
  router.add("PUT", "/connector-plugins/{}/config/validate", Media::JsonBody,
             [context](const auto& request, auto respond) {
               validate(context, request, std::move(respond));
             });
}

}  // namespace millrace::rest

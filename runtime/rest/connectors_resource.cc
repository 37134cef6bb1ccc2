#include <fmt/format.h>

#include "millrace/text.h"
#include "runtime/metrics/log.h"
#include "runtime/rest/entities.h"
#include "runtime/rest/request_bodies.h"
#include "runtime/rest/resources.h"

namespace millrace::rest {
namespace {

constexpr std::string_view kNullConfig =
    "Cannot invoke \"java.util.Map.get(Object)\" because \"connectorConfig\" is null";
constexpr std::string_view kNullPatch =
    "Cannot invoke \"java.util.Map.entrySet()\" because \"connectorConfigPatch\" is null";

/// Makes `config` carry the name, which must not contradict one already there.
void require_same_name(const std::string& name, NullableConfig& config) {
  auto& configured = config.try_emplace("name", name).first->second;
  if (!configured) configured = name;
  if (*configured == name) return;
  throw RequestException(
      400, fmt::format("Connector name configuration ({}) doesn't match connector name in the URL "
                       "({})",
                       *configured, name));
}

/// Text of the 400 answer for a configuration that does not validate (§3.3).
std::string invalid_config_message(const ConfigInfos& infos) {
  std::string text =
      fmt::format("Connector configuration is invalid and contains the following {} error(s):",
                  infos.error_count);
  for (const auto& info : infos.configs) {
    if (!info.value) continue;
    for (const auto& error : info.value->errors) text += "\n" + error;
  }
  return text +
         "\nYou can also find the above list of errors at the endpoint "
         "`/connector-plugins/{connectorType}/config/validate`";
}

std::optional<Properties> without_nulls(const NullableConfig& config) {
  Properties result;
  for (const auto& [key, value] : config) {
    if (!value) return std::nullopt;
    result.emplace(key, *value);
  }
  return result;
}

HttpResponse created_answer(const std::string& location, const CreatedConnector& result) {
  HttpResponse response = json_response(result.created ? 201 : 200, to_json(result.info));
  if (result.created) response.headers.add("Location", location);
  return response;
}

std::string location_of(const HttpRequest& request, const std::string& connector) {
  return base_url(request) + "/connectors/" + percent_encode(connector);
}

/// A configuration with nulls never reaches the herder's put, which takes plain strings: validation
/// reports each null as an error, and its answer is the request's.
void refuse_nulls(const ResourceContext& context, const RouteRequest& request, Respond respond,
                  NullableConfig config) {
  run_operation<ConfigInfos>(
      context, request, std::move(respond),
      [&](Callback<ConfigInfos> done) {
        context.herder.validate(std::move(config), std::move(done));
      },
      [](const ConfigInfos& infos) -> HttpResponse {
        throw RequestException(400, invalid_config_message(infos));
      });
}

void put(const ResourceContext& context, const RouteRequest& request, Respond respond,
         const std::string& name, NullableConfig config, std::optional<TargetState> initial_state,
         bool allow_replace) {
  require_same_name(name, config);
  auto plain = without_nulls(config);
  if (!plain) return refuse_nulls(context, request, std::move(respond), std::move(config));
  run_operation<CreatedConnector>(
      context, request, std::move(respond),
      [&](Callback<CreatedConnector> done) {
        context.herder.put_connector(name, std::move(*plain), initial_state, allow_replace,
                                     std::move(done));
      },
      [location = location_of(request.http, name)](const CreatedConnector& result) {
        return created_answer(location, result);
      });
}

void create(const ResourceContext& context, const RouteRequest& request, Respond respond) {
  CreateConnectorRequest body = read_create_request(request.http.body);
  const std::string given = body.name.value_or("");
  const std::string name(java_trim(given));
  put(context, request, std::move(respond), name, std::move(body.config), body.initial_state,
      false);
}

void patch(const ResourceContext& context, const RouteRequest& request, Respond respond) {
  run_operation<ConnectorInfo>(
      context, request, std::move(respond),
      [&](Callback<ConnectorInfo> done) {
        context.herder.patch_connector(request.parameters[0],
                                       read_config(request.http.body, kNullPatch), std::move(done));
      },
      [](const ConnectorInfo& info) { return json_response(200, to_json(info)); });
}

/// One connector with the parts asked for; throws NotFound when one of them is missing.
std::string expanded(const Herder& herder, const std::string& name,
                     const std::vector<std::string>& expansions) {
  static auto& logger =
      logging::get("org.apache.kafka.connect.runtime.rest.resources.ConnectorsResource");
  std::optional<ConnectorInfo> info;
  std::optional<ConnectorStateInfo> status;
  for (const auto& expansion : expansions) {
    if (expansion == "info") {
      info = herder.connector_info(name);
    } else if (expansion == "status") {
      status = herder.connector_status(name);
    } else {
      logger.info("Ignoring unknown expansion type {}", expansion);
    }
  }
  JsonWriter json;
  json.begin_object();
  if (info) json.key("info").raw(to_json(*info));
  if (status) json.key("status").raw(to_json(*status));
  return json.end_object().take();
}

HttpResponse list(const Herder& herder, const std::vector<std::string>& expansions) {
  const auto names = herder.connectors();
  if (expansions.empty()) return json_response(200, to_json(names));
  JsonWriter json;
  json.begin_object();
  for (const auto& name : names) {
    try {
      const std::string entry = expanded(herder, name, expansions);
      json.key(name).raw(entry);
    } catch (const NotFoundException&) {
      // Without a status yet: left out, as Connect does.
    }
  }
  return json_response(200, json.end_object().take());
}

void remove(const ResourceContext& context, const RouteRequest& request, Respond respond) {
  run_operation<Done>(
      context, request, std::move(respond),
      [&](Callback<Done> done) {
        context.herder.delete_connector(request.parameters[0], std::move(done));
      },
      [](Done) {
        return HttpResponse{204, {}, {}};
      });
}

}  // namespace

void add_connectors_resource(Router& router, const ResourceContext& context) {
  constexpr std::string_view kConfig = "/connectors/{}/config";
  router.add("GET", "/connectors", Media::Json, [context](const auto& request, auto respond) {
    respond(list(context.herder, request.query.all("expand")));
  });
  router.add("POST", "/connectors", Media::JsonBody, [context](const auto& request, auto respond) {
    create(context, request, std::move(respond));
  });
  router.add("GET", "/connectors/{}", Media::Json, [context](const auto& request, auto respond) {
    respond(json_response(200, to_json(context.herder.connector_info(request.parameters[0]))));
  });
  router.add("DELETE", "/connectors/{}", Media::Json, [context](const auto& request, auto respond) {
    remove(context, request, std::move(respond));
  });
  router.add("GET", kConfig, Media::Json, [context](const auto& request, auto respond) {
    const auto info = context.herder.connector_info(request.parameters[0]);
    respond(json_response(200, to_json(info.config)));
  });
  router.add("PUT", kConfig, Media::JsonBody, [context](const auto& request, auto respond) {
    put(context, request, std::move(respond), request.parameters[0],
        read_config(request.http.body, kNullConfig), std::nullopt, true);
  });
  router.add("PATCH", kConfig, Media::JsonBody, [context](const auto& request, auto respond) {
    patch(context, request, std::move(respond));
  });
  add_connector_lifecycle(router, context);
  add_connector_offsets(router, context);
  add_internal_resource(router, context);
}

}  // namespace millrace::rest

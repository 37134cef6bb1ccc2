#include "runtime/rest/entities.h"
#include "runtime/rest/resources.h"

namespace millrace::rest {
namespace {

HttpResponse empty(int status) {
  return HttpResponse{status, {}, {}};
}

void stop(const ResourceContext& context, const RouteRequest& request, Respond respond) {
  run_operation<Done>(
      context, request, std::move(respond),
      [&](Callback<Done> done) {
        context.herder.stop_connector(request.parameters[0], std::move(done));
      },
      [](Done) { return empty(204); });
}

/// The form without flags restarts the instance and has no body; the others answer with the plan.
void restart(const ResourceContext& context, const RouteRequest& request, Respond respond) {
  const RestartRequest wanted{request.parameters[0], request.query.flag("onlyFailed"),
                              request.query.flag("includeTasks")};
  if (!wanted.only_failed && !wanted.include_tasks) {
    return run_operation<Done>(
        context, request, std::move(respond),
        [&](Callback<Done> done) {
          context.herder.restart_connector(wanted.connector, std::move(done));
        },
        [](Done) { return empty(204); });
  }
  run_operation<ConnectorStateInfo>(
      context, request, std::move(respond),
      [&](Callback<ConnectorStateInfo> done) {
        context.herder.restart_connector_and_tasks(wanted, std::move(done));
      },
      [](const ConnectorStateInfo& info) { return json_response(202, to_json(info)); });
}

void restart_task(const ResourceContext& context, const RouteRequest& request, Respond respond) {
  const ConnectorTaskId id{request.parameters[0], request.int_parameter(1)};
  run_operation<Done>(
      context, request, std::move(respond),
      [&](Callback<Done> done) { context.herder.restart_task(id, std::move(done)); },
      [](Done) { return empty(204); });
}

HttpResponse task_status(const ResourceContext& context, const RouteRequest& request) {
  const ConnectorTaskId id{request.parameters[0], request.int_parameter(1)};
  JsonWriter json;
  write_task_status(json, id.task, context.herder.task_status(id));
  return json_response(200, json.take());
}

HttpResponse topics(const Herder& herder, const std::string& name) {
  const auto seen = herder.active_topics(name);
  JsonWriter json;
  json.begin_object().key(name).begin_object().key("topics");
  write(json, seen);
  return json_response(200, json.end_object().end_object().take());
}

using ChangeTarget = void (Herder::*)(const std::string&, Callback<Done>);

Router::Handler change_target(const ResourceContext& context, ChangeTarget change) {
  return [context, change](const auto& request, auto respond) {
    run_operation<Done>(
        context, request, std::move(respond),
        [&](Callback<Done> done) {
          (context.herder.*change)(request.parameters[0], std::move(done));
        },
        [](Done) { return empty(202); });
  };
}

void add_states(Router& router, const ResourceContext& context) {
  router.add("PUT", "/connectors/{}/pause", Media::Json,
             change_target(context, &Herder::pause_connector));
  router.add("PUT", "/connectors/{}/resume", Media::Json,
             change_target(context, &Herder::resume_connector));
  router.add(
      "PUT", "/connectors/{}/stop", Media::Json,
      [context](const auto& request, auto respond) { stop(context, request, std::move(respond)); });
  router.add("POST", "/connectors/{}/restart", Media::Json,
             [context](const auto& request, auto respond) {
               restart(context, request, std::move(respond));
             });
}

void add_tasks(Router& router, const ResourceContext& context) {
  constexpr std::string_view kTasks = "/connectors/{}/tasks";
  router.add("GET", kTasks, Media::Json, [context](const auto& request, auto respond) {
    respond(json_response(200, to_json(context.herder.task_infos(request.parameters[0]))));
  });
  router.add(
      "GET", "/connectors/{}/tasks/{}/status", Media::Json,
      [context](const auto& request, auto respond) { respond(task_status(context, request)); });
  router.add("POST", "/connectors/{}/tasks/{}/restart", Media::Json,
             [context](const auto& request, auto respond) {
               restart_task(context, request, std::move(respond));
             });
}

}  // namespace

void add_connector_lifecycle(Router& router, const ResourceContext& context) {
  router.add("GET", "/connectors/{}/status", Media::Json,
             [context](const auto& request, auto respond) {
               const auto info = context.herder.connector_status(request.parameters[0]);
               respond(json_response(200, to_json(info)));
             });
  add_states(router, context);
  add_tasks(router, context);
  router.add("GET", "/connectors/{}/topics", Media::Json,
             [context](const auto& request, auto respond) {
               respond(topics(context.herder, request.parameters[0]));
             });
  router.add("PUT", "/connectors/{}/topics/reset", Media::Json,
             [context](const auto& request, auto respond) {
               context.herder.reset_active_topics(request.parameters[0]);
               respond(empty(202));
             });
}

}  // namespace millrace::rest

#include "runtime/rest/entities.h"
#include "runtime/rest/resources.h"

namespace millrace::rest {
namespace {

HttpResponse worker_status(int status, std::string_view name, std::string_view message) {
  JsonWriter json;
  json.begin_object().key("status").string(name).key("message").string(message).end_object();
  return json_response(status, json.take());
}

HttpResponse healthy(const Herder& herder) {
  std::string message = "Worker has completed startup and is ready to handle requests.";
  std::string stalled;
  for (const ConnectorTaskId& id : herder.stalled_tasks()) {
    stalled += (stalled.empty() ? " Stalled tasks: " : ", ") + id.to_string();
  }
  if (!stalled.empty()) message += stalled + ".";
  return worker_status(200, "healthy", message);
}

HttpResponse starting(const Herder& herder) {
  return worker_status(503, "starting", "Worker is still starting up." + stage_summary(herder));
}

/// Looks again until the worker is ready or `left` is used up. Requests run on the thread the
/// herder runs on, so that an answer at all proves the herder is alive.
void wait_until_ready(const ResourceContext& context, std::chrono::milliseconds left,
                      const Respond& respond) {
  if (context.herder.ready()) return respond(healthy(context.herder));
  if (left <= std::chrono::milliseconds::zero()) return respond(starting(context.herder));
  context.executor.post_after(kHealthPollInterval, [context, left, respond] {
    wait_until_ready(context, left - kHealthPollInterval, respond);
  });
}

}  // namespace

void add_root_resource(Router& router, const ResourceContext& context) {
  router.add("GET", "/", Media::Any, [context](const RouteRequest&, const Respond& respond) {
    respond(json_response(200, to_json(context.herder.server_info())));
  });
  router.add("GET", "/health", Media::Any, [context](const RouteRequest&, const Respond& respond) {
    wait_until_ready(context, kHealthTimeout, respond);
  });
}

}  // namespace millrace::rest

#include "runtime/herder/internal_request.h"
#include "runtime/rest/request_bodies.h"
#include "runtime/rest/resources.h"

namespace millrace::rest {
namespace {

/// The herder that may do it, after the check of the signature.
ClusterHerder& checked(const ResourceContext& context, const HttpRequest& request) {
  if (context.cluster == nullptr) {
    throw UnsupportedException("Kafka Connect in standalone mode does not support this operation");
  }
  ClusterHerder& herder = context.cluster->herder;
  const auto signature =
      read_signature(request.headers.find(kSignatureHeader),
                     request.headers.find(kSignatureAlgorithmHeader), request.body);
  if (herder.requires_signatures()) {
    check_signature(signature, context.cluster->verification_algorithms, herder.session_key());
  }
  return herder;
}

/// Anything in the body of a success would make a Java worker fail.
HttpResponse done_answer(Done) {
  return HttpResponse{204, {}, {}};
}

void put_task_configs(const ResourceContext& context, const RouteRequest& request,
                      Respond respond) {
  auto configs = read_task_configs(request.http.body);
  ClusterHerder& herder = checked(context, request.http);
  run_operation<Done>(
      context, request, std::move(respond),
      [&](Callback<Done> done) {
        herder.put_task_configs(request.parameters[0], std::move(configs), std::move(done));
      },
      done_answer);
}

void fence(const ResourceContext& context, const RouteRequest& request, Respond respond) {
  ClusterHerder& herder = checked(context, request.http);
  run_operation<Done>(
      context, request, std::move(respond),
      [&](Callback<Done> done) {
        herder.fence_zombies(request.parameters[0], std::move(done));
      },
      done_answer);
}

}  // namespace

void add_internal_resource(Router& router, const ResourceContext& context) {
  router.add("POST", "/connectors/{}/tasks", Media::Any,
             [context](const auto& request, auto respond) {
               put_task_configs(context, request, std::move(respond));
             });
  router.add("PUT", "/connectors/{}/fence", Media::Any,
             [context](const auto& request, auto respond) {
               fence(context, request, std::move(respond));
             });
}

}  // namespace millrace::rest

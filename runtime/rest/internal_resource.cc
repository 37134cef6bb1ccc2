#include "runtime/rest/request_bodies.h"
#include "runtime/rest/resources.h"

namespace millrace::rest {
namespace {

std::optional<InternalRequestSignature> signature_of(const HttpRequest& request) {
  return read_signature(request.headers.find(kSignatureHeader),
                        request.headers.find(kSignatureAlgorithmHeader), request.body);
}

/// Anything in the body of a success would make a Java worker fail.
HttpResponse done_answer(Done) {
  return HttpResponse{204, {}, {}};
}

void put_task_configs(const ResourceContext& context, const RouteRequest& request,
                      Respond respond) {
  auto configs = read_task_configs(request.http.body);
  auto signature = signature_of(request.http);
  run_operation<Done>(
      context, request, std::move(respond),
      [&](Callback<Done> done) {
        context.herder.put_task_configs(request.parameters[0], std::move(configs),
                                        std::move(signature), std::move(done));
      },
      done_answer);
}

void fence(const ResourceContext& context, const RouteRequest& request, Respond respond) {
  auto signature = signature_of(request.http);
  run_operation<Done>(
      context, request, std::move(respond),
      [&](Callback<Done> done) {
        context.herder.fence_zombies(request.parameters[0], std::move(signature),
                                     std::move(done));
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

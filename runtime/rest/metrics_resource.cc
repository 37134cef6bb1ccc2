#include "runtime/rest/resources.h"

namespace millrace::rest {

void add_metrics_resource(Router& router, MetricsText text) {
  router.add("GET", "/metrics", Media::Any,
             [text = std::move(text)](const RouteRequest&, const Respond& respond) {
               HttpResponse response{200, text(), {}};
               response.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
               respond(std::move(response));
             });
}

}  // namespace millrace::rest

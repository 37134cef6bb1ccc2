#pragma once
// The resources of the REST API; each adds its routes. The context outlives the router.

#include "runtime/rest/operation.h"
#include "runtime/rest/router.h"

namespace millrace::rest {

using MetricsText = std::function<std::string()>;

/// `/` and `/health`.
void add_root_resource(Router& router, const ResourceContext& context);
/// `/connectors` and below, offsets and internal endpoints included.
void add_connectors_resource(Router& router, const ResourceContext& context);
/// Part of it: status, lifecycle, tasks, topics.
void add_connector_lifecycle(Router& router, const ResourceContext& context);
/// Part of it: `/connectors/X/offsets`.
void add_connector_offsets(Router& router, const ResourceContext& context);
/// Part of it: what workers of a cluster ask of each other, `POST …/tasks` and `PUT …/fence`.
void add_internal_resource(Router& router, const ResourceContext& context);
/// `/connector-plugins`.
void add_plugins_resource(Router& router, const ResourceContext& context);
/// `/admin/loggers`; `now_ms` gives milliseconds since the epoch.
void add_loggers_resource(Router& router, const ResourceContext& context,
                          std::function<int64_t()> now_ms);

/// `/metrics`. `text` gives Prometheus' text format.
void add_metrics_resource(Router& router, MetricsText text);

}  // namespace millrace::rest

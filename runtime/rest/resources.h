#pragma once
// The resources of the REST API over a Herder (connect-rest-api.md §2, §3).

#include "runtime/core/executor.h"
#include "runtime/herder/herder.h"
#include "runtime/rest/router.h"

namespace millrace::rest {

/// Adds everything but the loggers. References outlive the router.
void add_connector_resources(Router& router, Herder& herder, Executor& control);
void add_plugin_resources(Router& router, Herder& herder, Executor& control);
/// `/` and `/health`.
void add_root_resources(Router& router, Herder& herder, Executor& control);
/// `/admin/loggers`.
void add_logger_resources(Router& router);

}  // namespace millrace::rest

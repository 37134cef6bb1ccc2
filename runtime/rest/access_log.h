#pragma once
// One line per answer (connect-rest-api.md §6.5).

#include "runtime/rest/http_types.h"

namespace millrace::rest {

/// Hands requests on to `next` and logs each answer with its duration.
HttpHandler with_access_log(HttpHandler next);

}  // namespace millrace::rest

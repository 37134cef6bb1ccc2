#pragma once
// Exceptions as answers (connect-rest-api.md §1.1).

#include <exception>
#include <string_view>

#include "runtime/rest/http_types.h"

namespace millrace::rest {

/// How long a client should wait with a request that met a conflict, for example a rebalance.
inline constexpr const char* kRetryAfterSeconds = "1";

/// RequestException: its status, and Retry-After with 409; NotFound 404; AlreadyExists 409;
/// everything else 500, which is also logged at ERROR with its causes. `target` is the request's,
/// for the log.
HttpResponse error_answer(std::exception_ptr error, std::string_view target);

}  // namespace millrace::rest

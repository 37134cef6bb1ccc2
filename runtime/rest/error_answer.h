#pragma once
// Exceptions as answers (connect-rest-api.md §1.1).

#include <exception>
#include <string_view>

#include "runtime/rest/http_types.h"

namespace millrace::rest {

/// RequestException: its status; NotFound 404; AlreadyExists 409; everything else 500, which is
/// also logged at ERROR with its causes. `target` is the request's, for the log.
HttpResponse error_answer(std::exception_ptr error, std::string_view target);

}  // namespace millrace::rest

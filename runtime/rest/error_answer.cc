#include "runtime/rest/error_answer.h"

#include "runtime/herder/herder.h"
#include "runtime/metrics/log.h"

namespace millrace::rest {
namespace {

/// The path only: a query may hold what the log should not.
std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find('?'));
}

HttpResponse internal_error(const std::string& message, const std::string& trace,
                            std::string_view target) {
  static auto& logger =
      logging::get("org.apache.kafka.connect.runtime.rest.errors.ConnectExceptionMapper");
  logger.error("Uncaught exception in REST call to {}\n{}", path_of(target), trace);
  return error_response(500, message);
}

/// 409 says that the same request may do in a moment.
HttpResponse requested_error(const RequestException& error) {
  HttpResponse response = error_response(error.status(), error.what());
  if (error.status() == 409) response.headers.add("Retry-After", kRetryAfterSeconds);
  return response;
}

}  // namespace

HttpResponse error_answer(std::exception_ptr error, std::string_view target) {
  try {
    std::rethrow_exception(std::move(error));
  } catch (const RequestException& e) {
    return requested_error(e);
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::NotFound) return error_response(404, e.what());
    if (e.kind() == ErrorKind::AlreadyExists) return error_response(409, e.what());
    return internal_error(e.what(), describe(e), target);
  } catch (const std::exception& e) {
    return internal_error(e.what(), describe(e), target);
  } catch (...) {
    return internal_error("Something that is not an exception was thrown",
                          describe_current_exception(), target);
  }
}

}  // namespace millrace::rest

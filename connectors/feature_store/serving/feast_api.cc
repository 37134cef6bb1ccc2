#include "connectors/feature_store/serving/feast_api.h"

#include "connectors/feature_store/serving/request_error.h"
#include "millrace/json.h"

namespace millrace::feature_store {
namespace {

int64_t micros_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                               start)
      .count();
}

/// FastAPI answers what it cannot validate with 422.
int feast_status(int status) noexcept {
  return status == 400 || status == 415 ? 422 : status;
}

void need(const Call& call, std::string_view method) {
  if (call.method == method) return;
  throw RequestError(ErrorCode::BadInput, 405, "Method Not Allowed");
}

}  // namespace

Outcome FeastApi::handle(const Call& call, Answer& answer, Waiting& waiting) noexcept {
  work_.begin();
  std::string message;
  try {
    return route(call, answer, waiting) ? Outcome::Done : Outcome::Wait;
  } catch (const RequestError& error) {
    answer.status = feast_status(error.status());
    message = error.what();
  } catch (const Error& error) {
    answer.status = error.retriable() ? 503 : 500;
    message = error.what();
  } catch (const std::exception& error) {
    answer.status = 500;
    message = error.what();
  }
  answer.body = "{\"detail\":";
  append_json_string(answer.body, message, false);
  answer.body += '}';
  return Outcome::Done;
}

bool FeastApi::route(const Call& call, Answer& answer, Waiting& waiting) {
  if (call.path == "/health") {
    need(call, "GET");
    return true;
  }
  if (!work_.parts.keys->allows(call.api_key)) {
    throw RequestError(ErrorCode::NotShared,
                       "The API key is missing or unknown; send it as X-API-KEY");
  }
  if (call.path == "/get-online-features") {
    need(call, "POST");
    if (!reader_.read(call, answer.body, waiting)) return false;
    work_.stats.request(ApiName::OnlineFeatures, micros_since(call.started));
    return true;
  }
  if (call.path == "/push") {
    need(call, "POST");
    pusher_.push(call);
    work_.stats.request(ApiName::Push, micros_since(call.started));
    return true;
  }
  throw RequestError(ErrorCode::BadInput, 404, "Not Found");
}

}  // namespace millrace::feature_store

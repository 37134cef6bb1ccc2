#include "connectors/feature_store/serving/rondb_api.h"

#include "connectors/feature_store/serving/json_view.h"
#include "connectors/feature_store/serving/request_error.h"

namespace millrace::feature_store {
namespace {

constexpr std::string_view kPrefix = "/0.1.0/";
constexpr std::string_view kHealthy = "1";

int64_t micros_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                               start)
      .count();
}

void need(const Call& call, std::string_view method) {
  if (call.method == method) return;
  throw RequestError(ErrorCode::BadInput, 405, "This path takes " + std::string(method) + " alone");
}

[[noreturn]] void no_such_path() {
  throw RequestError(ErrorCode::BadInput, 404, "There is no such path; see the API under /0.1.0");
}

}  // namespace

Outcome RondbApi::handle(const Call& call, Answer& answer, Waiting& waiting) noexcept {
  work_.begin();
  ErrorCode code = ErrorCode::ReadFailed;
  std::string message;
  try {
    const auto status = route(call, answer, waiting);
    if (!status) return Outcome::Wait;
    answer.status = *status;
    return Outcome::Done;
  } catch (const RequestError& error) {
    answer.status = error.status();
    code = error.code();
    message = error.what();
  } catch (const Error& error) {
    answer.status = error.retriable() ? 503 : 500;
    message = error.what();
  } catch (const std::exception& error) {
    answer.status = 500;
    message = error.what();
  }
  answer.body.clear();
  if (Ingestions::is_path(call.path)) {
    Ingestions::append_error(answer.body, answer.status, message);
  } else {
    append_error(answer.body, code, message);
  }
  return Outcome::Done;
}

std::optional<int> RondbApi::route(const Call& call, Answer& answer, Waiting& waiting) {
  const bool ours = call.path.substr(0, kPrefix.size()) == kPrefix;
  const std::string_view rest = ours ? call.path.substr(kPrefix.size()) : std::string_view();
  if (rest == "ping" || rest == "health") {
    need(call, "GET");
    if (rest == "health") answer.body += kHealthy;
    return 200;
  }
  if (!work_.parts.keys->allows(call.api_key)) {
    throw RequestError(ErrorCode::NotShared,
                       "The API key is missing or unknown; send it as X-API-KEY");
  }
  if (Ingestions::is_path(call.path)) return ingestions_.handle(call, answer.body);
  if (!ours) no_such_path();
  need(call, "POST");
  if (rest == "checkpoint") return checkpoint(call, answer.body, waiting);
  return lookup(call, rest, answer.body, waiting);
}

std::optional<int> RondbApi::checkpoint(const Call& call, std::string& out, Waiting& waiting) {
  if (!work_.parts.checkpoints) {
    throw RequestError(ErrorCode::BadInput, 404,
                       "Checkpoints are off: set 'store.checkpoint.dir' of the connector");
  }
  if (!waiting.job) {
    const Value body = parse_request(call.body, work_.arena);
    waiting.job = work_.parts.checkpoints->begin(text_member(body, "name").value_or(""));
    waiting.most = Checkpoints::kMostWait;
    return std::nullopt;
  }
  Checkpoints::append_answer(out, *waiting.job);
  return 200;
}

std::optional<int> RondbApi::lookup(const Call& call, std::string_view rest, std::string& out,
                                    Waiting& waiting) {
  if (rest == "feature_store")
    return timed(ApiName::FeatureStore, call, vectors_.one(call, out, waiting));
  if (rest == "batch_feature_store") {
    return timed(ApiName::BatchFeatureStore, call, vectors_.batch(call, out, waiting));
  }
  if (rest == "batch") return timed(ApiName::Batch, call, keys_.batch(call, out, waiting));
  const size_t first = rest.find('/');
  const size_t last = rest.rfind('/');
  if (first == std::string_view::npos || first == last) no_such_path();
  const std::string_view database = rest.substr(0, first);
  const std::string_view table = rest.substr(first + 1, last - first - 1);
  const std::string_view verb = rest.substr(last + 1);
  if (verb == "pk-read")
    return timed(ApiName::PkRead, call, keys_.read(call, database, table, out, waiting));
  if (verb == "scan")
    return timed(ApiName::Scan, call, keys_.scan(call, database, table, out, waiting));
  no_such_path();
}

std::optional<int> RondbApi::timed(ApiName api, const Call& call,
                                   const std::optional<int>& status) {
  if (status) work_.stats.request(api, micros_since(call.started));
  return status;
}

}  // namespace millrace::feature_store

#include "connectors/lakehouse/catalog/rest_errors.h"

#include <fmt/format.h>

#include "connectors/lakehouse/catalog/catalog.h"
#include "millrace/errors.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

constexpr size_t kMaxMessage = 1'000;  // bytes of the server's text in a message

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string described(const std::string& action, const http::HttpResponse& response) {
  const RestError error = rest_error(response);
  std::string text = fmt::format("{}: HTTP {}", action, response.status);
  if (!error.type.empty()) text += " " + error.type;
  if (!error.message.empty()) text += ": " + error.message.substr(0, kMaxMessage);
  return text;
}

/// Some servers answer so when another snapshot came first.
bool is_old_sequence(const RestError& error) {
  const std::string text = to_lower(error.message);
  return text.find("sequence number") != std::string::npos &&
         text.find("older") != std::string::npos;
}

/// May be the server's, or that of a proxy that got no answer from it.
bool is_unknown(const http::HttpResponse& response) {
  if (response.status == 503) return response.header("retry-after") == nullptr;
  return response.status == 408 || (response.status >= 500 && response.status != 501);
}

}  // namespace

RestError rest_error(const http::HttpResponse& response) {
  const Json body = Json::parse(response.body, nullptr, false);
  if (!body.is_object()) return {};
  const auto error = body.find("error");
  if (error == body.end() || !error->is_object()) return {};
  return {true, text_of(*error, "type"), text_of(*error, "message")};
}

void throw_rest_failure(const std::string& action, const http::HttpResponse& response) {
  const std::string what = described(action, response);
  switch (response.status) {
    case 401:
    case 419:
      throw Error(ErrorKind::Authentication,
                  what + "; check iceberg.catalog.credential or iceberg.catalog.token");
    case 403:
      throw Error(ErrorKind::Authorization,
                  what + "; the catalog must grant this to the connector");
    case 404:
      if (rest_error(response).is_catalogs) throw NotFoundException(what);
      throw ConnectException(what +
                             "; this is no answer of a REST catalog: check "
                             "iceberg.catalog.uri and iceberg.catalog.prefix");
    case 408:
    case 429:
      throw RetriableException(what);
    default:
      if (response.status >= 500 && response.status != 501) throw RetriableException(what);
      throw ConnectException(what);
  }
}

void throw_commit_failure(const std::string& action, const http::HttpResponse& response) {
  const bool is_conflict =
      response.status == 409 || (response.status == 400 && is_old_sequence(rest_error(response)));
  if (is_conflict) throw CommitConflict(described(action, response));
  if (is_unknown(response)) throw CommitUnknown(described(action, response));
  throw_rest_failure(action, response);
}

Json parse_answer(const std::string& action, const http::HttpResponse& response) {
  Json answer = Json::parse(response.body, nullptr, false);
  if (answer.is_object()) return answer;
  throw DataException(
      fmt::format("{}: the answer (HTTP {}, {} bytes) is no JSON object; check "
                  "iceberg.catalog.uri",
                  action, response.status, response.body.size()));
}

}  // namespace millrace::lakehouse

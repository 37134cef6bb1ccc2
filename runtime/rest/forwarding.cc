#include "runtime/rest/forwarding.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "runtime/metrics/log.h"
#include "runtime/rest/error_answer.h"
#include "runtime/rest/json_reader.h"
#include "runtime/rest/json_writer.h"
#include "runtime/rest/peer_url.h"
#include "runtime/worker/request_exception.h"

namespace millrace::rest {
namespace {

constexpr const char* kForward = "forward";
/// Flags of the API that change what a request does; others are not passed on, as in Java.
constexpr const char* kFlags[] = {"includeTasks", "onlyFailed"};

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.runtime.rest.RestClient");
  return instance;
}

/// The error object of another worker.
struct PeerError {
  int code = 0;
  std::optional<std::string> message;
};

/// Throws JsonError for anything else.
PeerError read_error(std::string_view body) {
  JsonReader reader(body);
  if (reader.next() != JsonToken::StartObject) throw JsonError("no error object");
  PeerError error;
  while (reader.next() == JsonToken::FieldName) {
    const std::string field = reader.text();
    const JsonToken token = reader.next();
    if (field == "error_code" && token == JsonToken::Number) {
      const std::string& digits = reader.text();
      std::from_chars(digits.data(), digits.data() + digits.size(), error.code);
    } else if (field == "message" && token == JsonToken::String) {
      error.message = reader.text();
    } else {
      reader.skip_value();
    }
  }
  return error;
}

HttpResponse relay_error(const PeerAnswer& answer) {
  const PeerError error = read_error(answer.body);
  JsonWriter json;
  json.begin_object().key("error_code").number(error.code);
  json.key("message").string_or_null(error.message).end_object();
  HttpResponse response = json_response(answer.status, json.take());
  const auto retry = answer.headers.find("retry-after");
  if (retry != answer.headers.end()) response.headers.add("Retry-After", retry->second);
  return response;
}

HttpResponse relay_value(const PeerAnswer& answer, const std::string& base) {
  JsonReader reader(answer.body);
  if (reader.next() == JsonToken::End) throw JsonError("No content to map due to end-of-input");
  reader.skip_value();
  HttpResponse response = json_response(answer.status, answer.body);
  const auto location = answer.headers.find("location");
  if (answer.status != 201 || location == answer.headers.end()) return response;
  // The other's address is not what the client asked: its own, with the other's path.
  const auto url = parse_peer_url(location->second);
  if (url) response.headers.add("Location", base + url->target);
  return response;
}

/// Throws JsonError.
HttpResponse relay(const PeerAnswer& answer, const std::string& base) {
  constexpr int kNoContent = 204;
  if (answer.status == kNoContent) return HttpResponse{kNoContent, {}, {}};
  if (answer.status >= 400) return relay_error(answer);
  if (answer.status >= 200 && answer.status < 300) return relay_value(answer, base);
  return error_response(
      500,
      fmt::format("Unexpected status code when handling forwarded request: {}", answer.status));
}

HttpResponse no_answer(const std::string& reason) {
  logger().error("IO error forwarding REST request: {}", reason);
  return error_response(500, "IO Error trying to forward REST request: " + reason);
}

/// `call` is method and URL, for messages.
HttpResponse answer_of(Outcome<PeerAnswer>& outcome, const std::string& call,
                       const std::string& base) {
  try {
    const PeerAnswer& answer = outcome.value();
    try {
      return relay(answer, base);
    } catch (const JsonError& e) {
      return no_answer(fmt::format("{}: the answer with status {} cannot be read: {}", call,
                                   answer.status, e.what()));
    }
  } catch (const ConfigException& e) {
    logger().error("Error forwarding REST request: {}", e.what());
    return error_response(500, std::string("Error trying to forward REST request: ") + e.what());
  } catch (const std::exception& e) {
    return no_answer(e.what());
  }
}

HttpResponse conflict(const std::string& message) {
  return error_answer(std::make_exception_ptr(RequestException(409, message)), {});
}

}  // namespace

ForwardableRequest::ForwardableRequest(const RouteRequest& request)
    : method(request.http.method),
      body(request.http.body),
      base(base_url(request.http)) {
  for (const std::string& segment : request.segments) path += "/" + percent_encode(segment);
  const std::string* credentials = request.http.headers.find("Authorization");
  if (credentials != nullptr) authorization = *credentials;
  for (const char* flag : kFlags) {
    if (request.query.flag(flag)) flags += std::string("&") + flag + "=true";
  }
  if (request.query.find(kForward) != nullptr) forward = request.query.flag(kForward);
}

void forward(PeerClient& peers, const ForwardableRequest& request, const std::string& url,
             const Respond& respond) {
  if (!request.forward.value_or(true)) {
    logger().error(
        "Request '{} {}' failed because it couldn't find the target Connect worker within two hops "
        "(between workers).",
        request.method, request.path);
    return respond(conflict(
        "Cannot complete request because of a conflicting operation (e.g. worker rebalance)"));
  }
  if (url.empty()) {
    return respond(
        conflict("Cannot complete request momentarily due to no known leader URL, likely because a "
                 "rebalance was underway."));
  }
  const bool first_hop = !request.forward.has_value();
  PeerRequest sent{below(url, request.path) + "?" + kForward + (first_hop ? "=true" : "=false") +
                       request.flags,
                   request.method, request.body, std::nullopt, request.authorization};
  const std::string call = sent.method + " " + sent.url;
  logger().debug("Forwarding request {}", call);
  peers.call(std::move(sent), [respond, call, base = request.base](Outcome<PeerAnswer> outcome) {
    respond(answer_of(outcome, call, base));
  });
}

std::string base_url(const HttpRequest& request) {
  const std::string* host = request.headers.find("Host");
  return fmt::format("{}://{}", request.secure ? "https" : "http",
                     host != nullptr && !host->empty() ? *host : request.local_address);
}

}  // namespace millrace::rest

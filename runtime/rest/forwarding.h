#pragma once
// Requests that another worker must answer: the leader, or the owner of a connector or task
// (connect-rest-api.md §4). The first worker forwards with `forward=true`, the second with
// `forward=false`, and the third refuses.

#include <optional>
#include <string>

#include "runtime/herder/peer_client.h"
#include "runtime/rest/http_types.h"
#include "runtime/rest/router.h"

namespace millrace::rest {

/// What is kept of a request until the herder knows who must answer it. The body goes on as it
/// came, which says the same as Java's copy of it.
struct ForwardableRequest {
  explicit ForwardableRequest(const RouteRequest& request);

  std::string method;
  std::string path;  // begins with a slash
  std::string body;
  std::string authorization;    // the only header that goes on
  std::string flags;            // of the query, e.g. `&onlyFailed=true`
  std::string base;             // of this worker as the client addressed it, e.g. http://host:8083
  std::optional<bool> forward;  // of the query
};

/// Answers with what the worker at `url` answers; 409 when `url` is empty or the request came too
/// far, 500 when there is no answer. Never throws.
void forward(PeerClient& peers, const ForwardableRequest& request, const std::string& url,
             const Respond& respond);

/// Address of this worker as the client of `request` wrote it, e.g. `http://host:8083`.
std::string base_url(const HttpRequest& request);

}  // namespace millrace::rest

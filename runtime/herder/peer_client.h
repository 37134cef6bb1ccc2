#pragma once
// Calls of one worker to another's REST API (connect-rest-api.md §4, §5).

#include <map>
#include <optional>
#include <string>

#include "runtime/core/outcome.h"
#include "runtime/storage/config_snapshot.h"

namespace millrace {

struct PeerRequest {
  std::string url;     // absolute
  std::string method;
  std::string body = {};                 // JSON; empty: none
  std::optional<SessionKey> key = {};    // signs the request with it (internal endpoints)
  std::string authorization = {};        // header of a forwarded request's client; empty: none
};

struct PeerAnswer {
  int status = 0;
  std::string body;
  std::map<std::string, std::string> headers;  // names in lower case
};

/// Control thread only; the callback is called once, on the control thread, never inside the call.
/// Any answer is a value, errors of status 400 and above included; an exception names the URL.
class PeerClient {
 public:
  virtual ~PeerClient() = default;
  virtual void call(PeerRequest request, Callback<PeerAnswer> done) = 0;
};

}  // namespace millrace

#pragma once
// Requests and responses of the group APIs as bytes, in the fixed layouts of connect-cluster.md §2.4.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/group/coordinator_client.h"

namespace millrace::group {

enum class ApiKey : int16_t {
  Metadata = 3,
  FindCoordinator = 10,
  JoinGroup = 11,
  Heartbeat = 12,
  LeaveGroup = 13,
  SyncGroup = 14,
  SaslHandshake = 17,
  ApiVersions = 18,
  SaslAuthenticate = 36,
};

struct VersionRange {
  int16_t min = 0;
  int16_t max = 0;
};

/// Versions a broker speaks, by API.
using BrokerVersions = std::map<ApiKey, VersionRange>;

/// The newest version of `api` that both sides speak. Throws ConnectException that names the API and
/// both ranges when there is none.
int16_t choose_version(ApiKey api, const BrokerVersions& broker);

/// Length, header (v1) and body: what goes into the socket.
std::string frame(ApiKey api, int16_t version, int32_t correlation, std::string_view client_id,
                  std::string_view body);

// Bodies of requests. ApiVersions 0 has none.
std::string find_coordinator_body(std::string_view group);                     // versions 1, 2
std::string join_body(const JoinRequest& request, int16_t version);            // 2 to 5
std::string sync_body(const SyncRequest& request, int16_t version);            // 1 to 3
std::string heartbeat_body(std::string_view group, int32_t generation, std::string_view member,
                           int16_t version);                                   // 1 to 3
std::string leave_body(std::string_view group, std::string_view member);       // 1, 2
std::string sasl_handshake_body(std::string_view mechanism);                   // 1
std::string sasl_authenticate_body(std::string_view auth);                     // 0, 1

struct Node {
  int32_t id = -1;
  std::string host;
  int32_t port = 0;
};

struct FindCoordinatorResponse {
  KafkaError error = KafkaError::None;
  Node node;
};

struct SaslHandshakeResponse {
  int16_t error = 0;
  std::vector<std::string> mechanisms;
};

struct SaslAuthenticateResponse {
  int16_t error = 0;
  std::string message;
  std::string auth;
  int64_t session_lifetime_ms = 0;
};

// Bodies of responses, behind the correlation id. They throw ConnectException for bytes that are no
// such response.
BrokerVersions read_api_versions(std::string_view body);
FindCoordinatorResponse read_find_coordinator(std::string_view body);
JoinResponse read_join(std::string_view body, int16_t version);
SyncResponse read_sync(std::string_view body);
KafkaError read_error(std::string_view body, std::string_view subject);  // Heartbeat, LeaveGroup
SaslHandshakeResponse read_sasl_handshake(std::string_view body);
SaslAuthenticateResponse read_sasl_authenticate(std::string_view body, int16_t version);

}  // namespace millrace::group

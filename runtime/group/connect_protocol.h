#pragma once
// What Connect workers tell each other through the group coordinator (connect-cluster.md §2.1,
// §2.2).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/ids.h"

namespace millrace::group {

/// Version of the blobs, and with it the name of the subprotocol.
enum class ProtocolVersion : int16_t {
  Eager = 0,       // "default"
  Compatible = 1,  // "compatible": incremental cooperative
  Sessioned = 2,   // "sessioned": the same with signed internal requests
};

/// Name under which a member offers `version`. Static storage.
std::string_view protocol_name(ProtocolVersion version) noexcept;
/// Version with that name; nothing when Connect knows no such subprotocol.
std::optional<ProtocolVersion> protocol_version(std::string_view name) noexcept;

enum class AssignmentError : int16_t {
  None = 0,
  ConfigMismatch = 1,  // the leader is behind: read the config topic to its end and rejoin
};

/// What the leader hands to one member, and what a member says it holds. Lists may repeat an item
/// when they come from the wire.
struct Assignment {
  int16_t error = 0;   // an AssignmentError, or a later worker's
  std::string leader;  // member id
  std::string leader_url;
  int64_t offset = -1;  // of the config topic
  std::vector<std::string> connectors;
  std::vector<ConnectorTaskId> tasks;
  std::vector<std::string> revoked_connectors;
  std::vector<ConnectorTaskId> revoked_tasks;
  int32_t delay_ms = 0;  // after which every member rejoins; 0: none

  bool failed() const noexcept { return error != 0; }
  bool operator==(const Assignment&) const = default;
};

/// What a member says when it joins.
struct Subscription {
  std::string url;
  int64_t offset = -1;                   // of the config topic, as far as the member has read
  std::optional<Assignment> allocation;  // what it holds; version 0 cannot say

  bool operator==(const Subscription&) const = default;
};

/// Bytes of a JoinGroup protocol's metadata. Throws ConnectException for text over 32,767 bytes.
std::string encode(const Subscription& subscription, ProtocolVersion version);
/// Bytes of a SyncGroup assignment. Connectors stand in the order of a Java HashSet made of them.
std::string encode(const Assignment& assignment, ProtocolVersion version);

/// Reads any version from 0 on; fields missing at the end have their defaults, further bytes are
/// passed over. Throws ConnectException that says what is wrong.
Subscription decode_subscription(std::string_view bytes);
/// The same. Nothing when `bytes` is empty, that is when the leader left this member out: rejoin.
std::optional<Assignment> decode_assignment(std::string_view bytes);

}  // namespace millrace::group

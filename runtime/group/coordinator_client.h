#pragma once
// Requests of a group member to its coordinator (connect-cluster.md §2.4), typed. What is on the wire
// is the implementation's concern; a simulation implements this without one.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/core/outcome.h"

namespace millrace::group {

/// Error codes of Kafka that a member reacts to.
enum class KafkaError : int16_t {
  None = 0,
  CoordinatorLoadInProgress = 14,
  CoordinatorNotAvailable = 15,
  NotCoordinator = 16,
  IllegalGeneration = 22,
  InconsistentGroupProtocol = 23,
  InvalidGroupId = 24,
  UnknownMemberId = 25,
  InvalidSessionTimeout = 26,
  RebalanceInProgress = 27,
  GroupAuthorizationFailed = 30,
  UnsupportedVersion = 35,
  MemberIdRequired = 79,
  GroupMaxSizeReached = 81,
};

/// A member's offer, or what the coordinator passed on of it.
struct ProtocolMetadata {
  std::string name;
  std::string metadata;
};

struct JoinRequest {
  std::string group;
  std::chrono::milliseconds session_timeout{};
  std::chrono::milliseconds rebalance_timeout{};
  std::string member;  // empty at first
  std::vector<ProtocolMetadata> protocols;
};

struct MemberMetadata {
  std::string member;
  std::string metadata;
};

struct JoinResponse {
  KafkaError error = KafkaError::None;
  int32_t generation = -1;
  std::string protocol;
  std::string leader;
  std::string member;
  std::vector<MemberMetadata> members;  // for the leader only
};

struct MemberAssignment {
  std::string member;
  std::string assignment;
};

struct SyncRequest {
  std::string group;
  int32_t generation = -1;
  std::string member;
  std::vector<MemberAssignment> assignments;  // of the leader only
};

struct SyncResponse {
  KafkaError error = KafkaError::None;
  std::string assignment;  // empty when the leader left this member out
};

/// Control thread only. Every callback is called once, never inside the call; an error means that no
/// answer will come (disconnected, timed out), and after it the coordinator is unknown again.
class CoordinatorClient {
 public:
  virtual ~CoordinatorClient() = default;
  /// Asks any broker who coordinates the group, and connects to it.
  virtual void find(const std::string& group, Callback<KafkaError> done) = 0;
  virtual void join(const JoinRequest& request, std::chrono::milliseconds timeout,
                    Callback<JoinResponse> done) = 0;
  virtual void sync(const SyncRequest& request, Callback<SyncResponse> done) = 0;
  /// Never waits behind a join, which the coordinator holds back until a round is over.
  virtual void heartbeat(const std::string& group, int32_t generation, const std::string& member,
                         Callback<KafkaError> done) = 0;
  /// Nobody waits for the answer but a worker that stops.
  virtual void leave(const std::string& group, const std::string& member,
                     Callback<KafkaError> done) = 0;
  /// Drops the connection to the coordinator; open requests get errors.
  virtual void disconnect() noexcept = 0;
};

}  // namespace millrace::group

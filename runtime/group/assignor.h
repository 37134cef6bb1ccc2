#pragma once
// The leader's part of a rebalance: who runs which connectors and tasks (connect-cluster.md §3).

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/group/connect_protocol.h"
#include "runtime/group/incremental_assignor.h"

namespace millrace::group {

/// What the leader has read from the config topic.
struct ConfigView {
  int64_t offset = -1;
  std::map<std::string, int32_t> connectors;  // number of tasks; 0 while they are inconsistent
};

struct Member {
  std::string id;
  Subscription subscription;
};

/// All that an assignment depends on, besides what the leader remembers of earlier rounds.
struct Round {
  std::string leader;           // id of this member
  std::vector<Member> members;  // different ids, in the order of the JoinGroup response
  ConfigView config;            // as of this member's subscription
  ConfigView latest_config;     // as of now; used when another member is ahead of `config`
  int32_t last_completed_generation = -1;  // of this member's last SyncGroup that succeeded
  int32_t generation = -1;                 // that is being formed
  int64_t now_ms = 0;                      // any clock that does not go back
};

/// Where REST requests for a connector or task go. Members by id.
struct LeaderState {
  std::map<std::string, std::string> urls;
  std::map<std::string, std::string> connector_owners;
  std::map<ConnectorTaskId, std::string> task_owners;
  /// Connectors of tasks that their members are to stop; they join again when those have stopped.
  std::set<std::string> revoking;

  /// Url of the owner; nothing when no member owns it.
  std::optional<std::string> owner_url(const std::string& connector) const;
  std::optional<std::string> owner_url(const ConnectorTaskId& task) const;
};

struct RoundResult {
  std::map<std::string, Assignment> assignments;  // for each member
  std::optional<LeaderState> leader_state;        // none when the config topic must be read first
};

/// Computes exactly what Java's assignors do. Lives as long as its worker, which may be leader now
/// and again: the incremental assignor remembers what it handed out. One thread, no I/O.
class Assignor {
 public:
  /// `max_delay_ms`: scheduled.rebalance.max.delay.ms.
  explicit Assignor(int32_t max_delay_ms) : incremental_(max_delay_ms) {}

  /// `version` is that of the subprotocol which the group chose. Throws ConnectException when the
  /// leader is not among the members or one comes twice, and has then changed nothing.
  RoundResult assign(ProtocolVersion version, const Round& round);

 private:
  IncrementalAssignor incremental_;
};

}  // namespace millrace::group

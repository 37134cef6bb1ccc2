#pragma once
// A Connect worker's place in its group: what it tells the others, what it is to run, and the leader's
// part (WorkerCoordinator, connect-cluster.md §2.3, §3).

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/group/assignor.h"
#include "runtime/group/group_member.h"

namespace millrace::group {

/// connect.protocol.
enum class ProtocolMode : uint8_t { Eager, Compatible, Sessioned };
/// Case is ignored. Throws ConfigException.
ProtocolMode parse_protocol_mode(const std::string& text);

/// Connectors and tasks of one worker.
struct Work {
  std::vector<std::string> connectors;
  std::vector<ConnectorTaskId> tasks;

  bool empty() const noexcept { return connectors.empty() && tasks.empty(); }
};

/// The outcome of a round for this worker.
struct WorkerAssignment {
  Work work;     // all that it is to run: what it kept, and what is new
  Work revoked;  // to stop before the worker rejoins
  bool failed = false;          // read the config topic to its end, then rejoin
  int64_t offset = -1;          // of the config topic, as the leader has read it
  int32_t delay_ms = 0;         // rejoin after it; 0: no need
  int32_t generation = -1;
  std::string leader;           // member id
  std::string leader_url;
  bool is_leader = false;
  ProtocolVersion version = ProtocolVersion::Eager;
};

class MembershipListener {
 public:
  virtual ~MembershipListener() = default;
  /// What has been read of the config topic by now.
  virtual ConfigView config_view() = 0;
  /// Before each join: `ready` is called once what is being stopped has stopped, since the next
  /// round may give it to others. It may be called at once.
  virtual void before_join(std::function<void()> ready) { ready(); }
  virtual void on_assigned(const WorkerAssignment& assignment) = 0;
  /// Others may have this worker's work by now, or soon; stop_all() follows.
  virtual void on_lost() {}
  /// Eager workers stop all work before each round; `stopped` is called once it has stopped.
  virtual void stop_all(const std::string& why, std::function<void()> stopped) = 0;
  /// The worker must end.
  virtual void on_fatal(std::exception_ptr error) = 0;
};

/// Control thread only. What it references outlives it.
class WorkerMembership final : private GroupListener {
 public:
  struct Options {
    ProtocolMode mode = ProtocolMode::Sessioned;
    std::string url;                // of this worker's REST API
    int32_t max_delay_ms = 300'000;  // scheduled.rebalance.max.delay.ms
    /// Before a round is asked for again whose assignment could not be used.
    std::chrono::milliseconds retry_backoff{1'000};
  };

  WorkerMembership(GroupMember& member, Options options, GroupMember::Clock now)
      : member_(member), options_(std::move(options)), now_(std::move(now)),
        assignor_(options_.max_delay_ms) {}

  void start(MembershipListener& listener);
  /// Null until the first round, and while no assignment holds.
  const WorkerAssignment* assignment() const noexcept { return held_ ? &*held_ : nullptr; }
  /// Where requests for connectors and tasks go; null unless this worker leads.
  const LeaderState* leader_state() const noexcept { return leading_ ? &*leading_ : nullptr; }
  /// Work that is not to be run after all: it is claimed no more.
  void forget(const Work& gone);
  /// The revoked work has stopped: it is claimed no more.
  void forget_revoked() noexcept {
    if (held_) held_->revoked = {};
  }

 private:
  std::vector<ProtocolMetadata> metadata() override;
  void prepare_join(std::function<void()> ready) override;
  std::vector<MemberAssignment> assign(const std::string& leader, const std::string& protocol,
                                       const std::vector<MemberMetadata>& members) override;
  void on_joined(const Joined& joined) override;
  void on_lost(const std::string& why, bool keep_claim) override;
  void on_fatal(std::exception_ptr error) override { listener_->on_fatal(std::move(error)); }

  GroupMember& member_;
  const Options options_;
  const GroupMember::Clock now_;
  Assignor assignor_;
  MembershipListener* listener_ = nullptr;
  std::optional<WorkerAssignment> held_;
  std::optional<LeaderState> leading_;
  ConfigView offered_;              // as of the metadata of the running round
  bool eager_ = false;              // what the last round chose
  int32_t last_generation_ = -1;    // of the last completed round
};

}  // namespace millrace::group

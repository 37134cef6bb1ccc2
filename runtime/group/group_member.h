#pragma once
// A member of a Kafka group of type `connect` (connect-cluster.md §2.3), as a state machine: answers
// of the coordinator and timers in, requests and events out. It knows nothing of connectors.

#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "runtime/core/executor.h"
#include "runtime/core/work_lease.h"
#include "runtime/group/coordinator_client.h"

namespace millrace::group {

/// By their worker properties.
struct GroupOptions {
  std::string group_id;
  std::chrono::milliseconds session_timeout{10'000};
  std::chrono::milliseconds heartbeat_interval{3'000};
  std::chrono::milliseconds rebalance_timeout{60'000};
  std::chrono::milliseconds request_timeout{40'000};
  std::chrono::milliseconds retry_backoff{100};
  std::chrono::milliseconds retry_backoff_max{1'000};
  /// Told until when the group leaves this member its work; null: nobody asks.
  std::shared_ptr<WorkLease> lease = nullptr;
};

/// A completed round.
struct Joined {
  int32_t generation = -1;
  std::string member;
  std::string protocol;
  bool leader = false;
  std::string assignment;  // as the leader made it; empty when it left this member out
};

/// Hears of the group; called on the control thread.
class GroupListener {
 public:
  virtual ~GroupListener() = default;
  /// What to offer, in order of preference; asked again at each attempt.
  virtual std::vector<ProtocolMetadata> metadata() = 0;
  /// Before a join: an eager member stops its work, then calls `ready` (once, maybe at once).
  virtual void prepare_join(std::function<void()> ready) = 0;
  /// The leader's part. May throw, which ends the worker.
  virtual std::vector<MemberAssignment> assign(const std::string& leader,
                                               const std::string& protocol,
                                               const std::vector<MemberMetadata>& members) = 0;
  virtual void on_joined(const Joined& joined) = 0;
  /// Membership may be lost by now and the work may be given to others: stop all of it at once. With
  /// `keep_claim` the next metadata should still claim it, since nobody else may have got it yet. The
  /// member goes on and joins again.
  virtual void on_lost(const std::string& why, bool keep_claim) = 0;
  /// The member has given up (connect-cluster.md §2.3, "fatal"): the worker must end.
  virtual void on_fatal(std::exception_ptr error) = 0;
};

/// Control thread only. What it references outlives it.
class GroupMember {
 public:
  using Clock = std::function<std::chrono::milliseconds()>;  // monotonic

  GroupMember(Executor& control, CoordinatorClient& client, GroupOptions options, Clock now,
              uint64_t seed);
  ~GroupMember();
  GroupMember(const GroupMember&) = delete;
  GroupMember& operator=(const GroupMember&) = delete;

  /// Joins, and rejoins when it must, until stopped.
  void start(GroupListener& listener);
  /// A new round after `wait`, and after the running one if there is one.
  void request_rejoin(const std::string& reason, std::chrono::milliseconds wait = {});
  /// Something may have happened in the group: asks the coordinator soon, and some times more, rather
  /// than at the next heartbeat.
  void ask_soon();
  /// Says goodbye to the coordinator if it is known, waiting `limit` at most. Nothing is heard after.
  void stop(std::chrono::milliseconds limit, Callback<Done> done);

  bool is_member() const noexcept { return state_ == State::Stable; }
  bool rejoining() const noexcept { return state_ != State::Stable || rejoin_; }
  int32_t generation() const noexcept { return generation_; }
  const std::string& member_id() const noexcept { return member_; }
  bool coordinator_known() const noexcept { return coordinator_; }

 private:
  enum class State : uint8_t { Unjoined, Preparing, Joining, Syncing, Stable };
  using Millis = std::chrono::milliseconds;

  // A round: find, prepare, join, sync. Answers of an older one are dropped.
  void drive();
  void find_coordinator();
  void on_found(Outcome<KafkaError> outcome);
  void prepare();
  void join();
  void on_join(Outcome<JoinResponse> outcome);
  void sync(const JoinResponse& joined);
  void on_sync(const JoinResponse& joined, Millis sent, Outcome<SyncResponse> outcome);
  /// Back to the start of a round, which begins after `wait`.
  void again(Millis wait);

  void beat_later();
  /// The coordinator has heard of this member, at `sent` or later.
  void heard(Millis sent, bool calm);
  void heartbeat();
  void on_heartbeat(int32_t generation, Millis sent, Outcome<KafkaError> outcome);
  void guard_session();

  void coordinator_lost(const std::string& why);
  void member_lost(const std::string& why);
  void lose(const std::string& why, bool keep_claim);
  void fatal(KafkaError error, const char* request);
  void fatal(std::exception_ptr error);
  /// True, and the member has ended, when another attempt would be refused too.
  bool refused(const std::exception_ptr& error);
  Millis backoff();

  /// Runs `task` later, unless the member was stopped or `valid` has moved on meanwhile.
  void after(Millis delay, const uint64_t& valid, std::function<void()> task);
  template <class T>
  Callback<T> answer(const uint64_t& valid, std::function<void(Outcome<T>)> handler);

  Executor& control_;
  CoordinatorClient& client_;
  const GroupOptions options_;
  const Clock now_;
  std::mt19937_64 random_;
  GroupListener* listener_ = nullptr;

  State state_ = State::Unjoined;
  bool coordinator_ = false;  // known and connected, as far as we know
  bool finding_ = false;
  bool rejoin_ = true;
  bool prepared_ = false;     // for the round that is under way
  bool has_work_ = false;     // an assignment was handed out and not taken back
  int32_t generation_ = -1;
  std::string member_;
  uint64_t round_ = 0;        // counts rounds and their attempts
  uint64_t beats_ = 0;        // counts series of heartbeats
  uint32_t soon_beats_ = 0;   // heartbeats that come at shorter intervals now
  uint64_t search_ = 0;       // counts searches for a coordinator
  Millis heard_{0};           // when the newest answered request was sent
  Millis calm_{0};            // when the newest was sent whose answer knew of no further round
  bool guarding_ = false;
  uint32_t failures_ = 0;     // in a row, for the backoff
  const uint64_t always_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace millrace::group

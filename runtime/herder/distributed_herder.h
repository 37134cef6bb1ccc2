#pragma once
// The herder of a worker in a group (connect-cluster.md §4, connect-rest-api.md §3, distributed
// rules). What Java does in a tick is reconcile() here, after every event that may matter.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/herder/cluster_herder.h"
#include "runtime/herder/distributed_options.h"
#include "runtime/herder/local_work.h"

namespace millrace {

/// Control thread only: no locks, no waiting.
class DistributedHerder final : public ClusterHerder,
                                private WorkerListener,
                                private ConfigListener,
                                private LocalWorkListener,
                                private group::MembershipListener {
 public:
  using Millis = std::chrono::milliseconds;

  // Limits, by what they limit.
  static constexpr Millis kRebalanceWait{30'000};      // requests waiting for a round
  static constexpr Millis kReconfigureRetry{250};      // doubles with each failure
  static constexpr Millis kReconfigureRetryMax{60'000};
  static constexpr Millis kCatchUpRetry{250};          // the same, for reading the config topic
  static constexpr Millis kCatchUpRetryMax{10'000};
  static constexpr Millis kRepairWait{5'000};          // between attempts to repair task configs
  static constexpr Millis kCommitRisk{60'000};         // before an outdated commit is written again
  static constexpr Millis kCreationRounds{200};        // between rounds for new connectors
  static constexpr Millis kCorrectionPause{1'000};     // between corrections of statuses
  static constexpr Millis kPeerLimit{90'000};          // calls to other workers
  static constexpr Millis kLeaveLimit{1'000};          // for the coordinator's answer

  /// Becomes the worker's listener.
  DistributedHerder(const HerderServices& services, const ClusterServices& cluster,
                    DistributedOptions options);
  ~DistributedHerder() override;

  /// Reads the topics to their ends, then joins the group. Fatal errors go to options.on_fatal.
  void start();
  /// Refuses further operations, ends open ones with an error, stops all work and then leaves the
  /// group, so that others get it at once.
  void stop_all(Callback<Done> done);

  // Snapshots: what was read last, at any time.
  ServerInfo server_info() const override { return options_.common.server; }
  bool ready() const override { return ready_; }
  std::vector<std::string> connectors() const override;
  ConnectorInfo connector_info(const std::string& name) const override;
  ConnectorStateInfo connector_status(const std::string& name) const override;
  Status task_status(const ConnectorTaskId& id) const override;
  std::vector<TaskInfo> task_infos(const std::string& name) const override;
  std::vector<std::string> active_topics(const std::string& name) const override;
  void reset_active_topics(const std::string& name) override;
  std::vector<ConnectorTaskId> stalled_tasks() const override;

  // Operations.
  void put_connector(const std::string& name, Properties config,
                     std::optional<TargetState> initial_state, bool allow_replace,
                     Callback<CreatedConnector> done) override;
  void patch_connector(const std::string& name,
                       std::map<std::string, std::optional<std::string>> patch,
                       Callback<ConnectorInfo> done) override;
  void delete_connector(const std::string& name, Callback<Done> done) override;
  void pause_connector(const std::string& name, Callback<Done> done) override;
  void resume_connector(const std::string& name, Callback<Done> done) override;
  void stop_connector(const std::string& name, Callback<Done> done) override;
  void restart_connector(const std::string& name, Callback<Done> done) override;
  void restart_connector_and_tasks(const RestartRequest& request,
                                   Callback<ConnectorStateInfo> done) override;
  void restart_task(const ConnectorTaskId& id, Callback<Done> done) override;
  void connector_offsets(const std::string& name,
                         Callback<std::vector<JsonPartitionOffset>> done) override;
  void alter_connector_offsets(const std::string& name,
                               std::optional<std::vector<JsonPartitionOffset>> offsets,
                               Callback<std::string> done) override;

  std::vector<PluginInfo> plugins(bool connectors_only) const override {
    return steps_.plugins(connectors_only);
  }
  std::vector<ConfigKey> plugin_config(const std::string& name) const override {
    return steps_.plugin_config(name);
  }
  void validate(std::map<std::string, std::optional<std::string>> config,
                Callback<ConfigInfos> done) override;
  std::string stage() const override;

  // Of the cluster.
  bool requires_signatures() const override;
  const SessionKey* session_key() const override;
  void put_task_configs(const std::string& name, std::vector<Properties> configs,
                        Callback<Done> done) override;
  void fence_zombies(const std::string& name, Callback<Done> done) override;
  void set_cluster_logger_level(const std::string& logger, const std::string& level,
                                Callback<Done> done) override;

  bool is_leader() const noexcept { return assignment_ && assignment_->is_leader; }
  /// Failed tasks started again by themselves.
  uint64_t automatic_restarts() const noexcept { return auto_restart_.restarts(); }

 private:
  using Next = std::function<void()>;
  /// Task configurations being made for a connector that runs here.
  struct Reconfiguration {
    bool running = false;
    bool again = false;    // asked for meanwhile
    bool waiting = false;  // for the next attempt
    uint32_t failures = 0;
    Millis repaired{-1};   // when the topic was last repaired or committed to
    std::optional<size_t> made;  // hash of what the connector gave last
  };
  struct Parked {
    OperationPtr op;
    Next next;
  };

  // distributed_herder.cc: start and end.
  void started(Outcome<Done> outcome);
  void fatal(std::exception_ptr error);

  // distributed_assignment.cc: the group's events, and what follows from them.
  group::ConfigView config_view() override;
  void before_join(Next ready) override;
  void on_assigned(const group::WorkerAssignment& assignment) override;
  void on_lost() override { services_.worker.work_lost(); }
  void stop_all(const std::string& why, Next stopped) override;
  void on_fatal(std::exception_ptr error) override { fatal(std::move(error)); }
  /// Goes on until the assignment holds: read as far as the leader, nothing newer that matters.
  void resolve();
  void catch_up();
  void resolved();
  /// A new leader takes what a worker claims for granted, deleted work too, and counts it.
  bool drop_unconfigured();
  void rejoin_later(Millis delay);
  void need_rebalance(const std::string& reason);
  void need_rebalance_soon(const std::string& reason);

  // distributed_reconcile.cc
  void wake();
  void touch(const std::string& connector);
  void touch_all();
  void reconcile();
  void reconcile(const std::string& connector, std::vector<ConnectorTaskId>& stops);
  LocalWork::Wanted wanted(const std::string& connector) const;
  void on_stopped(const std::string& connector) override { touch(connector); }
  void on_connector_running(const std::string& connector) override;
  void on_failed(const std::string& connector, std::exception_ptr error) override;
  void on_failed(const ConnectorTaskId& id, std::exception_ptr error) override;

  // distributed_config_events.cc: records of the config topic.
  void on_connector_config(const std::string& connector) override;
  void on_connector_removed(const std::string& connector) override;
  void on_task_configs(const std::string& connector,
                       const std::vector<ConnectorTaskId>& ids) override;
  void on_target_state(const std::string& connector) override;
  void on_session_key() override;
  void on_restart(const RestartRecord& restart) override;
  void on_logger_level(const std::string& name_space, const std::string& level) override;

  // distributed_statuses.cc: reports of the worker.
  void on_connector_status(const std::string& name, Status status) override;
  void on_task_status(const ConnectorTaskId& id, Status status) override;
  void on_active_topic(const ConnectorTaskId& id, const std::string& topic) override;
  void on_reconfiguration_requested(const std::string& name) override;
  void report(const ConnectorTaskId& id, Status status);
  void on_status_read(const ConnectorTaskId& id, const Status* read);
  void look_for_strangers(const std::string& worker_id);
  /// Others may have written an old status late, after the one of this worker.
  void correct_statuses();
  void clean_statuses();
  void restart_later(const ConnectorTaskId& id, const Status& status);
  void watch_stalls();

  // distributed_task_configs.cc
  void reconfigure(const std::string& name);
  void reconfigure_failed(const std::string& name, const std::exception_ptr& error);
  void reconfigured(const std::string& name);
  void publish(const std::string& name, std::vector<Properties> tasks, Callback<Done> done);
  void ask_leader(const std::string& name, const std::vector<Properties>& tasks,
                  Callback<Done> done);
  bool tasks_changed(const std::string& name, const std::vector<Properties>& tasks) const;

  // distributed_repair.cc
  void repair_task_configs(const std::string& name);
  /// What the topic has is what the connector made last, for its present configuration.
  bool has_wanted_tasks(const std::string& name, const Reconfiguration& state) const;
  void watch_commits();
  void ask_for_commit(const std::string& name);
  void commit_again(const std::string& name);

  // distributed_restart.cc
  RestartPlan plan(const RestartRequest& request) const;
  void run_restarts();

  // distributed_session_key.cc
  void check_session_key();

  // distributed_operations.cc: common parts of operations.
  /// Goes on when the assignment is resolved and no round is running; 409 after kRebalanceWait.
  void when_settled(const OperationPtr& op, Next next);
  /// The same, and for the leader when no member is still stopping tasks of the connector, which
  /// might commit offsets while they do.
  void when_stopped(const OperationPtr& op, const std::string& name, Next next);
  void park(const OperationPtr& op, Next next);
  void run_parked();
  bool settled() const;
  /// Throws ForwardException unless this worker leads.
  void require_leader(const std::string& message) const;
  const Properties& require(const std::string& name, const std::string& message) const;
  void store(const Running<CreatedConnector>& running, const std::string& name,
             const Properties& config, std::optional<TargetState> target, bool allow_replace);
  void put_target(const std::string& name, TargetState target, Callback<Done> done);
  void write_tasks(const OperationPtr& op, const std::string& name,
                   const std::vector<Properties>& tasks, Next next);
  void fence(const OperationPtr& op, const std::string& name, Next next);
  std::string owner_url(const ConnectorTaskId& task) const;
  std::string owner_url(const std::string& connector) const;

  const ConfigSnapshot& snapshot() const noexcept { return cluster_.config.state(); }
  bool is_configured(const ConnectorTaskId& id) const;
  /// A callback that is dropped once the herder is gone or stopping.
  template <class T>
  Callback<T> alive(std::function<void(Outcome<T>&)> then) const {
    return [weak = std::weak_ptr(alive_), then = std::move(then)](Outcome<T> outcome) {
      if (!weak.expired()) then(outcome);
    };
  }
  void after(Millis delay, Next then);

  const HerderServices services_;
  const ClusterServices cluster_;
  const DistributedOptions options_;
  const HerderSteps steps_{services_, options_.common};
  OperationQueue operations_;
  LocalWork work_;

  // The group.
  std::optional<group::WorkerAssignment> assignment_;  // none: nothing may run
  std::set<std::string> assigned_connectors_;
  std::map<std::string, std::set<int32_t>> assigned_tasks_;
  bool resolved_ = false;
  bool rebalance_needed_ = false;  // until the next assignment
  bool catching_up_ = false;
  uint32_t catch_up_failures_ = 0;
  uint64_t rounds_ = 0;            // assignments so far
  int32_t generation_ = -1;        // of the last one
  int64_t layout_offset_ = -1;     // after the last record that changed what is to be assigned

  bool gathering_ = false;         // new connectors for the next round
  Millis assigned_at_{0};          // when the last round ended
  std::string rejoin_reason_;      // of a rejoin to be asked for
  bool joined_ = false;            // the topics are read, the group is being joined

  // What is under way.
  std::set<std::string> known_;    // connectors, as far as events have told
  std::set<std::string> touched_;
  bool awake_ = false;
  std::map<std::string, Reconfiguration> reconfigurations_;
  std::map<std::string, RestartRequest> restarts_;  // asked for by records, the widest of each
  std::map<uint64_t, Parked> parked_;               // by order of arrival
  uint64_t parked_count_ = 0;
  bool writing_key_ = false;
  int64_t timed_key_ms_ = -1;  // creation of the session key whose end is waited for
  std::set<std::string> recommitted_;       // connectors whose lost commit was asked for already
  std::map<std::string, Millis> at_risk_;  // older commit than configuration, since when
  AutoRestart auto_restart_;
  std::map<ConnectorTaskId, Status> reported_;  // of what runs here; a connector is its task -1
  std::map<ConnectorTaskId, bool> shown_;       // of those to look at: whether overwritten
  std::set<ConnectorTaskId> stalled_;
  Millis next_correction_{0};
  bool correcting_later_ = false;
  std::string stranger_;  // a worker that may belong to another cluster
  bool warned_of_strangers_ = false;
  bool ready_ = false;
  bool closing_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace millrace

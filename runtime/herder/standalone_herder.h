#pragma once
// The herder of a standalone worker (connect-rest-api.md §3, standalone rules): configurations,
// states and statuses in memory, driven by REST, the worker's reports and nothing else. A state
// machine on the control thread: no locks, no waiting.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/herder/herder_steps.h"
#include "runtime/storage/status.h"
#include "runtime/worker/worker.h"

namespace millrace {

class StandaloneHerder final : public Herder, private WorkerListener {
 public:
  /// Becomes the worker's listener.
  StandaloneHerder(HerderServices services, HerderOptions options);

  /// The connectors of the command line exist now.
  void set_ready() noexcept { ready_ = true; }
  /// Refuses further operations, ends open ones with an error, stops all tasks together and then
  /// all connectors.
  void stop_all(Callback<Done> done);

  ServerInfo server_info() const override { return options_.server; }
  bool ready() const override { return ready_; }
  std::vector<std::string> connectors() const override;
  ConnectorInfo connector_info(const std::string& name) const override;
  ConnectorStateInfo connector_status(const std::string& name) const override;
  Status task_status(const ConnectorTaskId& id) const override;
  std::vector<TaskInfo> task_infos(const std::string& name) const override;
  std::vector<std::string> active_topics(const std::string& name) const override;
  void reset_active_topics(const std::string& name) override;

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
  std::string stage() const override { return stage_text(operations_.oldest()); }

 private:
  /// All that is known of a connector beside statuses. Configurations keep their variables.
  struct Entry {
    Properties config;
    TargetState target = TargetState::Started;
    std::vector<Properties> tasks;
    Properties tasks_made_from;  // `config` when `tasks` were made
    std::set<std::string> topics;
  };
  using Next = std::function<void()>;

  // WorkerListener.
  void on_connector_status(const std::string& name, Status status) override;
  void on_task_status(const ConnectorTaskId& id, Status status) override;
  void on_reconfiguration_requested(const std::string& name) override;
  void on_active_topic(const ConnectorTaskId& id, const std::string& topic) override;

  // Steps of operations: go on with `next`, or end the operation with an error.
  /// Stores `config` and starts the connector with it.
  void apply(const OperationPtr& op, const std::string& name, Properties config,
             std::optional<TargetState> initial_state, Next next);
  /// Failing marks the connector FAILED; `next` hears the error, or null.
  void try_start(const OperationPtr& op, const std::string& name,
                 std::function<void(std::exception_ptr)> next);
  void start(const OperationPtr& op, const std::string& name, Next next);
  void stop(const OperationPtr& op, const std::string& name, Next next);
  /// Stops and forgets all tasks.
  void remove_tasks(const OperationPtr& op, const std::string& name, Next next);
  /// Replaces the tasks if the connector runs and now wants others.
  void regenerate(const OperationPtr& op, const std::string& name, Next next);
  void start_tasks(const OperationPtr& op, const std::vector<ConnectorTaskId>& ids, Next next);
  void set_target(const OperationPtr& op, const std::string& name, TargetState target, Next next);
  void restart(const OperationPtr& op, const RestartPlan& plan, Next next);

  Entry& require(const std::string& name, const std::string& message);
  const Entry& require(const std::string& name, const std::string& message) const;
  std::vector<ConnectorTaskId> task_ids(const std::string& name) const;
  bool tasks_changed(const Entry& entry, const std::vector<Properties>& tasks) const;
  void change_target(const std::string& name, TargetState target, Callback<Done> done);
  RestartPlan plan(const RestartRequest& request) const;
  void mark_failed(const std::string& name, std::exception_ptr error);
  void mark_failed(const ConnectorTaskId& id, std::exception_ptr error);
  HerderServices services_;
  const HerderOptions options_;
  const HerderSteps steps_{services_, options_};
  std::map<std::string, Entry> entries_;
  MemoryStatusStore statuses_;
  std::set<std::string> reconfigurations_;  // connectors with a reconfiguration waiting
  bool ready_ = false;
  OperationQueue operations_;
};

}  // namespace millrace

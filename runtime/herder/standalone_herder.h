#pragma once
// The standalone herder: connectors, their configurations and statuses in memory, as a state
// machine on the control thread. Operations on one connector run one after another; reads never
// wait. Only offsets survive a restart.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/core/executor.h"
#include "runtime/herder/connector_config.h"
#include "runtime/herder/herder.h"
#include "runtime/worker/config_provider.h"

namespace millrace {

/// What a standalone herder is made of; references outlive it.
struct HerderServices {
  Executor& control;
  Executor& slow;  // validation runs here
  Worker& worker;
  ValidationContext validation;
  const ConfigTransformer& transformer;
  ServerInfo server;
  bool topic_tracking = true;
  bool topic_tracking_reset = true;
};

class StandaloneHerder final : public Herder, private WorkerListener {
 public:
  /// An operation that has not ended by then no longer holds up the ones behind it.
  static constexpr std::chrono::milliseconds kOperationLimit{90'000};

  explicit StandaloneHerder(HerderServices services);
  ~StandaloneHerder() override;

  ServerInfo server_info() const override { return services_.server; }
  bool ready() const override { return ready_; }
  void set_ready() noexcept { ready_ = true; }
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
  void pause_connector(const std::string& name) override;
  void resume_connector(const std::string& name) override;
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

  std::vector<PluginInfo> plugins(bool connectors_only) const override;
  std::vector<ConfigKey> plugin_config(const std::string& name) const override;
  void validate(std::map<std::string, std::optional<std::string>> config,
                Callback<ConfigInfos> done) override;
  std::string stage() const override { return {}; }

  /// Stops all tasks together, then all connectors; nothing is accepted afterwards.
  void stop(Callback<Done> done);

 private:
  /// Ends an operation; the next one of the connector starts then.
  using Finish = std::function<void()>;
  struct Connector {
    Properties config;                // as the user wrote it, variables unresolved
    TargetState target = TargetState::Started;
    std::vector<Properties> tasks;    // variables put back
    Properties tasks_made_from;       // connector configuration the tasks belong to
    std::set<std::string> topics;
  };

  // WorkerListener
  void on_connector_status(const std::string& name, Status status) override;
  void on_task_status(const ConnectorTaskId& id, Status status) override;
  void on_reconfiguration_requested(const std::string& name) override;
  void on_active_topic(const ConnectorTaskId& id, const std::string& topic) override;

  void enqueue(const std::string& name, std::function<void(Finish)> operation);
  void run_next(const std::string& name);
  const Connector& require(const std::string& name) const;
  Connector* find(const std::string& name);
  ConnectorType type_of(const Properties& config) const;
  ConnectorInfo info_of(const std::string& name, const Connector& connector) const;

  void store_and_start(const std::string& name, Properties config,
                       std::optional<TargetState> initial, Callback<CreatedConnector> done,
                       const Finish& finish);
  /// Makes task configurations of a running connector and replaces the tasks if they changed.
  void update_tasks(const std::string& name, Callback<Done> done);
  void replace_tasks(const std::string& name, std::vector<Properties> tasks, Callback<Done> done);
  void stop_tasks(const std::string& name, bool forget, Callback<Done> done);
  void start_task(const ConnectorTaskId& id);
  void start_connector(const std::string& name, Callback<Done> done);
  void restart_planned(const std::string& name, bool connector, std::vector<ConnectorTaskId> tasks,
                       Callback<Done> done);
  void change_target(const std::string& name, TargetState target);
  Properties put_variables_back(const Properties& raw, Properties task) const;

  HerderServices services_;
  std::map<std::string, Connector> connectors_;
  MemoryStatusStore statuses_;
  std::map<std::string, std::deque<std::function<void(Finish)>>> queues_;
  bool ready_ = false;
  bool stopping_ = false;
};

}  // namespace millrace

#pragma once
// Operations of the REST API on connectors (connect-rest-api.md §2, §3). Called on the control
// thread; every callback is called exactly once, on the control thread, possibly before the call
// returns. Reads of snapshots return at once and never wait for a task or a broker.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "millrace/config_def.h"
#include "millrace/connector.h"
#include "millrace/errors.h"
#include "millrace/ids.h"
#include "millrace/plugin.h"
#include "millrace/properties.h"
#include "runtime/core/outcome.h"
#include "runtime/storage/status.h"
#include "runtime/worker/request_exception.h"
#include "runtime/worker/worker.h"

namespace millrace {

struct ConnectorInfo {
  std::string name;
  Properties config;
  std::vector<ConnectorTaskId> tasks;
  ConnectorType type = ConnectorType::Unknown;
};

struct TaskInfo {
  ConnectorTaskId id;
  Properties config;
};

struct ConnectorStateInfo {
  std::string name;
  Status connector;
  std::map<int32_t, Status> tasks;
  ConnectorType type = ConnectorType::Unknown;
};

/// Answer of create and reconfigure.
struct CreatedConnector {
  bool created = false;
  ConnectorInfo info;
};

/// One entry of a validation answer; `definition` null when nobody defines the key.
struct ConfigInfo {
  std::optional<ConfigKey> definition;
  std::optional<ConfigKeyResult> value;
};

struct ConfigInfos {
  std::string name;
  int32_t error_count = 0;
  std::vector<std::string> groups;
  std::vector<ConfigInfo> configs;
};

struct RestartRequest {
  std::string connector;
  bool only_failed = false;
  bool include_tasks = false;
};

struct PluginInfo {
  std::string class_name;
  PluginKind kind = PluginKind::Sink;
  std::string version;  // empty: undefined
};

struct ServerInfo {
  std::string version;
  std::string commit;
  std::string cluster_id;
};

class Herder {
 public:
  virtual ~Herder() = default;

  // Snapshots.
  virtual ServerInfo server_info() const = 0;
  /// False while connector files of the command line are still being created; in a group, until
  /// the first assignment.
  virtual bool ready() const = 0;
  virtual std::vector<std::string> connectors() const = 0;
  virtual ConnectorInfo connector_info(const std::string& name) const = 0;         // NotFound
  virtual ConnectorStateInfo connector_status(const std::string& name) const = 0;  // NotFound
  virtual Status task_status(const ConnectorTaskId& id) const = 0;                 // NotFound
  virtual std::vector<TaskInfo> task_infos(const std::string& name) const = 0;     // NotFound
  /// Topics seen since creation or reset; throws RequestException 403 when tracking is off.
  virtual std::vector<std::string> active_topics(const std::string& name) const = 0;
  virtual void reset_active_topics(const std::string& name) = 0;

  // Operations. `config` of put is the whole new configuration.
  virtual void put_connector(const std::string& name, Properties config,
                             std::optional<TargetState> initial_state, bool allow_replace,
                             Callback<CreatedConnector> done) = 0;
  /// nullopt values remove keys.
  virtual void patch_connector(const std::string& name,
                               std::map<std::string, std::optional<std::string>> patch,
                               Callback<ConnectorInfo> done) = 0;
  virtual void delete_connector(const std::string& name, Callback<Done> done) = 0;
  /// Answer when the wish is stored, not when it is fulfilled. NotFound.
  virtual void pause_connector(const std::string& name, Callback<Done> done) = 0;
  virtual void resume_connector(const std::string& name, Callback<Done> done) = 0;
  virtual void stop_connector(const std::string& name, Callback<Done> done) = 0;
  /// Restarts the connector instance only (legacy form), and waits for it.
  virtual void restart_connector(const std::string& name, Callback<Done> done) = 0;
  virtual void restart_connector_and_tasks(const RestartRequest& request,
                                           Callback<ConnectorStateInfo> done) = 0;
  virtual void restart_task(const ConnectorTaskId& id, Callback<Done> done) = 0;
  virtual void connector_offsets(const std::string& name,
                                 Callback<std::vector<JsonPartitionOffset>> done) = 0;
  virtual void alter_connector_offsets(const std::string& name,
                                       std::optional<std::vector<JsonPartitionOffset>> offsets,
                                       Callback<std::string> done) = 0;

  // Plugins.
  virtual std::vector<PluginInfo> plugins(bool connectors_only) const = 0;
  /// Keys of a plugin by class name or alias; NotFound, or RequestException 400.
  virtual std::vector<ConfigKey> plugin_config(const std::string& name) const = 0;
  /// Null config values are given as nullopt and reported as errors.
  virtual void validate(std::map<std::string, std::optional<std::string>> config,
                        Callback<ConfigInfos> done) = 0;

  /// Tasks of this worker that have made no progress for millrace.task.stall.timeout.ms.
  virtual std::vector<ConnectorTaskId> stalled_tasks() const { return {}; }

  /// Free text of what the control plane is doing, for time-out messages; empty when unknown.
  virtual std::string stage() const = 0;
};

}  // namespace millrace

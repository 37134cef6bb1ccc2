#pragma once
// Runs connectors and tasks on their own threads. The herder talks to it from the control thread
// and hears back on the control thread; nothing else is shared (architecture: "Threads").

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "millrace/connector.h"
#include "millrace/ids.h"
#include "millrace/properties.h"
#include "runtime/core/outcome.h"
#include "runtime/storage/status.h"

namespace millrace {

/// What connector and task threads report; called on the control thread.
class WorkerListener {
 public:
  virtual ~WorkerListener() = default;
  virtual void on_connector_status(const std::string& name, Status status) = 0;
  virtual void on_task_status(const ConnectorTaskId& id, Status status) = 0;
  /// The connector asked for its task configurations to be made again.
  virtual void on_reconfiguration_requested(const std::string& name) = 0;
  /// A task delivered records to, or consumed from, `topic` for the first time.
  virtual void on_active_topic(const ConnectorTaskId& id, const std::string& topic) = 0;
};

/// A partition and its offset as JSON text (objects); `offset` empty optional: null, i.e. reset.
struct JsonPartitionOffset {
  std::string partition;
  std::optional<std::string> offset;
};

/// Configurations given here have variables resolved already. All calls on the control thread, all
/// callbacks on the control thread, never inside the call.
class Worker {
 public:
  virtual ~Worker() = default;
  virtual void set_listener(WorkerListener& listener) = 0;

  /// Makes the connector and brings it to `target`; done when it is there. Fails with the error
  /// of the constructor or of start() (the status is FAILED then and the connector stays known).
  virtual void start_connector(const std::string& name, const Properties& config,
                               TargetState target, Callback<Done> done) = 0;
  /// Stops and forgets it. Bounded by the graceful timeout. Fine for an unknown name.
  virtual void stop_connector(const std::string& name, Callback<Done> done) = 0;
  virtual bool is_connector_running(const std::string& name) const = 0;
  /// Moves the connector and its running tasks to `target`; done when the connector is there.
  virtual void set_target_state(const std::string& name, TargetState target,
                                Callback<Done> done) = 0;
  /// task_configs() of a running connector, completed with task.class and topics
  /// (connect-rest-api.md §3.7); enforces tasks.max.
  virtual void task_configs(const std::string& name, Callback<std::vector<Properties>> done) = 0;

  /// Failures show up as FAILED status only. `config_hash` is what the metrics show of the
  /// configuration.
  virtual void start_task(const ConnectorTaskId& id, const Properties& connector_config,
                          const Properties& task_config, TargetState target,
                          const std::string& config_hash) = 0;
  /// Asks all to stop, waits for them within one graceful timeout, cancels the rest.
  virtual void stop_tasks(const std::vector<ConnectorTaskId>& ids, Callback<Done> done) = 0;

  /// Others may run what runs here: nothing that it has in hand is written any more. Stops follow.
  virtual void work_lost() {}

  /// For each task that is in a call of its own code now (start, poll, put, ...), how long.
  virtual std::map<ConnectorTaskId, std::chrono::milliseconds> busy_times() const { return {}; }

  /// Offsets of connect-rest-api.md §3.8. `config` is the connector's; errors carry the status.
  virtual void connector_offsets(const std::string& name, const Properties& config,
                                 Callback<std::vector<JsonPartitionOffset>> done) = 0;
  /// `offsets` empty optional: reset all. The answer is the message for the user.
  virtual void alter_connector_offsets(const std::string& name, const Properties& config,
                                       std::optional<std::vector<JsonPartitionOffset>> offsets,
                                       Callback<std::string> done) = 0;
};

}  // namespace millrace

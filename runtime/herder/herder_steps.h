#pragma once
// What the herders have in common: the services they work with, and steps of their operations that
// depend on plugins and config providers only.

#include <functional>
#include <string>
#include <vector>

#include "runtime/core/executor.h"
#include "runtime/herder/connector_validation.h"
#include "runtime/herder/herder.h"
#include "runtime/herder/operation_queue.h"

namespace millrace {

/// What the herder works with; all of it outlives the herder.
struct HerderServices {
  Executor& control;
  /// For code of plugins and files of config providers. Its tasks must have ended, or never run,
  /// before the herder is destroyed.
  Executor& slow;
  Worker& worker;
  const PluginCatalog& plugins;
  const ConfigTransformer& transformer;
};

struct HerderOptions {
  ServerInfo server = {};
  std::string worker_id = {};  // host:port of the advertised URL
  std::string override_policy = "All";
  Properties worker_config = {};   // variables resolved; its converters are connectors' defaults
  bool topic_tracking = true;
  bool topic_tracking_reset = true;
  OperationQueue::Limits limits = {};
  OperationQueue::Clock now = [] { return std::chrono::system_clock::now(); };
};

/// Control thread only.
class HerderSteps {
 public:
  HerderSteps(const HerderServices& services, const HerderOptions& options)
      : services_(services), options_(options) {}

  /// Replaces variables by their values; calls back at once when there are none.
  void resolve(std::vector<Properties> configs, Callback<std::vector<Properties>> done) const;
  /// The same as a step; an error ends the operation unless `on_error` takes it.
  void resolve(const OperationPtr& op, std::vector<Properties> configs,
               std::function<void(std::vector<Properties>&)> next,
               std::function<void(std::exception_ptr)> on_error = {}) const;
  void check(const OperationPtr& op, NullableConfig config,
             std::function<void(ConfigInfos&)> next) const;
  /// Ends the operation with 400 and Kafka's text when `config` has errors.
  void require_valid(const OperationPtr& op, const Properties& config,
                     std::function<void()> next) const;

  /// The whole operation.
  void validate(OperationQueue& operations, NullableConfig config, Callback<ConfigInfos> done) const;
  /// Ends the operation with what the worker says of the connector's offsets.
  void read_offsets(const Running<std::vector<JsonPartitionOffset>>& running,
                    const std::string& name, const Properties& config) const;
  void alter_offsets(const Running<std::string>& running, const std::string& name,
                     const Properties& config,
                     const std::optional<std::vector<JsonPartitionOffset>>& offsets) const;

  ConnectorType type_of(const Properties& config) const;
  /// See task_config_hash().
  std::string hash_of(const Properties& connector, const Properties& task) const;
  std::vector<PluginInfo> plugins(bool connectors_only) const;
  std::vector<ConfigKey> plugin_config(const std::string& name) const;

 private:
  const HerderServices& services_;
  const HerderOptions& options_;
};

/// Puts the variables of the connector's configuration back into task configurations made from
/// resolved values, so that no secret is stored or shown.
void restore_variables(const Properties& config, std::vector<Properties>& tasks);

/// `config` with `patch` applied: nullopt values remove keys.
Properties patched(Properties config, const NullableConfig& patch);

/// Throws the RequestException 403 of connect-rest-api.md §3.7 when topics are not tracked.
void require_topic_tracking(const HerderOptions& options);
void require_topic_reset(const HerderOptions& options);

/// Which parts a restart takes, and what is answered to who asked for it.
struct RestartPlan {
  bool connector = false;
  std::vector<ConnectorTaskId> tasks;
  ConnectorStateInfo answer;
};
/// `now` is the connector with its tasks as they are.
RestartPlan plan_restart(const RestartRequest& request, ConnectorStateInfo now);

/// Throws RequestException 400 for an empty change of offsets, or when the connector is not stopped
/// or has tasks.
void require_offsets_given(const std::optional<std::vector<JsonPartitionOffset>>& offsets);
void require_stopped(const std::string& name, TargetState target, size_t tasks);

/// Text of stage() while `operation` (null: none) is the oldest that runs.
std::string stage_text(const Operation* operation);

}  // namespace millrace

// Snapshots, worker events, plugins and the per-connector queue of the standalone herder.

#include "runtime/herder/standalone_herder.h"

#include <algorithm>

#include "millrace/errors.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

constexpr int kBadRequest = 400;
constexpr int kForbidden = 403;

spdlog::logger& logger() {
  static auto& instance =
      logging::get("org.apache.kafka.connect.runtime.standalone.StandaloneHerder");
  return instance;
}

}  // namespace

StandaloneHerder::StandaloneHerder(HerderServices services) : services_(std::move(services)) {
  services_.worker.set_listener(*this);
}

StandaloneHerder::~StandaloneHerder() = default;

const StandaloneHerder::Connector& StandaloneHerder::require(const std::string& name) const {
  const auto at = connectors_.find(name);
  if (at == connectors_.end()) throw NotFoundException("Connector " + name + " not found");
  return at->second;
}

StandaloneHerder::Connector* StandaloneHerder::find(const std::string& name) {
  const auto at = connectors_.find(name);
  return at == connectors_.end() ? nullptr : &at->second;
}

ConnectorType StandaloneHerder::type_of(const Properties& config) const {
  const std::string* name = millrace::find(config, "connector.class");
  try {
    const PluginClass* plugin =
        name != nullptr ? services_.validation.plugins.find_connector(*name) : nullptr;
    if (plugin == nullptr) return ConnectorType::Unknown;
    return plugin->kind == PluginKind::Source ? ConnectorType::Source : ConnectorType::Sink;
  } catch (const Error&) {
    return ConnectorType::Unknown;  // an ambiguous alias
  }
}

ConnectorInfo StandaloneHerder::info_of(const std::string& name, const Connector& connector) const {
  ConnectorInfo info{name, connector.config, {}, type_of(connector.config)};
  for (size_t i = 0; i < connector.tasks.size(); ++i) {
    info.tasks.push_back({name, static_cast<int32_t>(i)});
  }
  return info;
}

std::vector<std::string> StandaloneHerder::connectors() const {
  std::vector<std::string> names;
  for (const auto& [name, connector] : connectors_) names.push_back(name);
  return names;
}

ConnectorInfo StandaloneHerder::connector_info(const std::string& name) const {
  return info_of(name, require(name));
}

ConnectorStateInfo StandaloneHerder::connector_status(const std::string& name) const {
  const Status* status = statuses_.connector(name);
  if (status == nullptr) throw NotFoundException("No status found for connector " + name);
  const auto at = connectors_.find(name);
  const ConnectorType type =
      at == connectors_.end() ? ConnectorType::Unknown : type_of(at->second.config);
  return {name, *status, statuses_.tasks(name), type};
}

Status StandaloneHerder::task_status(const ConnectorTaskId& id) const {
  const Status* status = statuses_.task(id);
  if (status == nullptr) throw NotFoundException("No status found for task " + id.to_string());
  return *status;
}

std::vector<TaskInfo> StandaloneHerder::task_infos(const std::string& name) const {
  const Connector& connector = require(name);
  std::vector<TaskInfo> infos;
  for (size_t i = 0; i < connector.tasks.size(); ++i) {
    infos.push_back({{name, static_cast<int32_t>(i)}, connector.tasks[i]});
  }
  return infos;
}

std::vector<std::string> StandaloneHerder::active_topics(const std::string& name) const {
  if (!services_.topic_tracking) {
    throw RequestException(kForbidden, "Topic tracking is disabled.");
  }
  const auto at = connectors_.find(name);
  if (at == connectors_.end()) return {};
  return {at->second.topics.begin(), at->second.topics.end()};
}

void StandaloneHerder::reset_active_topics(const std::string& name) {
  if (!services_.topic_tracking) {
    throw RequestException(kForbidden, "Topic tracking is disabled.");
  }
  if (!services_.topic_tracking_reset) {
    throw RequestException(kForbidden, "Topic tracking reset is disabled.");
  }
  if (Connector* connector = find(name)) connector->topics.clear();
}

void StandaloneHerder::on_connector_status(const std::string& name, Status status) {
  if (find(name) != nullptr) statuses_.put_connector(name, std::move(status));
}

void StandaloneHerder::on_task_status(const ConnectorTaskId& id, Status status) {
  const Connector* connector = find(id.connector);
  if (connector == nullptr || static_cast<size_t>(id.task) >= connector->tasks.size()) return;
  statuses_.put_task(id, std::move(status));
}

void StandaloneHerder::on_active_topic(const ConnectorTaskId& id, const std::string& topic) {
  Connector* connector = find(id.connector);
  if (connector != nullptr && services_.topic_tracking) connector->topics.insert(topic);
}

void StandaloneHerder::on_reconfiguration_requested(const std::string& name) {
  enqueue(name, [this, name](const Finish& finish) {
    update_tasks(name, [name, finish](Outcome<Done> outcome) {
      if (!outcome.ok()) logger().error("Failed to reconfigure the tasks of connector {}", name);
      finish();
    });
  });
}

void StandaloneHerder::enqueue(const std::string& name, std::function<void(Finish)> operation) {
  auto& queue = queues_[name];
  queue.push_back(std::move(operation));
  if (queue.size() == 1) run_next(name);
}

void StandaloneHerder::run_next(const std::string& name) {
  const auto at = queues_.find(name);
  if (at == queues_.end()) return;
  if (at->second.empty()) {
    queues_.erase(at);
    return;
  }
  auto ended = std::make_shared<bool>(false);
  const Finish finish = [this, name, ended] {
    if (std::exchange(*ended, true)) return;
    const auto queue = queues_.find(name);
    if (queue == queues_.end()) return;
    queue->second.pop_front();
    run_next(name);
  };
  services_.control.post_after(kOperationLimit, [finish, ended, name] {
    if (!*ended) logger().error("An operation on connector {} did not end in time", name);
    finish();
  });
  // Run from the queue's front, which stays there until it has ended.
  const auto operation = at->second.front();
  operation(finish);
}

std::vector<PluginInfo> StandaloneHerder::plugins(bool connectors_only) const {
  std::vector<PluginInfo> infos;
  for (const PluginClass* plugin : services_.validation.plugins.all()) {
    const bool is_connector =
        plugin->kind == PluginKind::Sink || plugin->kind == PluginKind::Source;
    if (is_connector || !connectors_only) {
      infos.push_back({plugin->class_name, plugin->kind, plugin->version});
    }
  }
  return infos;
}

std::vector<ConfigKey> StandaloneHerder::plugin_config(const std::string& name) const {
  const PluginCatalog& plugins = services_.validation.plugins;
  const PluginClass* plugin = plugins.find_connector(name);
  for (const PluginKind kind : {PluginKind::Converter, PluginKind::HeaderConverter,
                                PluginKind::Transformation, PluginKind::Predicate}) {
    if (plugin == nullptr) plugin = plugins.find(kind, name);
  }
  if (plugin == nullptr) throw NotFoundException("Unknown plugin " + name + ".");
  ConfigDefinition definition = plugin->config;
  if (plugin->kind == PluginKind::Sink) definition.add_missing(sink_connector_config());
  if (plugin->kind == PluginKind::Source) definition.add_missing(source_connector_config());
  return definition.keys();
}

void StandaloneHerder::validate(std::map<std::string, std::optional<std::string>> config,
                                Callback<ConfigInfos> done) {
  services_.slow.post([this, config = std::move(config), done = std::move(done)]() mutable {
    Outcome<ConfigInfos> outcome{ConfigInfos{}};
    try {
      Properties set;
      for (const auto& [key, value] : config) {
        if (value) set.emplace(key, *value);
      }
      for (auto& [key, value] : services_.transformer.resolve(set)) config[key] = value;
      outcome = validate_connector(services_.validation, config);
    } catch (...) {
      outcome = std::current_exception();
    }
    services_.control.post(
        [done = std::move(done), outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
  });
}

void StandaloneHerder::connector_offsets(const std::string& name,
                                         Callback<std::vector<JsonPartitionOffset>> done) {
  const Connector& connector = require(name);
  services_.worker.connector_offsets(name, services_.transformer.resolve(connector.config),
                                     std::move(done));
}

void StandaloneHerder::alter_connector_offsets(
    const std::string& name, std::optional<std::vector<JsonPartitionOffset>> offsets,
    Callback<std::string> done) {
  require(name);
  enqueue(name, [this, name, offsets = std::move(offsets),
                 done = std::move(done)](const Finish& finish) {
    const auto answer = [done, finish](Outcome<std::string> outcome) {
      done(std::move(outcome));
      finish();
    };
    try {
      const Connector& connector = require(name);
      if (connector.target != TargetState::Stopped || !connector.tasks.empty()) {
        throw RequestException(
            kBadRequest,
            "Connectors must be in the STOPPED state before their offsets can be modified. This "
            "can be done for the specified connector by issuing a 'PUT' request to the "
            "'/connectors/" + name + "/stop' endpoint");
      }
      services_.worker.alter_connector_offsets(
          name, services_.transformer.resolve(connector.config), offsets, answer);
    } catch (...) {
      answer(std::current_exception());
    }
  });
}

}  // namespace millrace

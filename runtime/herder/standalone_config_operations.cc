// Creating, changing and deleting connectors.

#include "millrace/errors.h"
#include "runtime/herder/herder_log.h"
#include "runtime/herder/standalone_herder.h"

namespace millrace {

void StandaloneHerder::put_connector(const std::string& name, Properties config,
                                     std::optional<TargetState> initial_state, bool allow_replace,
                                     Callback<CreatedConnector> done) {
  config.try_emplace("name", name);
  operations_.enqueue<CreatedConnector>(
      name, "configuring connector " + name,
      [=, this](const Running<CreatedConnector>& running) {
        steps_.require_valid(running.operation(), config, [=, this] {
          const bool exists = entries_.contains(name);
          if (exists && !allow_replace) {
            throw AlreadyExistsException("Connector " + name + " already exists");
          }
          apply(running.operation(), name, config, initial_state, [=, this] {
            running.finish({!exists, connector_info(name)});
          });
        });
      },
      std::move(done));
}

void StandaloneHerder::patch_connector(const std::string& name,
                                       std::map<std::string, std::optional<std::string>> patch,
                                       Callback<ConnectorInfo> done) {
  operations_.enqueue<ConnectorInfo>(
      name, "patching the configuration of connector " + name,
      [this, name, patch = std::move(patch)](const Running<ConnectorInfo>& running) {
        const Properties config =
            patched(require(name, "Connector " + name + " not found").config, patch);
        steps_.require_valid(running.operation(), config, [=, this] {
          apply(running.operation(), name, config, std::nullopt,
                [=, this] { running.finish(connector_info(name)); });
        });
      },
      std::move(done));
}

void StandaloneHerder::apply(const OperationPtr& op, const std::string& name, Properties config,
                             std::optional<TargetState> initial_state, Next next) {
  const auto store_and_start = [=, this, config = std::move(config)] {
    Entry& entry = entries_[name];
    entry.config = config;
    if (initial_state) entry.target = *initial_state;
    start(op, name, [=, this] { regenerate(op, name, next); });
  };
  if (!entries_.contains(name)) return store_and_start();
  stop(op, name, store_and_start);
}

void StandaloneHerder::delete_connector(const std::string& name, Callback<Done> done) {
  operations_.enqueue<Done>(
      name, "deleting connector " + name,
      [this, name](const Running<Done>& running) {
        require(name, "Connector " + name + " not found");
        const OperationPtr& op = running.operation();
        remove_tasks(op, name, [=, this] {
          stop(op, name, [=, this] {
            entries_.erase(name);
            statuses_.remove_connector(name);
            reconfigurations_.erase(name);
            running.finish(Done{});
          });
        });
      },
      std::move(done));
}

void StandaloneHerder::validate(std::map<std::string, std::optional<std::string>> config,
                                Callback<ConfigInfos> done) {
  steps_.validate(operations_, std::move(config), std::move(done));
}

}  // namespace millrace

#include "runtime/herder/herder_steps.h"

#include <fmt/chrono.h>

#include <algorithm>

#include "millrace/errors.h"
#include "runtime/herder/config_hash.h"

namespace millrace {
namespace {

constexpr int kBadRequest = 400;
constexpr int kForbidden = 403;

bool any_variable(const std::vector<Properties>& configs) {
  return std::any_of(configs.begin(), configs.end(), [](const Properties& config) {
    return std::any_of(config.begin(), config.end(),
                       [](const auto& entry) { return has_variable(entry.second); });
  });
}

/// Runs `work` on the slow executor and gives its outcome to `done` on the control thread.
template <class T>
void run_slowly(Executor& slow, Executor& control, std::function<T()> work, Callback<T> done) {
  slow.post([&control, work = std::move(work), done = std::move(done)] {
    auto outcome = [&work]() -> Outcome<T> {
      try {
        return work();
      } catch (...) {
        return std::current_exception();
      }
    }();
    control.post([done, outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
  });
}

}  // namespace

void HerderSteps::resolve(std::vector<Properties> configs,
                          Callback<std::vector<Properties>> done) const {
  if (!any_variable(configs)) return done(std::move(configs));  // no file to read
  run_slowly<std::vector<Properties>>(
      services_.slow, services_.control,
      [&transformer = services_.transformer, configs = std::move(configs)] {
        std::vector<Properties> resolved;
        for (const Properties& config : configs) resolved.push_back(transformer.resolve(config));
        return resolved;
      },
      std::move(done));
}

void HerderSteps::resolve(const OperationPtr& op, std::vector<Properties> configs,
                          std::function<void(std::vector<Properties>&)> next,
                          std::function<void(std::exception_ptr)> on_error) const {
  // At once and as it is when there is nothing to resolve: then `next` may throw to the caller.
  if (!any_variable(configs)) return next(configs);
  resolve(std::move(configs),
          op->always<std::vector<Properties>>(
              [next = std::move(next), on_error = std::move(on_error)](auto& outcome) {
                if (!outcome.ok() && on_error) return on_error(outcome.error());
                next(outcome.value());
              }));
}

void HerderSteps::check(const OperationPtr& op, NullableConfig config,
                        std::function<void(ConfigInfos&)> next) const {
  const ConnectorValidator validator{services_.plugins, services_.transformer,
                                     options_.override_policy, options_.worker_config};
  run_slowly<ConfigInfos>(
      services_.slow, services_.control,
      [validator, config = std::move(config)] { return validator.validate(config); },
      op->then<ConfigInfos>(std::move(next)));
}

void HerderSteps::require_valid(const OperationPtr& op, const Properties& config,
                                std::function<void()> next) const {
  check(op, NullableConfig(config.begin(), config.end()),
        [next = std::move(next)](ConfigInfos& infos) {
          if (const auto failure = validation_failure(infos)) {
            throw RequestException(kBadRequest, *failure);
          }
          next();
        });
}

void HerderSteps::validate(OperationQueue& operations, NullableConfig config,
                           Callback<ConfigInfos> done) const {
  operations.run_now<ConfigInfos>(
      "", "validating a connector configuration",
      [this, config = std::move(config)](const Running<ConfigInfos>& running) {
        check(running.operation(), config,
              [running](ConfigInfos& infos) { running.finish(std::move(infos)); });
      },
      std::move(done));
}

void HerderSteps::read_offsets(const Running<std::vector<JsonPartitionOffset>>& running,
                               const std::string& name, const Properties& config) const {
  resolve(running.operation(), {config}, [=, this](std::vector<Properties>& resolved) {
    services_.worker.connector_offsets(
        name, resolved.front(),
        running.operation()->then<std::vector<JsonPartitionOffset>>(
            [running](auto& offsets) { running.finish(std::move(offsets)); }));
  });
}

void HerderSteps::alter_offsets(
    const Running<std::string>& running, const std::string& name, const Properties& config,
    const std::optional<std::vector<JsonPartitionOffset>>& offsets) const {
  resolve(running.operation(), {config}, [=, this](std::vector<Properties>& resolved) {
    services_.worker.alter_connector_offsets(
        name, resolved.front(), offsets,
        running.operation()->then<std::string>(
            [running](std::string& message) { running.finish(std::move(message)); }));
  });
}

ConnectorType HerderSteps::type_of(const Properties& config) const {
  const std::string* class_name = find(config, "connector.class");
  if (class_name == nullptr) return ConnectorType::Unknown;
  try {
    const PluginClass* plugin = services_.plugins.find_connector(*class_name);
    if (plugin == nullptr) return ConnectorType::Unknown;
    return plugin->kind == PluginKind::Source ? ConnectorType::Source : ConnectorType::Sink;
  } catch (const Error&) {
    return ConnectorType::Unknown;  // an ambiguous alias
  }
}

std::string HerderSteps::hash_of(const Properties& connector, const Properties& task) const {
  const std::string* class_name = find(connector, "connector.class");
  const PluginClass* plugin =
      class_name == nullptr ? nullptr : services_.plugins.find_connector(*class_name);
  return task_config_hash(connector, task, plugin == nullptr ? nullptr : &plugin->config);
}

void restore_variables(const Properties& config, std::vector<Properties>& tasks) {
  for (const auto& [key, value] : config) {
    if (!has_variable(value)) continue;
    for (Properties& task : tasks) {
      if (const auto at = task.find(key); at != task.end()) at->second = value;
    }
  }
}

Properties patched(Properties config, const NullableConfig& patch) {
  for (const auto& [key, value] : patch) {
    if (value) {
      config.insert_or_assign(key, *value);
    } else {
      config.erase(key);
    }
  }
  return config;
}

void require_topic_tracking(const HerderOptions& options) {
  if (!options.topic_tracking) throw RequestException(kForbidden, "Topic tracking is disabled.");
}

void require_topic_reset(const HerderOptions& options) {
  require_topic_tracking(options);
  if (options.topic_tracking_reset) return;
  throw RequestException(kForbidden, "Topic tracking reset is disabled.");
}

RestartPlan plan_restart(const RestartRequest& request, ConnectorStateInfo now) {
  const auto wanted = [&request](const Status& one) {
    return !request.only_failed || one.state == State::Failed;
  };
  RestartPlan plan;
  plan.answer = std::move(now);
  plan.connector = wanted(plan.answer.connector);
  if (plan.connector) plan.answer.connector.state = State::Restarting;
  if (!request.include_tasks) return plan;
  for (auto& [number, task] : plan.answer.tasks) {
    if (!wanted(task)) continue;
    task.state = State::Restarting;
    plan.tasks.push_back({request.connector, number});
  }
  return plan;
}

void require_offsets_given(const std::optional<std::vector<JsonPartitionOffset>>& offsets) {
  if (!offsets || !offsets->empty()) return;
  throw RequestException(kBadRequest,
                         "Partitions / offsets need to be provided for an alter offsets request");
}

void require_stopped(const std::string& name, TargetState target, size_t tasks) {
  if (target == TargetState::Stopped && tasks == 0) return;
  throw RequestException(
      kBadRequest,
      "Connectors must be in the STOPPED state before their offsets can be modified. This can be "
      "done for the specified connector by issuing a 'PUT' request to the '/connectors/" +
          name + "/stop' endpoint");
}

std::string stage_text(const Operation* operation) {
  if (operation == nullptr) return {};
  return fmt::format("{}, which began at {:%Y-%m-%dT%H:%M:%S}Z", operation->what(),
                     fmt::gmtime(std::chrono::system_clock::to_time_t(operation->began())));
}

}  // namespace millrace

// Operations that change connectors and tasks (connect-configs.md §10, connect-rest-api.md §3).

#include <algorithm>

#include "millrace/errors.h"
#include "runtime/herder/standalone_herder.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

constexpr int kBadRequest = 400;

spdlog::logger& logger() {
  static auto& instance =
      logging::get("org.apache.kafka.connect.runtime.standalone.StandaloneHerder");
  return instance;
}

/// The same failure with a message of ours on top.
std::exception_ptr wrap(const std::exception_ptr& cause, const std::string& message) {
  try {
    try {
      std::rethrow_exception(cause);
    } catch (...) {
      std::throw_with_nested(ConnectException(message));
    }
  } catch (...) {
    return std::current_exception();
  }
}

std::map<std::string, std::optional<std::string>> nullable(const Properties& config) {
  std::map<std::string, std::optional<std::string>> result;
  for (const auto& [key, value] : config) result.emplace(key, value);
  return result;
}

}  // namespace

void StandaloneHerder::put_connector(const std::string& name, Properties config,
                                     std::optional<TargetState> initial, bool allow_replace,
                                     Callback<CreatedConnector> done) {
  const auto requested = nullable(config);
  validate(requested, [this, name, config = std::move(config), initial, allow_replace,
                       done = std::move(done)](Outcome<ConfigInfos> validated) mutable {
    try {
      const ConfigInfos& infos = validated.value();
      if (infos.error_count > 0) throw RequestException(kBadRequest, invalid_config_message(infos));
      if (stopping_) throw ConnectException("Worker is shutting down");
      if (!allow_replace && find(name) != nullptr) {
        throw AlreadyExistsException("Connector " + name + " already exists");
      }
    } catch (...) {
      return done(std::current_exception());
    }
    enqueue(name, [this, name, config = std::move(config), initial, allow_replace,
                   done = std::move(done)](const Finish& finish) {
      if (!allow_replace && find(name) != nullptr) {
        done(std::make_exception_ptr(
            AlreadyExistsException("Connector " + name + " already exists")));
        return finish();
      }
      store_and_start(name, config, initial, done, finish);
    });
  });
}

void StandaloneHerder::store_and_start(const std::string& name, Properties config,
                                       std::optional<TargetState> initial,
                                       Callback<CreatedConnector> done, const Finish& finish) {
  const bool created = find(name) == nullptr;
  Connector& connector = connectors_[name];
  connector.config = std::move(config);
  if (created) connector.target = initial.value_or(TargetState::Started);
  const auto answer = [this, name, created, done = std::move(done), finish](Outcome<Done> outcome) {
    const Connector* now = find(name);
    if (!outcome.ok()) {
      done(outcome.error());
    } else if (now == nullptr) {
      done(std::make_exception_ptr(NotFoundException("Connector " + name + " not found")));
    } else {
      logger().info("{} connector {}", created ? "Created" : "Reconfigured", name);
      done(CreatedConnector{created, info_of(name, *now)});
    }
    finish();
  };
  services_.worker.stop_connector(name, [this, name, answer](const Outcome<Done>&) {
    start_connector(name, [this, name, answer](Outcome<Done> started) {
      const Connector* now = find(name);
      if (!started.ok() || now == nullptr || now->target != TargetState::Started) {
        return answer(std::move(started));
      }
      update_tasks(name, answer);
    });
  });
}

void StandaloneHerder::start_connector(const std::string& name, Callback<Done> done) {
  const Connector* connector = find(name);
  if (connector == nullptr) return done(Done{});
  const TargetState target = connector->target;
  Properties resolved;
  try {
    resolved = services_.transformer.resolve(connector->config);
  } catch (...) {
    return done(std::current_exception());
  }
  services_.worker.start_connector(
      name, resolved, target, [name, target, done = std::move(done)](Outcome<Done> outcome) {
        if (outcome.ok()) return done(Done{});
        done(wrap(outcome.error(), "Failed to transition connector " + name + " to state " +
                                       std::string(target_state_name(target))));
      });
}

Properties StandaloneHerder::put_variables_back(const Properties& raw, Properties task) const {
  const Properties resolved = services_.transformer.resolve(raw);
  for (auto& [key, value] : task) {
    const std::string* original = millrace::find(raw, key);
    const std::string* secret = millrace::find(resolved, key);
    if (original != nullptr && secret != nullptr && *secret == value) value = *original;
  }
  return task;
}

void StandaloneHerder::update_tasks(const std::string& name, Callback<Done> done) {
  if (!services_.worker.is_connector_running(name)) {
    logger().info("Skipping update of connector {} since it is not running", name);
    return done(Done{});
  }
  services_.worker.task_configs(name, [this, name, done = std::move(done)](
                                          Outcome<std::vector<Properties>> made) {
    Connector* connector = find(name);
    if (connector == nullptr) return done(Done{});
    if (!made.ok()) return done(made.error());
    std::vector<Properties> tasks;
    for (Properties& config : made.value()) {
      tasks.push_back(put_variables_back(connector->config, std::move(config)));
    }
    if (tasks == connector->tasks && connector->tasks_made_from == connector->config) {
      return done(Done{});
    }
    replace_tasks(name, std::move(tasks), done);
  });
}

void StandaloneHerder::replace_tasks(const std::string& name, std::vector<Properties> tasks,
                                     Callback<Done> done) {
  stop_tasks(name, true, [this, name, tasks = std::move(tasks),
                          done = std::move(done)](const Outcome<Done>&) mutable {
    Connector* connector = find(name);
    if (connector == nullptr) return done(Done{});
    connector->tasks = std::move(tasks);
    connector->tasks_made_from = connector->config;
    for (size_t i = 0; i < connector->tasks.size(); ++i) {
      start_task({name, static_cast<int32_t>(i)});
    }
    done(Done{});
  });
}

void StandaloneHerder::start_task(const ConnectorTaskId& id) {
  const Connector* connector = find(id.connector);
  if (connector == nullptr || static_cast<size_t>(id.task) >= connector->tasks.size()) return;
  const auto& transformer = services_.transformer;
  services_.worker.start_task(id, transformer.resolve(connector->config),
                              transformer.resolve(connector->tasks[static_cast<size_t>(id.task)]),
                              connector->target);
}

void StandaloneHerder::stop_tasks(const std::string& name, bool forget, Callback<Done> done) {
  Connector* connector = find(name);
  if (connector == nullptr || connector->tasks.empty()) return done(Done{});
  std::vector<ConnectorTaskId> ids = info_of(name, *connector).tasks;
  services_.worker.stop_tasks(ids, [this, name, forget, ids, done = std::move(done)](
                                       const Outcome<Done>&) {
    if (Connector* now = find(name); now != nullptr && forget) {
      now->tasks.clear();
      for (const ConnectorTaskId& id : ids) statuses_.remove_task(id);
    }
    done(Done{});
  });
}

void StandaloneHerder::patch_connector(const std::string& name,
                                       std::map<std::string, std::optional<std::string>> patch,
                                       Callback<ConnectorInfo> done) {
  Properties config = require(name).config;
  for (auto& [key, value] : patch) {
    if (value) {
      config.insert_or_assign(key, std::move(*value));
    } else {
      config.erase(key);
    }
  }
  put_connector(name, std::move(config), std::nullopt, true,
                [done = std::move(done)](Outcome<CreatedConnector> outcome) {
                  if (!outcome.ok()) return done(outcome.error());
                  done(std::move(outcome.value().info));
                });
}

void StandaloneHerder::delete_connector(const std::string& name, Callback<Done> done) {
  require(name);
  enqueue(name, [this, name, done = std::move(done)](const Finish& finish) {
    if (find(name) == nullptr) {
      done(std::make_exception_ptr(NotFoundException("Connector " + name + " not found")));
      return finish();
    }
    stop_tasks(name, true, [this, name, done, finish](const Outcome<Done>&) {
      services_.worker.stop_connector(name, [this, name, done, finish](const Outcome<Done>&) {
        connectors_.erase(name);
        statuses_.remove_connector(name);
        done(Done{});
        finish();
      });
    });
  });
}

void StandaloneHerder::change_target(const std::string& name, TargetState target) {
  Connector* connector = find(name);
  if (connector == nullptr) throw NotFoundException("Unknown connector " + name);
  connector->target = target;
  enqueue(name, [this, name, target](const Finish& finish) {
    if (find(name) == nullptr) return finish();
    services_.worker.set_target_state(name, target, [this, name, target,
                                                     finish](Outcome<Done> outcome) {
      const Connector* now = find(name);
      if (!outcome.ok() || now == nullptr || target != TargetState::Started) return finish();
      update_tasks(name, [name, finish](Outcome<Done> updated) {
        if (!updated.ok()) logger().error("Failed to update the tasks of connector {}", name);
        finish();
      });
    });
  });
}

void StandaloneHerder::pause_connector(const std::string& name) {
  change_target(name, TargetState::Paused);
}

void StandaloneHerder::resume_connector(const std::string& name) {
  change_target(name, TargetState::Started);
}

void StandaloneHerder::stop_connector(const std::string& name, Callback<Done> done) {
  if (find(name) == nullptr) {
    // 500 in a standalone worker, 404 in a distributed one.
    throw ConnectException("No connector `" + name + "` configured");
  }
  enqueue(name, [this, name, done = std::move(done)](const Finish& finish) {
    Connector* connector = find(name);
    if (connector == nullptr) {
      done(Done{});
      return finish();
    }
    connector->target = TargetState::Stopped;
    stop_tasks(name, true, [this, name, done, finish](const Outcome<Done>&) {
      services_.worker.set_target_state(
          name, TargetState::Stopped, [done, finish](Outcome<Done> outcome) {
            done(std::move(outcome));
            finish();
          });
    });
  });
}

void StandaloneHerder::restart_connector(const std::string& name, Callback<Done> done) {
  if (find(name) == nullptr) throw ConnectException("Unknown connector: " + name);
  enqueue(name, [this, name, done = std::move(done)](const Finish& finish) {
    restart_planned(name, true, {}, [done, finish](Outcome<Done> outcome) {
      done(std::move(outcome));
      finish();
    });
  });
}

void StandaloneHerder::restart_planned(const std::string& name, bool connector,
                                       std::vector<ConnectorTaskId> tasks, Callback<Done> done) {
  const auto start_tasks = [this, tasks, done](const Outcome<Done>& outcome) {
    if (!outcome.ok()) return done(outcome.error());
    for (const ConnectorTaskId& id : tasks) start_task(id);
    done(Done{});
  };
  services_.worker.stop_tasks(tasks, [this, name, connector, start_tasks](const Outcome<Done>&) {
    if (!connector) return start_tasks(Done{});
    services_.worker.stop_connector(name, [this, name, start_tasks](const Outcome<Done>&) {
      start_connector(name, start_tasks);
    });
  });
}

void StandaloneHerder::restart_connector_and_tasks(const RestartRequest& request,
                                                   Callback<ConnectorStateInfo> done) {
  const std::string name = request.connector;
  if (find(name) == nullptr) throw NotFoundException("Unknown connector: " + name);
  enqueue(name, [this, name, request, done = std::move(done)](const Finish& finish) {
    const Status* status = statuses_.connector(name);
    if (status == nullptr) {
      done(std::make_exception_ptr(
          NotFoundException("Status for connector " + name + " not found")));
      return finish();
    }
    ConnectorStateInfo plan = connector_status(name);
    const auto wanted = [&request](const Status& s) {
      return !request.only_failed || s.state == State::Failed;
    };
    const bool connector = wanted(plan.connector);
    if (connector) plan.connector.state = State::Restarting;
    std::vector<ConnectorTaskId> tasks;
    for (auto& [number, task] : plan.tasks) {
      if (!request.include_tasks || !wanted(task)) continue;
      tasks.push_back({name, number});
      task.state = State::Restarting;
    }
    logger().info("Restarting connector {} ({}) and {} of its tasks", name,
                  connector ? "itself too" : "not itself", tasks.size());
    restart_planned(name, connector, std::move(tasks), [plan, done, finish](Outcome<Done> outcome) {
      if (outcome.ok()) done(plan);
      else done(outcome.error());
      finish();
    });
  });
}

void StandaloneHerder::restart_task(const ConnectorTaskId& id, Callback<Done> done) {
  const Connector* connector = find(id.connector);
  if (connector == nullptr) {
    throw ConnectException("Unknown connector: " + id.connector);
  }
  if (id.task < 0 || static_cast<size_t>(id.task) >= connector->tasks.size()) {
    throw NotFoundException("Task " + id.to_string() + " not found");
  }
  enqueue(id.connector, [this, id, done = std::move(done)](const Finish& finish) {
    restart_planned(id.connector, false, {id}, [done, finish](Outcome<Done> outcome) {
      done(std::move(outcome));
      finish();
    });
  });
}

void StandaloneHerder::stop(Callback<Done> done) {
  stopping_ = true;
  std::vector<ConnectorTaskId> tasks;
  for (const auto& [name, connector] : connectors_) {
    for (const ConnectorTaskId& id : info_of(name, connector).tasks) tasks.push_back(id);
  }
  services_.worker.stop_tasks(tasks, [this, done = std::move(done)](const Outcome<Done>&) {
    auto waiting = std::make_shared<size_t>(connectors_.size() + 1);
    const auto one_less = [waiting, done](const Outcome<Done>&) {
      if (--*waiting == 0) done(Done{});
    };
    for (const auto& [name, connector] : connectors_) {
      services_.worker.stop_connector(name, one_less);
    }
    one_less(Done{});
  });
}

}  // namespace millrace

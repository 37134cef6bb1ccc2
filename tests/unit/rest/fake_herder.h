#pragma once
// A herder that answers from plain members and keeps callbacks that a test wants to hold back.

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "runtime/core/executor.h"
#include "runtime/herder/cluster_herder.h"

namespace millrace::rest {

/// Time passes when the test says so.
class ManualExecutor final : public Executor {
 public:
  void post(std::function<void()> task) override { post_after({}, std::move(task)); }
  void post_after(std::chrono::milliseconds delay, std::function<void()> task) override {
    tasks_.emplace_back(now_ + delay, std::move(task));
  }
  /// Runs what is due by then, in order.
  void advance(std::chrono::milliseconds by) {
    const auto end = now_ + by;
    while (true) {
      auto next = tasks_.end();
      for (auto it = tasks_.begin(); it != tasks_.end(); ++it) {
        if (it->first <= end && (next == tasks_.end() || it->first < next->first)) next = it;
      }
      if (next == tasks_.end()) break;
      now_ = std::max(now_, next->first);
      auto task = std::move(next->second);
      tasks_.erase(next);
      task();
    }
    now_ = end;
  }
  size_t waiting() const { return tasks_.size(); }

 private:
  std::chrono::milliseconds now_{0};
  std::deque<std::pair<std::chrono::milliseconds, std::function<void()>>> tasks_;
};

class FakeHerder : public ClusterHerder {
 public:
  std::vector<ConnectorTaskId> stalled;
  // What it answers with.
  std::map<std::string, ConnectorInfo> infos;
  std::map<std::string, ConnectorStateInfo> states;
  std::map<std::string, std::vector<TaskInfo>> tasks;
  std::vector<JsonPartitionOffset> offsets;
  std::vector<PluginInfo> plugin_list;
  std::vector<ConfigKey> keys;
  ConfigInfos validation;
  std::string offsets_message = "The offsets for this connector have been altered successfully";
  std::string current_stage;
  bool is_ready = true;
  bool created = true;
  std::exception_ptr failure;  // of every operation while set
  bool hold = false;           // operations wait for release()

  // What it was asked.
  std::vector<std::string> calls;
  Properties put_config;
  std::optional<TargetState> put_state;
  bool put_replace = false;
  std::map<std::string, std::optional<std::string>> nullable;  // of patch and validate
  std::optional<std::vector<JsonPartitionOffset>> altered;

  void release() {
    auto held = std::exchange(held_, {});
    for (auto& one : held) one();
  }

  ServerInfo server_info() const override { return {"4.1.1", "abc", "cluster-1"}; }
  std::vector<ConnectorTaskId> stalled_tasks() const override { return stalled; }
  bool ready() const override { return is_ready; }
  std::vector<std::string> connectors() const override {
    std::vector<std::string> names;
    for (const auto& [name, info] : infos) names.push_back(name);
    return names;
  }
  ConnectorInfo connector_info(const std::string& name) const override {
    return get(infos, name, "Connector " + name + " not found");
  }
  ConnectorStateInfo connector_status(const std::string& name) const override {
    return get(states, name, "No status found for connector " + name);
  }
  Status task_status(const ConnectorTaskId& id) const override {
    const auto found = states.find(id.connector);
    if (found == states.end() || !found->second.tasks.contains(id.task)) {
      throw NotFoundException("No status found for task " + id.to_string());
    }
    return found->second.tasks.at(id.task);
  }
  std::vector<TaskInfo> task_infos(const std::string& name) const override {
    return get(tasks, name, "Connector " + name + " not found");
  }
  std::vector<std::string> active_topics(const std::string& name) const override {
    if (name == "untracked") throw RequestException(403, "Topic tracking is disabled.");
    return name == "a" ? std::vector<std::string>{"t1", "t2"} : std::vector<std::string>{};
  }
  void reset_active_topics(const std::string& name) override { calls.push_back("reset " + name); }

  void put_connector(const std::string& name, Properties config,
                     std::optional<TargetState> initial_state, bool allow_replace,
                     Callback<CreatedConnector> done) override {
    calls.push_back("put " + name);
    put_config = std::move(config);
    put_state = initial_state;
    put_replace = allow_replace;
    ConnectorInfo info{name, put_config, {{name, 0}}, ConnectorType::Source};
    finish<CreatedConnector>({created, info}, std::move(done));
  }
  void patch_connector(const std::string& name,
                       std::map<std::string, std::optional<std::string>> patch,
                       Callback<ConnectorInfo> done) override {
    calls.push_back("patch " + name);
    nullable = std::move(patch);
    finish<ConnectorInfo>({name, {}, {}, ConnectorType::Sink}, std::move(done));
  }
  void delete_connector(const std::string& name, Callback<Done> done) override {
    operation("delete " + name, std::move(done));
  }
  void pause_connector(const std::string& name, Callback<Done> done) override {
    snapshot_call("pause " + name);
    done(Done{});
  }
  void resume_connector(const std::string& name, Callback<Done> done) override {
    snapshot_call("resume " + name);
    done(Done{});
  }
  void stop_connector(const std::string& name, Callback<Done> done) override {
    operation("stop " + name, std::move(done));
  }
  void restart_connector(const std::string& name, Callback<Done> done) override {
    operation("restart " + name, std::move(done));
  }
  void restart_connector_and_tasks(const RestartRequest& request,
                                   Callback<ConnectorStateInfo> done) override {
    calls.push_back("restart " + request.connector + (request.only_failed ? " failed" : "") +
                    (request.include_tasks ? " tasks" : ""));
    finish<ConnectorStateInfo>(states[request.connector], std::move(done));
  }
  void restart_task(const ConnectorTaskId& id, Callback<Done> done) override {
    operation("restart " + id.to_string(), std::move(done));
  }
  void connector_offsets(const std::string& name,
                         Callback<std::vector<JsonPartitionOffset>> done) override {
    calls.push_back("offsets " + name);
    finish<std::vector<JsonPartitionOffset>>(offsets, std::move(done));
  }
  void alter_connector_offsets(const std::string& name,
                               std::optional<std::vector<JsonPartitionOffset>> wanted,
                               Callback<std::string> done) override {
    calls.push_back("alter " + name);
    altered = std::move(wanted);
    finish<std::string>(offsets_message, std::move(done));
  }
  std::vector<PluginInfo> plugins(bool connectors_only) const override {
    return connectors_only ? std::vector<PluginInfo>{plugin_list.at(0)} : plugin_list;
  }
  std::vector<ConfigKey> plugin_config(const std::string& name) const override {
    if (keys.empty()) throw NotFoundException("Unknown plugin " + name + ".");
    return keys;
  }
  void validate(std::map<std::string, std::optional<std::string>> config,
                Callback<ConfigInfos> done) override {
    calls.push_back("validate");
    nullable = std::move(config);
    finish<ConfigInfos>(validation, std::move(done));
  }
  std::string stage() const override { return current_stage; }

  // Of a worker in a group.
  bool signatures = true;
  std::optional<SessionKey> key;
  std::vector<Properties> task_configs;

  bool requires_signatures() const override { return signatures; }
  const SessionKey* session_key() const override { return key ? &*key : nullptr; }
  void put_task_configs(const std::string& name, std::vector<Properties> configs,
                        Callback<Done> done) override {
    task_configs = std::move(configs);
    operation("tasks " + name, std::move(done));
  }
  void fence_zombies(const std::string& name, Callback<Done> done) override {
    operation("fence " + name, std::move(done));
  }
  void set_cluster_logger_level(const std::string& logger, const std::string& level,
                                Callback<Done> done) override {
    operation("log " + logger + " " + level, std::move(done));
  }

 private:
  template <class T>
  static T get(const std::map<std::string, T>& map, const std::string& name,
               const std::string& message) {
    const auto found = map.find(name);
    if (found == map.end()) throw NotFoundException(message);
    return found->second;
  }
  void snapshot_call(std::string call) {
    calls.push_back(std::move(call));
    if (failure) std::rethrow_exception(failure);
  }
  void operation(std::string call, Callback<Done> done) {
    calls.push_back(std::move(call));
    finish<Done>({}, std::move(done));
  }
  template <class T>
  void finish(T value, Callback<T> done) {
    auto complete = [outcome = failure ? Outcome<T>(failure) : Outcome<T>(std::move(value)),
                     done = std::move(done)] { done(outcome); };
    if (hold) {
      held_.emplace_back(std::move(complete));
    } else {
      complete();
    }
  }

  std::vector<std::function<void()>> held_;
};

template <class E, class... Arguments>
std::exception_ptr error_of(Arguments&&... arguments) {
  return std::make_exception_ptr(E(std::forward<Arguments>(arguments)...));
}

}  // namespace millrace::rest

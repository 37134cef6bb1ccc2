#pragma once
// A worker without threads on simulated time, and the account of who runs what in a whole cluster.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "millrace/errors.h"
#include "runtime/core/executor.h"
#include "runtime/worker/worker.h"

namespace millrace::testing {

/// Who runs which items in a cluster; a connector is its task -1. Notes what runs twice.
class SimOwners {
 public:
  void started(const ConnectorTaskId& item, const std::string& worker) {
    auto& owners = owners_[item];
    owners.insert(worker);
    if (owners.size() < 2) return;
    if (violation_.empty()) {
      violation_ = item.to_string() + " runs on";
      for (const std::string& owner : owners) violation_ += " " + owner;
    }
  }
  void stopped(const ConnectorTaskId& item, const std::string& worker) {
    const auto at = owners_.find(item);
    if (at == owners_.end()) return;
    at->second.erase(worker);
    if (at->second.empty()) owners_.erase(at);
  }
  void died(const std::string& worker) {
    for (auto at = owners_.begin(); at != owners_.end();) {
      at->second.erase(worker);
      at = at->second.empty() ? owners_.erase(at) : std::next(at);
    }
  }
  const std::map<ConnectorTaskId, std::set<std::string>>& all() const { return owners_; }
  const std::string& violation() const { return violation_; }

 private:
  std::map<ConnectorTaskId, std::set<std::string>> owners_;
  std::string violation_;
};

/// Makes as many task configurations as `tasks.max` says.
class SimWorker final : public Worker {
 public:
  using Millis = std::chrono::milliseconds;
  using Delay = std::function<Millis()>;

  struct Running {
    Properties connector_config;
    Properties config;  // of a task
    TargetState target = TargetState::Started;
    bool started = false;
    bool stopping = false;
    uint64_t start = 0;  // which one of all
  };

  SimWorker(Executor& control, SimOwners& owners, std::string name, Delay delay)
      : control_(control), owners_(owners), name_(std::move(name)), delay_(std::move(delay)) {}

  std::function<bool()> fail;  // true: this start, or making of task configurations, fails
  std::set<ConnectorTaskId> crash_on_start;  // tasks that fail as soon as they run
  std::map<ConnectorTaskId, Running> running;
  std::map<ConnectorTaskId, Millis> busy;
  std::vector<std::string> calls;
  std::string offsets_answer = "altered";
  WorkerListener* listener = nullptr;
  bool dead = false;

  void set_listener(WorkerListener& own) override { listener = &own; }

  void start_connector(const std::string& name, const Properties& config, TargetState target,
                       Callback<Done> done) override {
    calls.push_back("start " + name);
    begin({name, -1}, {config, {}, target});
    transition(name, std::move(done));
  }
  void stop_connector(const std::string& name, Callback<Done> done) override {
    calls.push_back("stop " + name);
    stop({{name, -1}}, std::move(done));
  }
  void work_lost() override { calls.push_back("lost"); }
  bool is_connector_running(const std::string& name) const override {
    const auto at = running.find({name, -1});
    return at != running.end() && at->second.started && !at->second.stopping &&
           at->second.target == TargetState::Started;
  }
  void set_target_state(const std::string& name, TargetState target, Callback<Done> done) override {
    calls.push_back("target " + name + " " + std::string(target_state_name(target)));
    bool known = false;
    for (auto& [id, item] : running) {
      if (id.connector != name || item.stopping) continue;
      item.target = target;
      if (id.task < 0) {
        known = true;
      } else {
        listener->on_task_status(id, status_of(item));
      }
    }
    if (known) return transition(name, std::move(done));
    control_.post([done] { done(std::make_exception_ptr(ConnectException("not here"))); });
  }
  void task_configs(const std::string& name, Callback<std::vector<Properties>> done) override {
    control_.post_after(delay_(), [this, name, done = std::move(done)] {
      const auto at = running.find({name, -1});
      if (at == running.end() || (fail && fail())) {
        return done(std::make_exception_ptr(ConnectException("task configurations failed")));
      }
      const Properties& config = at->second.connector_config;
      std::vector<Properties> configs;
      const std::string* tasks = find(config, "tasks.max");
      for (int i = 0; i < (tasks == nullptr ? 1 : std::stoi(*tasks)); ++i) {
        Properties task = config;
        task["task.class"] = "T";
        task["index"] = std::to_string(i);
        configs.push_back(std::move(task));
      }
      done(std::move(configs));
    });
  }
  void start_task(const ConnectorTaskId& id, const Properties& connector_config,
                  const Properties& task_config, TargetState target,
                  const std::string&) override {
    calls.push_back("start " + id.to_string());
    begin(id, {connector_config, task_config, target, true});
    control_.post_after(delay_(), [this, id] {
      const auto at = running.find(id);
      if (at == running.end() || at->second.stopping) return;
      if (crash_on_start.contains(id)) return task_failed(id, "java.lang.Error: it broke");
      listener->on_task_status(id, status_of(at->second));
    });
  }
  void stop_tasks(const std::vector<ConnectorTaskId>& ids, Callback<Done> done) override {
    std::string call = "stop";
    for (const ConnectorTaskId& id : ids) call += " " + id.to_string();
    calls.push_back(call);
    stop(ids, std::move(done));
  }
  std::map<ConnectorTaskId, Millis> busy_times() const override { return busy; }
  void connector_offsets(const std::string&, const Properties&,
                         Callback<std::vector<JsonPartitionOffset>> done) override {
    control_.post([done] {
      done(std::vector<JsonPartitionOffset>{{R"({"f":1})", R"({"p":2})"}});
    });
  }
  void alter_connector_offsets(const std::string&, const Properties&,
                               std::optional<std::vector<JsonPartitionOffset>>,
                               Callback<std::string> done) override {
    control_.post([done, this] { done(offsets_answer); });
  }

  void task_failed(const ConnectorTaskId& id, const std::string& trace) {
    listener->on_task_status(id, {State::Failed, {}, trace, "1.2", 0});
  }
  /// The process is gone, and all of it with it.
  void die() {
    dead = true;
    running.clear();
    owners_.died(name_);
  }
  std::vector<std::string> take_calls() { return std::exchange(calls, {}); }

 private:
  static Status status_of(const Running& item) {
    const State state = item.target == TargetState::Started  ? State::Running
                        : item.target == TargetState::Paused ? State::Paused
                                                             : State::Stopped;
    return {state, {}, {}, "1.2", 0};
  }
  void begin(const ConnectorTaskId& id, Running item) {
    if (running.contains(id)) owners_.started(id, name_ + " (twice)");
    item.start = ++starts_;
    running[id] = std::move(item);
    owners_.started(id, name_);
  }
  void transition(const std::string& name, Callback<Done> done) {
    const uint64_t start = running.at({name, -1}).start;
    control_.post_after(delay_(), [this, name, start, done = std::move(done)] {
      const auto at = running.find({name, -1});
      if (at == running.end() || at->second.stopping || at->second.start != start) {
        return done(std::make_exception_ptr(ConnectException("stopped meanwhile")));
      }
      if (fail && fail() && at->second.target == TargetState::Started) {
        at->second.started = false;
        listener->on_connector_status(name, {State::Failed, {}, "start broke", "1.2", 0});
        return done(std::make_exception_ptr(ConnectException("start broke")));
      }
      at->second.started = true;
      listener->on_connector_status(name, status_of(at->second));
      done(Done{});
    });
  }
  void stop(const std::vector<ConnectorTaskId>& ids, Callback<Done> done) {
    for (const ConnectorTaskId& id : ids) {
      if (const auto at = running.find(id); at != running.end()) at->second.stopping = true;
    }
    control_.post_after(delay_(), [this, ids, done = std::move(done)] {
      for (const ConnectorTaskId& id : ids) {
        if (running.erase(id) == 0) continue;
        owners_.stopped(id, name_);
        const Status status{State::Unassigned, {}, {}, "1.2", 0};
        id.task < 0 ? listener->on_connector_status(id.connector, status)
                    : listener->on_task_status(id, status);
      }
      done(Done{});
    });
  }

  Executor& control_;
  SimOwners& owners_;
  const std::string name_;
  Delay delay_;
  uint64_t starts_ = 0;
};

}  // namespace millrace::testing

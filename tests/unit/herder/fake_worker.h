#pragma once
// Executor driven by hand and a worker without threads, for the herder's tests.

#include <gtest/gtest.h>

#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "millrace/errors.h"
#include "runtime/core/executor.h"
#include "runtime/worker/request_exception.h"
#include "runtime/worker/worker.h"

namespace millrace::testing {

/// Runs what was posted when told to; time stands still until advanced.
class ManualExecutor final : public Executor {
 public:
  void post(std::function<void()> task) override { ready_.push_back(std::move(task)); }
  void post_after(std::chrono::milliseconds delay, std::function<void()> task) override {
    timers_.emplace(now_ + delay, std::move(task));
  }
  bool run_one() {
    if (ready_.empty()) return false;
    const auto task = std::move(ready_.front());
    ready_.pop_front();
    task();
    return true;
  }
  void run() {
    while (run_one()) {
    }
  }
  void advance(std::chrono::milliseconds by) {
    now_ += by;
    while (!timers_.empty() && timers_.begin()->first <= now_) {
      ready_.push_back(std::move(timers_.begin()->second));
      timers_.erase(timers_.begin());
      run();
    }
  }
  bool idle() const { return ready_.empty(); }

 private:
  std::deque<std::function<void()>> ready_;
  std::multimap<std::chrono::milliseconds, std::function<void()>> timers_;
  std::chrono::milliseconds now_{0};
};

/// Does at once, or when told, what a worker does with threads. Checks the herder's use of it.
class FakeWorker final : public Worker {
 public:
  explicit FakeWorker(ManualExecutor& control) : control_(control) {}

  struct FakeConnector {
    Properties config;
    TargetState target = TargetState::Started;
    bool running = false;
  };
  struct FakeTask {
    Properties connector_config;
    Properties config;
    TargetState target = TargetState::Started;
  };

  // What to do next time.
  std::map<std::string, std::string> start_errors;        // by connector
  std::map<std::string, std::string> task_config_errors;  // by connector
  std::map<std::string, int> task_counts;                 // default 1
  std::set<std::string> silent;                           // names of calls never answered
  bool manual = false;                                    // answers wait for answer_one()

  std::map<std::string, FakeConnector> connectors;
  std::map<ConnectorTaskId, FakeTask> tasks;
  std::vector<std::string> calls;
  WorkerListener* listener = nullptr;
  std::deque<std::function<void()>> answers;
  Properties offsets_config;

  void set_listener(WorkerListener& own) override { listener = &own; }

  void start_connector(const std::string& name, const Properties& config, TargetState target,
                       Callback<Done> done) override {
    calls.push_back("start " + name + " " + std::string(target_state_name(target)));
    EXPECT_FALSE(connectors.contains(name)) << name << " was started twice";
    connectors[name] = {config, target, false};
    bring_to("start", name, target, std::move(done));
  }
  void stop_connector(const std::string& name, Callback<Done> done) override {
    calls.push_back("stop " + name);
    answer<Done>("stop", std::move(done), [this, name]() -> Outcome<Done> {
      if (connectors.erase(name) > 0) status(name, State::Unassigned);
      return Done{};
    });
  }
  bool is_connector_running(const std::string& name) const override {
    const auto at = connectors.find(name);
    return at != connectors.end() && at->second.running;
  }
  void set_target_state(const std::string& name, TargetState target, Callback<Done> done) override {
    calls.push_back("target " + name + " " + std::string(target_state_name(target)));
    for (auto& [id, task] : tasks) {
      if (id.connector != name) continue;
      task.target = target;
      task_status(id, target == TargetState::Started ? State::Running : State::Paused);
    }
    bring_to("target", name, target, std::move(done));
  }
  void task_configs(const std::string& name, Callback<std::vector<Properties>> done) override {
    calls.push_back("configs " + name);
    answer<std::vector<Properties>>(
        "configs", std::move(done), [this, name]() -> Outcome<std::vector<Properties>> {
          if (const auto error = task_config_errors.find(name); error != task_config_errors.end()) {
            status(name, State::Failed, error->second);
            return std::make_exception_ptr(ConnectException(error->second));
          }
          const auto connector = connectors.find(name);
          if (connector == connectors.end()) {
            return std::make_exception_ptr(ConnectException("not running"));
          }
          const int count = task_counts.contains(name) ? task_counts[name] : 1;
          std::vector<Properties> configs;
          for (int i = 0; i < count; ++i) {
            Properties config = connector->second.config;
            config["task.class"] = "T";
            config["index"] = std::to_string(i);
            configs.push_back(std::move(config));
          }
          return configs;
        });
  }
  void start_task(const ConnectorTaskId& id, const Properties& connector_config,
                  const Properties& task_config, TargetState target,
                  const std::string&) override {
    calls.push_back("start " + id.to_string() + " " + std::string(target_state_name(target)));
    EXPECT_FALSE(tasks.contains(id)) << id.to_string() << " was started twice";
    tasks[id] = {connector_config, task_config, target};
    control_.post([this, id, target] {
      if (tasks.contains(id)) {
        task_status(id, target == TargetState::Started ? State::Running : State::Paused);
      }
    });
  }
  void stop_tasks(const std::vector<ConnectorTaskId>& ids, Callback<Done> done) override {
    std::string call = "stop";
    for (const ConnectorTaskId& id : ids) call += " " + id.to_string();
    calls.push_back(call);
    answer<Done>("stop_tasks", std::move(done), [this, ids]() -> Outcome<Done> {
      for (const ConnectorTaskId& id : ids) {
        if (tasks.erase(id) > 0) task_status(id, State::Unassigned);
      }
      return Done{};
    });
  }
  void connector_offsets(const std::string& name, const Properties& config,
                         Callback<std::vector<JsonPartitionOffset>> done) override {
    calls.push_back("offsets " + name);
    offsets_config = config;
    answer<std::vector<JsonPartitionOffset>>(
        "offsets", std::move(done), []() -> Outcome<std::vector<JsonPartitionOffset>> {
          return std::vector<JsonPartitionOffset>{{R"({"f":1})", R"({"p":2})"}};
        });
  }
  void alter_connector_offsets(const std::string& name, const Properties&,
                               std::optional<std::vector<JsonPartitionOffset>> offsets,
                               Callback<std::string> done) override {
    calls.push_back((offsets ? "alter " : "reset ") + name);
    answer<std::string>("alter", std::move(done),
                        [] { return Outcome<std::string>(std::string("altered")); });
  }

  /// Gives the oldest answer that waits.
  bool answer_one() {
    if (answers.empty()) return false;
    const auto next = std::move(answers.front());
    answers.pop_front();
    next();
    return true;
  }
  void status(const std::string& name, State state, const std::string& trace = "") {
    listener->on_connector_status(name, {state, "worker:1", trace, "1.2", 0});
  }
  void task_status(const ConnectorTaskId& id, State state, const std::string& trace = "") {
    listener->on_task_status(id, {state, "worker:1", trace, "1.2", 0});
  }
  std::vector<std::string> take_calls() { return std::exchange(calls, {}); }

 private:
  void bring_to(const std::string& call, const std::string& name, TargetState target,
                Callback<Done> done) {
    answer<Done>(call, std::move(done), [this, name, target]() -> Outcome<Done> {
      const auto at = connectors.find(name);
      if (at == connectors.end()) return std::make_exception_ptr(ConnectException("not running"));
      if (const auto error = start_errors.find(name);
          error != start_errors.end() && target == TargetState::Started) {
        at->second.running = false;
        status(name, State::Failed, error->second);
        return std::make_exception_ptr(ConnectException(error->second));
      }
      at->second.target = target;
      at->second.running = target == TargetState::Started;
      status(name, target == TargetState::Started  ? State::Running
                   : target == TargetState::Paused ? State::Paused
                                                   : State::Stopped);
      return Done{};
    });
  }
  template <class T>
  void answer(const std::string& call, Callback<T> done, std::function<Outcome<T>()> work) {
    if (silent.contains(call)) return;
    auto give = [done = std::move(done), work = std::move(work)] { done(work()); };
    if (manual) {
      answers.push_back(std::move(give));
    } else {
      control_.post(std::move(give));
    }
  }

  ManualExecutor& control_;
};

/// Outcome of an operation as it arrived; counts how often.
template <class T>
struct Answer {
  std::shared_ptr<std::vector<Outcome<T>>> outcomes = std::make_shared<std::vector<Outcome<T>>>();
  Callback<T> callback() const {
    return [outcomes = outcomes](Outcome<T> outcome) { outcomes->push_back(std::move(outcome)); };
  }
  bool given() const { return !outcomes->empty(); }
  T& value() const {
    EXPECT_EQ(outcomes->size(), 1U);
    return outcomes->at(0).value();
  }
  /// `STATUS text` of the error REST would answer, or `none`/`open`.
  std::string error() const {
    if (outcomes->empty()) return "open";
    EXPECT_EQ(outcomes->size(), 1U);
    if (outcomes->at(0).ok()) return "none";
    try {
      outcomes->at(0).value();
    } catch (const std::exception& error) {
      return error_text(error);
    }
    return "";
  }
  static std::string error_text(const std::exception& error);
};

inline std::string rest_error(const std::exception& error) {
  int status = 500;
  if (const auto* request = dynamic_cast<const RequestException*>(&error)) {
    status = request->status();
  } else if (const auto* known = dynamic_cast<const Error*>(&error)) {
    if (known->kind() == ErrorKind::NotFound) status = 404;
    if (known->kind() == ErrorKind::AlreadyExists) status = 409;
  }
  return std::to_string(status) + " " + error.what();
}

template <class T>
std::string Answer<T>::error_text(const std::exception& error) {
  return rest_error(error);
}

}  // namespace millrace::testing

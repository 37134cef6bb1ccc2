#pragma once
// One connector instance on its own thread (connect-configs.md §10): start for STARTED, stop for
// PAUSED and STOPPED, task configurations on request.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/worker/serial_thread.h"
#include "runtime/worker/services.h"

namespace millrace {

class ConnectorRunner : public std::enable_shared_from_this<ConnectorRunner> {
 public:
  /// Called on the control thread, not after forget().
  struct Events {
    std::function<void(Status)> status;
    std::function<void()> reconfiguration_requested;
  };

  ConnectorRunner(WorkerServices& services, std::string name, Properties config, Events events);
  ~ConnectorRunner();

  // Control thread; callbacks come on the control thread.
  /// Makes the instance on first use and brings it to `target`.
  void transition(TargetState target, Callback<Done> done);
  void task_configs(Callback<std::vector<Properties>> done);
  /// Ends the instance: stop(), UNASSIGNED, thread end.
  void shutdown(Callback<Done> done);
  /// Its later reports are dropped.
  void forget() noexcept { forgotten_.store(true); }
  /// True between a successful transition to STARTED and the next one.
  bool running() const noexcept { return running_.load(); }
  const Properties& config() const noexcept { return config_; }

 private:
  class Context;

  // Connector thread.
  void bring_to(TargetState target);
  void instantiate();
  std::vector<Properties> make_task_configs();
  void report(State state, std::string trace = {});
  template <class T>
  void answer(const Callback<T>& done, Outcome<T> outcome);

  WorkerServices& services_;
  const std::string name_;
  const Properties config_;
  Events events_;
  std::atomic<bool> forgotten_ = false;
  std::atomic<bool> running_ = false;
  std::unique_ptr<Context> context_;
  std::unique_ptr<Connector> connector_;
  std::string class_name_;
  std::string version_;
  bool started_ = false;
  SerialThread thread_;  // last: its destruction must not outlive what it uses
};

}  // namespace millrace

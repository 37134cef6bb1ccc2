#pragma once
// The connectors and tasks that run in this worker, each with where it is between start and stop.
// It is told what should run and takes one step towards it; each step that ends calls for the next.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/herder/herder_steps.h"
#include "runtime/storage/config_snapshot.h"

namespace millrace {

/// Equal for equal configurations, in this process.
size_t content_hash(const Properties& properties);
size_t content_hash(const std::vector<Properties>& list);

/// Hears of the steps; control thread.
class LocalWorkListener {
 public:
  virtual ~LocalWorkListener() = default;
  /// Something of `connector` has stopped: what should run may be started now.
  virtual void on_stopped(const std::string& connector) = 0;
  /// The connector runs, after a start or a resume: it may want other tasks.
  virtual void on_connector_running(const std::string& connector) = 0;
  /// It could not be started or brought to its target state.
  virtual void on_failed(const std::string& connector, std::exception_ptr error) = 0;
  virtual void on_failed(const ConnectorTaskId& id, std::exception_ptr error) = 0;
};

/// Control thread only. What it references outlives it.
class LocalWork {
 public:
  /// What should run of one connector; all of it is in the snapshot.
  struct Wanted {
    bool connector = false;
    std::set<int32_t> tasks;
    bool may_start = false;        // else what does not run stays so
    bool may_start_tasks = false;
  };

  LocalWork(const HerderServices& services, const HerderSteps& steps,
            const ConfigSnapshot& snapshot, LocalWorkListener& listener)
      : services_(services), steps_(steps), snapshot_(snapshot), listener_(listener) {}

  /// Starts what is missing, stops what is not wanted or runs with an outdated configuration, and
  /// changes target states. Tasks to stop are added to `stops`, so that many stop together.
  void align(const std::string& connector, const Wanted& wanted,
             std::vector<ConnectorTaskId>& stops);
  void stop_tasks(const std::vector<ConnectorTaskId>& ids);
  void stop_all();
  /// Once everything asked to stop has stopped; at once when there is nothing.
  void when_stopped(std::function<void()> then);
  bool stopping() const noexcept { return stopping_ > 0; }

  /// The configurations were written again: a restart, even if they are the same.
  void outdate_connector(const std::string& connector);
  void outdate_tasks(const std::string& connector);
  /// Stops it; align() starts it again and `done` hears of that. `stopped` is called in between.
  void restart(const std::string& connector, std::function<void()> stopped, Callback<Done> done);
  void restart(const ConnectorTaskId& id, std::function<void()> stopped, Callback<Done> done);
  /// The same for many, which stop together; nobody waits.
  void restart_tasks(const std::vector<ConnectorTaskId>& ids,
                     const std::function<void(const ConnectorTaskId&)>& stopped);
  /// What it waited for will not be started here.
  void give_up_restarts(const std::string& connector, const std::exception_ptr& error);

  bool has(const std::string& connector) const;
  bool has(const ConnectorTaskId& id) const;
  /// Started, and not asked to stop since.
  bool runs(const std::string& connector) const;
  bool runs(const ConnectorTaskId& id) const;
  /// Connectors of which anything is here.
  std::vector<std::string> names() const;
  std::vector<ConnectorTaskId> tasks() const;

 private:
  enum class Phase : uint8_t { Resolving, Starting, Running, Stopping };
  struct Item {
    Phase phase = Phase::Resolving;
    uint64_t epoch = 0;  // tells late answers from those of this start
    size_t hash = 0;     // of the configuration it was started with
    TargetState target = TargetState::Started;
    bool outdated = false;
    std::function<void()> stopped;
  };
  struct Local {
    std::optional<Item> connector;
    std::map<int32_t, Item> tasks;
    bool empty() const noexcept { return !connector && tasks.empty(); }
  };
  using Waiters = std::vector<Callback<Done>>;

  void start(const std::string& name);
  void start(const ConnectorTaskId& id);
  void launch(const std::string& name, uint64_t epoch, Outcome<std::vector<Properties>> resolved);
  void launch(const ConnectorTaskId& id, uint64_t epoch,
              Outcome<std::vector<Properties>> resolved);
  void stop(const std::string& name);
  void stopped(const std::string& name, uint64_t epoch);
  void stopped(const ConnectorTaskId& id, uint64_t epoch);
  void align_target(const std::string& name, Local& local);
  void stop_ended();

  const Properties& config_of_tasks(const std::string& name) const;
  size_t wanted_hash(const std::string& name) const;
  size_t wanted_hash(const ConnectorTaskId& id) const;
  Item* find(const std::string& name);
  Item* find(const ConnectorTaskId& id);
  void erase(const std::string& name);
  void erase(const ConnectorTaskId& id);

  const HerderServices& services_;
  const HerderSteps& steps_;
  const ConfigSnapshot& snapshot_;
  LocalWorkListener& listener_;
  std::map<std::string, Local> local_;
  // Restarts that wait for the next start; a connector is its task -1.
  std::map<ConnectorTaskId, Waiters> waiters_;
  std::vector<std::function<void()>> when_stopped_;
  size_t stopping_ = 0;
  uint64_t epochs_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace millrace

#pragma once
// Observed and desired state of connectors and tasks (two types on purpose).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/ids.h"

namespace millrace {

/// What the user wants (TargetState).
enum class TargetState : uint8_t { Started, Paused, Stopped };
std::string_view target_state_name(TargetState state) noexcept;  // STARTED, PAUSED, STOPPED

/// What is (AbstractStatus.State).
enum class State : uint8_t { Unassigned, Running, Paused, Failed, Destroyed, Restarting, Stopped };
std::string_view state_name(State state) noexcept;  // UNASSIGNED, RUNNING, ...

/// Status of a connector or a task. Immutable once published.
struct Status {
  State state = State::Unassigned;
  std::string worker_id;  // host:port of the advertised URL
  std::string trace;      // empty unless Failed
  std::string version;    // of the plugin; empty when unknown
  int32_t generation = 0;
};

/// Latest status of everything, in memory. Control thread only.
class MemoryStatusStore {
 public:
  void put_connector(const std::string& name, Status status);
  void put_task(const ConnectorTaskId& id, Status status);
  const Status* connector(const std::string& name) const;
  const Status* task(const ConnectorTaskId& id) const;
  /// Statuses of the connector's tasks by number.
  std::map<int32_t, Status> tasks(const std::string& name) const;
  void remove_connector(const std::string& name);
  void remove_task(const ConnectorTaskId& id);

 private:
  std::map<std::string, Status, std::less<>> connectors_;
  std::map<ConnectorTaskId, Status> tasks_;
};

}  // namespace millrace

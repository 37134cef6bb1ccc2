#include "runtime/storage/status.h"

namespace millrace {

std::string_view target_state_name(TargetState state) noexcept {
  static constexpr std::string_view kNames[] = {"STARTED", "PAUSED", "STOPPED"};
  return kNames[static_cast<size_t>(state)];
}

std::string_view state_name(State state) noexcept {
  static constexpr std::string_view kNames[] = {"UNASSIGNED", "RUNNING",    "PAUSED", "FAILED",
                                                "DESTROYED",  "RESTARTING", "STOPPED"};
  return kNames[static_cast<size_t>(state)];
}

void MemoryStatusStore::put_connector(const std::string& name, Status status) {
  connectors_.insert_or_assign(name, std::move(status));
}

void MemoryStatusStore::put_task(const ConnectorTaskId& id, Status status) {
  tasks_.insert_or_assign(id, std::move(status));
}

const Status* MemoryStatusStore::connector(const std::string& name) const {
  const auto at = connectors_.find(name);
  return at == connectors_.end() ? nullptr : &at->second;
}

const Status* MemoryStatusStore::task(const ConnectorTaskId& id) const {
  const auto at = tasks_.find(id);
  return at == tasks_.end() ? nullptr : &at->second;
}

std::map<int32_t, Status> MemoryStatusStore::tasks(const std::string& name) const {
  std::map<int32_t, Status> result;
  for (auto at = tasks_.lower_bound({name, 0}); at != tasks_.end() && at->first.connector == name;
       ++at) {
    result.emplace(at->first.task, at->second);
  }
  return result;
}

void MemoryStatusStore::remove_connector(const std::string& name) {
  connectors_.erase(name);
  std::erase_if(tasks_, [&name](const auto& entry) { return entry.first.connector == name; });
}

void MemoryStatusStore::remove_task(const ConnectorTaskId& id) { tasks_.erase(id); }

}  // namespace millrace

#include "runtime/storage/config_snapshot.h"

namespace millrace {

std::vector<ConnectorTaskId> ConfigSnapshot::task_ids(const std::string& connector) const {
  std::vector<ConnectorTaskId> ids;
  const auto count = task_counts.find(connector);
  if (count == task_counts.end() || inconsistent.contains(connector)) return ids;
  for (int32_t task = 0; task < count->second; ++task) ids.push_back({connector, task});
  return ids;
}

const Properties* ConfigSnapshot::task(const ConnectorTaskId& id) const {
  const auto at = tasks.find(id);
  return at == tasks.end() ? nullptr : &at->second;
}

TargetState ConfigSnapshot::target(const std::string& connector) const {
  const auto at = targets.find(connector);
  return at == targets.end() ? TargetState::Started : at->second;
}

}  // namespace millrace

#pragma once
// What the config topic says at one point (ClusterConfigState, connect-cluster.md §1.3).

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "millrace/ids.h"
#include "millrace/properties.h"
#include "runtime/storage/status.h"

namespace millrace {

/// Key that signs requests between workers. Never shown or logged.
struct SessionKey {
  std::string key;  // raw bytes
  std::string algorithm;
  int64_t created_ms = 0;  // since the epoch

  bool operator==(const SessionKey&) const = default;
};

/// Configurations keep their variables.
struct ConfigSnapshot {
  static constexpr int64_t kNothingRead = -1;

  /// Offset after the last record that could be parsed: the number workers compare.
  int64_t offset = kNothingRead;
  std::optional<SessionKey> session_key;
  std::map<std::string, Properties> connectors;
  std::map<std::string, TargetState> targets;
  std::map<std::string, int32_t> task_counts;
  std::map<ConnectorTaskId, Properties> tasks;         // may hold ids behind the count
  std::map<std::string, Properties> applied;           // configuration the tasks were made from
  std::map<std::string, int32_t> task_generations;
  std::map<std::string, int32_t> task_count_records;   // as last fenced
  std::set<std::string> pending_fencing;
  std::set<std::string> inconsistent;                  // commits whose task records are missing
  std::set<std::string> uncommitted;                   // task records newer than their commit

  bool contains(const std::string& connector) const { return connectors.contains(connector); }
  /// Ids 0 to count - 1; none for an inconsistent connector.
  std::vector<ConnectorTaskId> task_ids(const std::string& connector) const;
  /// Null when there is none.
  const Properties* task(const ConnectorTaskId& id) const;
  /// Started when nothing is known.
  TargetState target(const std::string& connector) const;
};

}  // namespace millrace

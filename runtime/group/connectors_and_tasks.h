#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "millrace/ids.h"
#include "runtime/group/linked_set.h"

namespace millrace::group {

using Connectors = LinkedSet<std::string>;
using Tasks = LinkedSet<ConnectorTaskId>;

/// What can be assigned: connector instances and tasks, balanced apart from each other.
struct ConnectorsAndTasks {
  Connectors connectors;
  Tasks tasks;

  bool empty() const noexcept { return connectors.empty() && tasks.empty(); }
  void add_all(const ConnectorsAndTasks& other);
  void remove_all(const ConnectorsAndTasks& other);
  /// True when at least one item is in both.
  bool overlaps(const ConnectorsAndTasks& other) const;
};

/// What a member holds. A round keeps members in the order in which a HashMap of their ids
/// iterates.
struct WorkerLoad {
  std::string member;
  ConnectorsAndTasks work;
};
using WorkerLoads = std::vector<WorkerLoad>;
using WorkByMember = std::map<std::string, ConnectorsAndTasks>;

/// `base` without all of `subtracted`, sorted.
ConnectorsAndTasks difference(const ConnectorsAndTasks& base,
                              std::initializer_list<const ConnectorsAndTasks*> subtracted);
/// What of `held` is in `wanted`, in the order of a HashSet made of all that is held.
ConnectorsAndTasks intersection(const ConnectorsAndTasks& held, const ConnectorsAndTasks& wanted);
/// All that any of `workers` holds.
ConnectorsAndTasks union_of(const WorkerLoads& workers);
/// What more than one of `workers` holds.
ConnectorsAndTasks duplicates_of(const WorkerLoads& workers);

}  // namespace millrace::group

#include "runtime/group/eager_assignor.h"

#include <set>

namespace millrace::group {

Plan plan_eagerly(const WorkerLoads& members, const ConnectorsAndTasks& configured) {
  std::set<std::string, JavaLess> ids;
  for (const WorkerLoad& load : members) ids.insert(load.member);
  Plan plan;
  auto next = ids.begin();
  const auto turn = [&]() -> ConnectorsAndTasks& {
    if (next == ids.end()) next = ids.begin();
    return plan.owned[*next++];
  };
  for (const std::string& connector : configured.connectors.sorted())
    turn().connectors.add(connector);
  for (const ConnectorTaskId& task : configured.tasks.sorted()) turn().tasks.add(task);
  plan.assigned = plan.owned;
  return plan;
}

}  // namespace millrace::group

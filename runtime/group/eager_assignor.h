#pragma once

#include "runtime/group/plan.h"

namespace millrace::group {

/// Deals out everything in turn, whatever the members held before: connectors by name, then tasks.
Plan plan_eagerly(const WorkerLoads& members, const ConnectorsAndTasks& configured);

}  // namespace millrace::group

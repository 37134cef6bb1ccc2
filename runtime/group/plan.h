#pragma once

#include <cstdint>

#include "runtime/group/connectors_and_tasks.h"

namespace millrace::group {

/// Outcome of a round, by member id.
struct Plan {
  WorkByMember assigned;  // to start
  WorkByMember revoked;   // to stop, then rejoin
  WorkByMember owned;     // all that a member runs once it has done both
  int32_t delay_ms = 0;
};

}  // namespace millrace::group

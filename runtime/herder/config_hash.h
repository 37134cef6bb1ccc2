#pragma once
// A short name for the configuration a task runs with, fit to be shown in metrics.

#include <string>

#include "millrace/config_def.h"
#include "millrace/properties.h"

namespace millrace {

/// 16 hexadecimal digits; equal for equal configurations, on every worker and after every restart.
/// `connector` and `task` are the stored ones, whose variables are not resolved. Values of keys
/// that are passwords by `definition` (null: unknown) or by their names are left out, so that
/// nobody can find them by trying: a changed password does not change the hash.
std::string task_config_hash(const Properties& connector, const Properties& task,
                             const ConfigDefinition* definition);

}  // namespace millrace

#pragma once
// `millrace describe`: what can be configured, from the same rows that parse it.

#include <string>
#include <vector>

namespace millrace {

inline constexpr const char* kDescribeUsage =
    "describe [--plugin-path PATH] [--json] [worker | CLASS]";

/// Prints to standard output: without a name all plugins, else the settings of the worker or of one
/// plugin class, as markdown or JSON. Returns the exit code.
int run_describe(const std::vector<std::string>& arguments);

}  // namespace millrace

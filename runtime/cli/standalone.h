#pragma once
// `connect-standalone`: one worker from its properties file and any number of connector files.

#include <string>
#include <vector>

namespace millrace {

/// Exit codes of Kafka's scripts (connect-configs.md §3).
enum ExitCode : int {
  kExitUsage = 1,
  kExitStartup = 2,
  kExitConnector = 3,
  kExitInterrupted = 130,
  kExitTerminated = 143,
};

/// `arguments` are the worker file and the connector files. Returns the exit code.
int run_standalone(const std::vector<std::string>& arguments);

}  // namespace millrace

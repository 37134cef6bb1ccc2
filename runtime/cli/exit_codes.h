#pragma once

namespace millrace {

/// Exit codes of Kafka's scripts (connect-configs.md §3).
enum ExitCode : int {
  kExitUsage = 1,
  kExitHerder = 1,
  kExitStartup = 2,
  kExitConnector = 3,
  kExitInterrupted = 130,
  kExitTerminated = 143,
};

}  // namespace millrace

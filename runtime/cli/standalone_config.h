#pragma once
// The whole configuration of a standalone worker: the rows of its parts, in the order in which Kafka
// checks them, and what is logged when a file is loaded (connect-configs.md §4).

#include "millrace/config_def.h"
#include "runtime/rest/rest_config.h"
#include "runtime/worker/worker_config.h"

namespace millrace {

/// A standalone worker's configuration.
struct StandaloneConfig {
  WorkerOptions worker;
  rest::RestConfig rest;
  StandaloneOptions standalone;
  Properties originals;  // as given, untrimmed; what clients and converters receive

  /// All keys, in the order in which they are checked.
  static const ConfigDefinition& definition();
  /// `properties` have their variables resolved. Throws ConfigException for the first bad key.
  /// Logs the values (secrets hidden) and suggestions for keys that look misspelt.
  static StandaloneConfig load(const Properties& properties);
};

}  // namespace millrace

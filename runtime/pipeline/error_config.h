#pragma once
// The settings `errors.*` that every connector has (connect-configs.md §9.1).

#include <cstdint>
#include <string>

#include "millrace/config_def.h"
#include "millrace/properties.h"

namespace millrace {

struct ErrorHandlingConfig {
  int64_t retry_timeout_ms = 0;  // -1: without end
  int64_t retry_delay_max_ms = 60'000;
  std::string tolerance = "none";
  bool log_enable = false;
  bool log_include_messages = false;

  /// The rows of these keys, for parsing here and for REST answers. Static storage.
  static const ConfigDefinition& definition();
  /// Throws ConfigException.
  static ErrorHandlingConfig parse(const Properties& connector);
  bool tolerates_all() const noexcept { return tolerance == "all"; }
};

}  // namespace millrace

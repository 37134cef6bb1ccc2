#pragma once
// The logger of the standalone herder.

#include "runtime/metrics/log.h"

namespace millrace {

inline spdlog::logger& herder_logger() {
  static auto& instance =
      logging::get("org.apache.kafka.connect.runtime.standalone.StandaloneHerder");
  return instance;
}

}  // namespace millrace

#pragma once
// Settings of the embedded log, `embedded.log.*` in the worker file.

#include <cstdint>
#include <string>

#include "millrace/config_def.h"

namespace millrace::embedded {

struct EmbeddedOptions {
  std::string dir;
  int32_t partitions = 1;
  int64_t retention_ms = -1;
  int64_t retention_bytes = -1;
  int64_t retention_check_interval_ms = 60'000;
  int64_t append_timeout_ms = 120'000;
  int64_t memory_bytes = 32 * 1024 * 1024;
  int64_t queue_bytes = 32 * 1024 * 1024;

  static const ConfigDef<EmbeddedOptions>& def();
};

}  // namespace millrace::embedded

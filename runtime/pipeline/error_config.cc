#include "runtime/pipeline/error_config.h"

namespace millrace {
namespace {

constexpr const char* kGroup = "Error Handling";

using Config = ErrorHandlingConfig;

const ConfigDef<Config>& rows() {
  static const auto def =
      ConfigDef<Config>{}
          .optional(&Config::retry_timeout_ms,
                    {.name = "errors.retry.timeout",
                     .doc = "Longest time to retry a failed operation, in milliseconds; -1 has no "
                            "limit.",
                     .group = kGroup,
                     .order = 1,
                     .width = Width::Medium,
                     .display_name = "Retry Timeout for Errors"})
          .optional(&Config::retry_delay_max_ms,
                    {.name = "errors.retry.delay.max.ms",
                     .doc = "Longest wait between retries, in milliseconds.",
                     .group = kGroup,
                     .order = 2,
                     .width = Width::Medium,
                     .display_name = "Maximum Delay Between Retries for Errors"})
          .optional(&Config::tolerance,
                    {.name = "errors.tolerance",
                     .doc = "Whether a bad record fails the task (none) or is skipped (all).",
                     .validator = one_of({"none", "all"}),
                     .group = kGroup,
                     .order = 3,
                     .width = Width::Short,
                     .display_name = "Error Tolerance"})
          .optional(&Config::log_enable, {.name = "errors.log.enable",
                                          .doc = "Whether each failed record is logged.",
                                          .group = kGroup,
                                          .order = 4,
                                          .width = Width::Short,
                                          .display_name = "Log Errors"})
          .optional(&Config::log_include_messages,
                    {.name = "errors.log.include.messages",
                     .doc = "Whether that log line shows the record: from a source all of it, from "
                            "a sink its topic, partition and offset.",
                     .group = kGroup,
                     .order = 5,
                     .width = Width::Short,
                     .display_name = "Log Error Details"});
  return def;
}

}  // namespace

const ConfigDefinition& ErrorHandlingConfig::definition() {
  return rows().definition();
}

ErrorHandlingConfig ErrorHandlingConfig::parse(const Properties& connector) {
  return rows().parse(connector);
}

}  // namespace millrace

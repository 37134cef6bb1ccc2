#include "runtime/broker/embedded/embedded_options.h"

namespace millrace::embedded {

const ConfigDef<EmbeddedOptions>& EmbeddedOptions::def() {
  using O = EmbeddedOptions;
  constexpr int64_t kMebibyte = 1024 * 1024;
  static const auto def =
      ConfigDef<O>{}
          .required(&O::dir, {.name = "embedded.log.dir",
                              .importance = Importance::High,
                              .doc = "Folder of the log; one worker at a time may use it.",
                              .validator = non_empty_string()})
          .optional(&O::partitions, {.name = "embedded.log.partitions",
                                     .importance = Importance::Low,
                                     .doc = "Partitions of topics that are created on first use.",
                                     .validator = between(1, 10'000)})
          .optional(&O::retention_ms, {.name = "embedded.log.retention.ms",
                                       .importance = Importance::Low,
                                       .doc = "Age at which records go; -1: never.",
                                       .validator = at_least(-1)})
          .optional(&O::retention_bytes, {.name = "embedded.log.retention.bytes",
                                          .importance = Importance::Low,
                                          .doc = "Size of a partition above which its oldest "
                                                 "records go; -1: no limit.",
                                          .validator = at_least(-1)})
          .optional(&O::retention_check_interval_ms,
                    {.name = "embedded.log.retention.check.interval.ms",
                     .importance = Importance::Low,
                     .doc = "Interval between looks for records to remove.",
                     .validator = at_least(1)})
          .optional(&O::append_timeout_ms,
                    {.name = "embedded.log.append.timeout.ms",
                     .importance = Importance::Low,
                     .doc = "How long an append that fails, e.g. on a full disk, is tried again.",
                     .validator = at_least(0)})
          .optional(&O::memory_bytes, {.name = "embedded.log.memory.bytes",
                                       .importance = Importance::Low,
                                       .doc = "Memory for write buffers and cache.",
                                       .validator = at_least(4 * kMebibyte)})
          .optional(&O::queue_bytes, {.name = "embedded.log.queue.bytes",
                                      .importance = Importance::Low,
                                      .doc = "Most bytes of records that wait to be appended.",
                                      .validator = at_least(kMebibyte)});
  return def;
}

}  // namespace millrace::embedded

#include "runtime/broker/embedded/embedded_options.h"

#include <limits>

namespace millrace::embedded {
namespace {

constexpr int64_t kMaxInt = std::numeric_limits<int32_t>::max();

/// -1 or more, or not set.
ConfigValidator limit_or_unset() {
  ConfigValidator validator = at_least(-1);
  validator.check = [inner = validator.check](const ConfigValue& value) {
    return std::holds_alternative<std::monostate>(value) ? std::string() : inner(value);
  };
  return validator;
}

}  // namespace

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
                                     .validator = between(1, kMaxPartitions)})
          .optional(&O::retention_ms, {.name = "embedded.log.retention.ms",
                                       .importance = Importance::Low,
                                       .doc = "Age at which records go; -1: never.",
                                       .validator = at_least(-1)})
          .optional(&O::retention_bytes, {.name = "embedded.log.retention.bytes",
                                          .importance = Importance::Low,
                                          .doc = "Size of a partition; its oldest records go while "
                                                 "at least so much stays. -1: no limit.",
                                          .validator = at_least(-1)})
          .optional(&O::retention_check_interval_ms,
                    {.name = "embedded.log.retention.check.interval.ms",
                     .importance = Importance::Low,
                     .doc = "Interval between looks for records to remove.",
                     .validator = between(1, kMaxInt)})
          .optional(&O::append_timeout_ms,
                    {.name = "embedded.log.append.timeout.ms",
                     .importance = Importance::Low,
                     .doc = "How long an append that fails, e.g. on a full disk, is tried again.",
                     .validator = between(0, kMaxInt)})
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

const ConfigDef<EmbeddedTopicOptions>& EmbeddedTopicOptions::def() {
  using O = EmbeddedTopicOptions;
  static const auto def =
      ConfigDef<O>{}
          .optional(&O::retention_ms, {.name = "retention.ms",
                                       .doc = "Age at which records go; -1: never.",
                                       .validator = limit_or_unset()})
          .optional(&O::retention_bytes, {.name = "retention.bytes",
                                          .doc = "Size of a partition; -1: no limit.",
                                          .validator = limit_or_unset()})
          .optional(
              &O::cleanup_policy,
              {.name = "cleanup.policy",
               .doc = "With compact alone, nothing is removed.",
               .validator = one_of({"compact", "delete", "compact,delete", "delete,compact"})});
  return def;
}

const ConfigDef<EmbeddedProducerOptions>& EmbeddedProducerOptions::def() {
  using O = EmbeddedProducerOptions;
  static const auto def =
      ConfigDef<O>{}
          .optional(&O::max_request_size, {.name = "max.request.size",
                                           .doc = "Largest record in bytes.",
                                           .validator = at_least(0)})
          .optional(&O::ignore_keys, {.name = "partitioner.ignore.keys",
                                      .doc = "Keys do not choose the partition."});
  return def;
}

const ConfigDef<EmbeddedConsumerOptions>& EmbeddedConsumerOptions::def() {
  using O = EmbeddedConsumerOptions;
  static const auto def =
      ConfigDef<O>{}
          .required(&O::group_id, {.name = "group.id",
                                   .doc = "Consumer group.",
                                   .validator = non_empty_string_without_control_chars()})
          .optional(&O::reset_policy, {.name = "auto.offset.reset",
                                       .doc = "Where to read when there is no valid offset.",
                                       .validator = one_of({"earliest", "latest", "none"})})
          .optional(&O::max_poll_interval_ms,
                    {.name = "max.poll.interval.ms",
                     .doc = "Silence after which a member is passed over.",
                     .validator = at_least(1)});
  return def;
}

}  // namespace millrace::embedded

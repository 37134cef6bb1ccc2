#pragma once
// The layers of client settings, in Java names: what Connect forces first, then worker prefix, then
// connector override (connect-tasks.md §1, connect-configs.md §5). Only `bootstrap.servers` comes
// to producers and consumers without a prefix; security is not inherited, as in Kafka.

#include <string>
#include <utility>
#include <vector>

#include "millrace/ids.h"
#include "millrace/properties.h"

namespace millrace {

Properties source_producer_config(const Properties& worker, const ConnectorTaskId& id,
                                  const Properties& connector);
/// Writes a sink's dead letters; `producer.override.` applies.
Properties dlq_producer_config(const Properties& worker, const ConnectorTaskId& id,
                               const Properties& connector);
Properties sink_consumer_config(const Properties& worker, const ConnectorTaskId& id,
                                const Properties& connector);
/// Clients of the worker itself: all unprefixed settings.
Properties worker_admin_config(const Properties& worker);
/// Creates the topics of a source task: unprefixed, then `admin.`, then `admin.override.`.
Properties task_admin_config(const Properties& worker, const ConnectorTaskId& id,
                             const Properties& connector);
/// Creates a sink's dead letter topic.
Properties dlq_admin_config(const Properties& worker, const ConnectorTaskId& id,
                            const Properties& connector);
/// Offsets of sinks over REST: unprefixed, then `admin.`, then `admin.override.`.
Properties connector_admin_config(const Properties& worker, const std::string& connector_name,
                                  const Properties& connector);
/// Consumer group of a sink: `connect-<name>` unless overridden.
std::string sink_group_id(const Properties& worker, const std::string& connector_name,
                          const Properties& connector);

/// Which clients a connector makes; overrides of others are not looked at.
struct OverrideUse {
  bool producer = false;
  bool consumer = false;
  bool admin = false;
};
/// Messages of the override policy (All, None, Principal; alias or class name) by full key. Throws
/// ConfigException for an unknown policy.
std::vector<std::pair<std::string, std::string>> check_overrides(const std::string& policy,
                                                                 const Properties& connector,
                                                                 OverrideUse use);

}  // namespace millrace

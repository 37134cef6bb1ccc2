#pragma once
// The three topics of a distributed worker, and offset topics of single connectors: their settings
// and clients, from the worker's file (connect-cluster.md §1.1, connect-configs.md §4.2).

#include <memory>
#include <string>

#include "millrace/config_def.h"
#include "millrace/ids.h"
#include "runtime/storage/broker_topic_log.h"

namespace millrace {

/// The rows of the three topics.
struct InternalTopicOptions {
  std::string offset_topic;
  int32_t offset_partitions = 25;
  int16_t offset_replication_factor = 3;
  std::string config_topic;
  int16_t config_replication_factor = 3;
  std::string status_topic;
  int32_t status_partitions = 5;
  int16_t status_replication_factor = 3;

  static const ConfigDef<InternalTopicOptions>& def();
};

enum class InternalTopicKind { Config, Offset, Status };

/// Settings behind `<x>.storage.` are those of a new topic; logs what is passed over. Throws
/// ConfigException for the first bad row.
InternalTopic internal_topic(const Properties& worker, InternalTopicKind kind);

/// `client.id` of an internal client: the group's name, the worker's own where it has one, and
/// `suffix`.
std::string internal_client_id(const Properties& worker, const std::string& suffix);
/// All unprefixed settings of the worker with what Connect forces on them. Other than in Java the
/// producer of the status topic tries again by itself, and sends what is ready without waiting for
/// more unless `linger.ms` is set.
BrokerTopicLog::Clients internal_clients(const Properties& worker, InternalTopicKind kind);
/// Settings of the admin client that all three share.
Properties internal_admin_config(const Properties& worker);
InternalTopicLimits internal_topic_limits(const Properties& worker);

/// The logs of the three topics. One consumer reads those whose consumers have the same settings,
/// one producer writes the configurations and statuses. That of the offsets is its own, since
/// giving up its writes makes a producer drop everything.
struct InternalLogs {
  std::unique_ptr<BrokerTopicLog> config;
  std::unique_ptr<BrokerTopicLog> status;
  std::unique_ptr<BrokerTopicLog> offset;
};
/// Blocks for nothing. Throws ConfigException for a bad setting of a topic; `admin` was made of
/// internal_admin_config().
InternalLogs make_internal_logs(Executor& control, Broker& broker,
                                const std::shared_ptr<BrokerAdmin>& admin,
                                const Properties& worker);

/// `offsets.storage.topic` of a source connector; empty when it is not set, or is the worker's own
/// topic on the worker's brokers, so that the worker's store is the only one.
std::string connector_offsets_topic(const Properties& worker, const ConnectorTaskId& id,
                                    const Properties& connector);
/// The log of such a topic, with clients and their settings as the connector's own.
std::unique_ptr<BrokerTopicLog> make_connector_offsets_log(Executor& control, Broker& broker,
                                                           const Properties& worker,
                                                           const ConnectorTaskId& id,
                                                           const Properties& connector);

}  // namespace millrace

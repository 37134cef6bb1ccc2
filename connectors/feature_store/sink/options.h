#pragma once
// Configuration of the feature-store sink (feature-store-sink.md §15), and what the worker reads of it.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "connectors/feature_store/metadata/catalog_source.h"
#include "connectors/feature_store/metadata/schema_source.h"
#include "connectors/feature_store/mysql/mysql_store.h"
#include "connectors/feature_store/redis/redis_store.h"
#include "connectors/feature_store/rocksdb/database.h"
#include "connectors/feature_store/serving/server.h"
#include "connectors/feature_store/sink/batch_collector.h"
#include "connectors/feature_store/sink/option_rows.h"
#include "millrace/config_def.h"

namespace millrace::feature_store {

struct SinkOptions {
  std::string connector = {};  // its name
  std::string group_id = {};   // of its consumers, but for a replica's suffix
  uint32_t batch_size = 1'000;
  int32_t max_retries = 3;
  std::chrono::milliseconds retry_backoff{5'000};
  std::string notification_topic = {};              // empty: none
  CollectorOptions collector = {};
  CatalogOptions catalog = {};
  SchemaOptions schemas = {};
  std::string store_type = "rocksdb";  // redis, mysql
  std::string placement = "single";    // replica
  std::string initial_position = "fail";  // group, earliest, latest
  std::string out_of_range = "fail";      // earliest
  std::string auto_offset_reset = "earliest";  // latest
  RocksOptions rocks = {};
  RedisOptions redis = {};  // without what only the task knows: cluster_id, feast_view
  MysqlOptions mysql = {};
  ServingOptions serving = {};
  std::string offline_connector = {};
  bool tolerates_errors = false;  // errors.tolerance=all

  static const ConfigDef<OptionRows>& def() { return OptionRows::def(); }
  /// Throws ConfigException on the first thing that is wrong with the keys. Reads no file that must be there.
  static SinkOptions parse(const Properties& config);
};

/// Adds what is wrong beyond single keys. Reads the file of Kafka settings.
void check_config(const Properties& config, ConfigErrors& errors);

/// SinkConnector::resolved: `topics` of `topic_list` or the default pattern, the clients' settings of file and
/// data source as overrides where the configuration has none itself, the consumer group, converters that leave
/// bytes alone. `replica_id` is asked for the id of the store of a replica, which ends the group's name. Throws
/// ConfigException.
Properties resolve_config(const Properties& config,
                          const std::function<std::string(const RocksOptions&)>& replica_id = {});

/// Logs what deserves a look, one warning for each kind: keys that are not known, the worker's cluster in place of
/// a data source, lookups that anybody may ask. Called once for each start of a connector.
void warn_of_settings(const Properties& config);
/// The first of these warnings; empty: all keys are known. Names keys, never values.
std::string unknown_keys(const Properties& config);

}  // namespace millrace::feature_store

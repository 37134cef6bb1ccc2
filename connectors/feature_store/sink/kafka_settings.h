#pragma once
// Which Kafka cluster the sink reads, and how it logs in there (feature-store-sink.md §15): a file as Hopsworks'
// service has it, a data source, or the worker's own settings.

#include <string>
#include <vector>

#include "connectors/feature_store/sink/option_rows.h"
#include "millrace/properties.h"

namespace millrace::feature_store {

struct KafkaSettings {
  Properties client = {};       // in names of Java's clients; empty: the worker's own count
  bool external_kafka = false;  // another cluster than the worker's
  /// What deserves a look; names of keys and files, never values.
  std::vector<std::string> warnings = {};
};

/// A file that names `bootstrap.servers` counts alone; one that does not adds to the data source or the worker's
/// settings. Throws ConfigException for a file that cannot be read and a data source that cannot be used.
KafkaSettings read_kafka_settings(const Properties& config, const OptionRows& rows);

/// Puts the settings into `config` as overrides of the worker's clients, where it has none itself: security and
/// connections for all of them, the rest for the consumer.
void add_client_overrides(Properties& config, const Properties& client);

}  // namespace millrace::feature_store

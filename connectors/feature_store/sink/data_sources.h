#pragma once
// Data sources with the Kafka cluster of a team (feature-store-sink.md §15).

#include <optional>
#include <string>
#include <vector>

#include "millrace/properties.h"

namespace millrace::feature_store {

inline constexpr const char* kDataSourcePrefix = "kafka.data.sources.";

struct DataSource {
  Properties client = {};   // in names of Java's clients
  bool external = true;     // externalKafka; false: it says that the worker's own cluster is meant
  std::vector<std::string> unknown = {};  // fields without a meaning
};

/// The one that `config` has under `kafka.data.sources.<name>`: keys behind that, as JSON in it or in a file.
/// nullopt: none. Throws ConfigException for one of another type than KAFKA, or that cannot be read.
std::optional<DataSource> find_data_source(const Properties& config, const std::string& name);

}  // namespace millrace::feature_store

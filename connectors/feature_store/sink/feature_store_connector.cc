#include "connectors/feature_store/sink/feature_store_connector.h"

#include <fmt/format.h>

#include "connectors/feature_store/sink/feature_store_task.h"
#include "connectors/feature_store/sink/open_target.h"
#include "millrace/errors.h"
#include "millrace/log.h"

namespace millrace::feature_store {
namespace {

constexpr std::string_view kLogger = "millrace.feature_store.FeatureStoreConnector";

/// The embedded store of one worker is one task's: rows of another worker's task would be elsewhere.
bool is_pinned(const SinkOptions& options) {
  return options.store_type == "rocksdb" && options.placement == "single";
}

}  // namespace

const ConfigDefinition& FeatureStoreConnector::definition() { return SinkOptions::def().definition(); }

void FeatureStoreConnector::start(const Properties& config, ConnectorContext&) {
  config_ = config;
  warn_of_settings(config);
}

std::vector<Properties> FeatureStoreConnector::task_configs(int32_t tasks_max) {
  const bool one = tasks_max > 1 && is_pinned(SinkOptions::parse(config_));
  if (one) {
    log(LogLevel::Info, kLogger, fmt::format("One task instead of tasks.max={}: store.placement=single keeps "
                                             "all rows on one worker",
                                             tasks_max));
  }
  return std::vector<Properties>(one ? 1 : static_cast<size_t>(tasks_max), config_);
}

// Lookups that a failed task has left running end with the connector.
void FeatureStoreConnector::stop() {
  if (const SinkOptions options = SinkOptions::parse(config_); options.store_type == "rocksdb") {
    StoreRuntime::release(options.rocks.path);
  }
}

void FeatureStoreConnector::validate(const Properties& config, ConfigErrors& errors) const {
  check_config(config, errors);
}

Properties FeatureStoreConnector::resolved(const Properties& config) const {
  return resolve_config(config, [](const RocksOptions& rocks) {
    try {
      return RocksDatabase::open(rocks)->id();
    } catch (const ConnectException& error) {
      throw ConfigException(std::string("store.path: ") + error.what());
    }
  });
}

std::optional<int32_t> FeatureStoreConnector::batch_rows(const Properties& config) const {
  return SinkOptions::def().parse(config).batch_size;
}

std::unique_ptr<SinkTask> FeatureStoreConnector::make_task() { return std::make_unique<FeatureStoreTask>(); }

bool FeatureStoreConnector::alter_offsets(const Properties& config,
                                          const std::map<TopicPartition, std::optional<Offset>>& offsets,
                                          RecordLog& log) {
  const SinkOptions options = SinkOptions::parse(config);
  const auto store = open_for_offsets(options, log.cluster_id());
  store->set_positions(offsets);
  store->flush();
  return true;
}

}  // namespace millrace::feature_store

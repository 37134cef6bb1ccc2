#include "connectors/lakehouse/sink/lakehouse_connector.h"

#include <chrono>

#include "connectors/lakehouse/sink/lakehouse_task.h"
#include "connectors/lakehouse/sink/table_setup.h"
#include "millrace/errors.h"
#include "millrace/log.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

constexpr std::string_view kLogger = "millrace.lakehouse.LakehouseConnector";
constexpr std::chrono::seconds kAlterLimit{60};

std::vector<std::string> table_names(const SinkOptions& options) {
  return options.tables.value_or(std::vector<std::string>());
}

}  // namespace

void LakehouseConnector::start(const Properties& config, ConnectorContext&) {
  require_valid(config);
  config_ = config;
  const std::vector<std::string> idle = meaningless_keys(config);
  if (idle.empty()) return;
  log(LogLevel::Warn, kLogger,
      "These settings have no meaning here, since offsets are kept in the tables, there is no control "
      "topic, and rows are only appended: " + join(idle, ", "));
}

std::vector<Properties> LakehouseConnector::task_configs(int32_t tasks_max) {
  return std::vector<Properties>(static_cast<size_t>(tasks_max), config_);
}

void LakehouseConnector::validate(const Properties& config, ConfigErrors& errors) const {
  check_config(config, errors);
}

std::unique_ptr<SinkTask> LakehouseConnector::make_task() { return std::make_unique<LakehouseTask>(); }

std::optional<OffsetMap> LakehouseConnector::offsets(const Properties& config, RecordLog& log) {
  const SinkOptions options = SinkOptions::parse(config);
  if (options.dynamic) return std::nullopt;
  const auto catalog = make_catalog(options.catalog_name, options.catalog);
  const std::string cluster = log.cluster_id();
  OffsetMap smallest;
  for (const std::string& name : table_names(options)) {
    const auto table = catalog->load(parse_table_name(name));
    if (!table) continue;
    const auto stored = read_positions(table->metadata, options.table(name).branch);
    for (const auto& [partition, offset] : stored.positions.of_cluster(cluster)) {
      const auto [at, is_new] = smallest.try_emplace(partition, offset);
      if (!is_new) at->second = std::min(at->second, offset);
    }
  }
  return smallest;
}

bool LakehouseConnector::alter_offsets(const Properties& config,
                                       const std::map<TopicPartition, std::optional<Offset>>& offsets,
                                       RecordLog& log) {
  const SinkOptions options = SinkOptions::parse(config);
  const auto catalog = make_catalog(options.catalog_name, options.catalog);
  const std::string* connector = find(config, "name");
  for (const std::string& name : table_names(options)) {
    TableSetup setup(catalog, options.catalog_key(), name, options);
    WrittenBatch batch;
    batch.cluster = log.cluster_id();
    batch.connector = connector != nullptr ? *connector : "";
    batch.schema = std::make_shared<TableSchema>(setup.load().metadata.current_schema());
    for (const auto& [partition, offset] : offsets) {
      batch.steps[partition] = {OffsetStep::kAny, offset ? raw(*offset) : -1};
    }
    if (batch.steps.empty()) continue;
    const auto outcome = setup.committer()->submit_and_wait(std::move(batch), kAlterLimit);
    if (!outcome) {
      throw TimeoutException("altering offsets in " + setup.name().to_string() + ": no answer");
    }
    if (outcome->fate != BatchFate::Committed) {
      throw ConnectException("altering offsets in " + name + ": " + outcome->reason);
    }
  }
  return true;
}

}  // namespace millrace::lakehouse

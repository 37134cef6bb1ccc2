#pragma once
// The lakehouse sink connector, under two names: its own, and that of Apache's Iceberg sink, whose
// configurations it runs.

#include "connectors/lakehouse/sink/options.h"
#include "millrace/connector.h"

namespace millrace::lakehouse {

class LakehouseConnector final : public SinkConnector {
 public:
  static const ConfigDefinition& definition() { return SinkOptions::def().definition(); }

  std::string_view version() const noexcept override { return kVersion; }
  std::string_view task_class() const noexcept override {
    return "org.apache.iceberg.connect.IcebergSinkTask";
  }
  const ConfigDefinition& config_def() const override { return definition(); }
  void start(const Properties& config, ConnectorContext& context) override;
  std::vector<Properties> task_configs(int32_t tasks_max) override;
  void validate(const Properties& config, ConfigErrors& errors) const override;
  std::unique_ptr<SinkTask> make_task() override;
  /// From the tables' metadata; the smallest where several tables have a partition. Of tables that records
  /// name: the consumer group's.
  std::optional<OffsetMap> offsets(const Properties& config, RecordLog& log) override;
  /// By an empty snapshot of each table, which fences tasks that are late. Of tables that
  /// records name only the consumer group's are moved.
  bool alter_offsets(const Properties& config,
                     const std::map<TopicPartition, std::optional<Offset>>& offsets,
                     RecordLog& log) override;

 private:
  Properties config_;
};

}  // namespace millrace::lakehouse

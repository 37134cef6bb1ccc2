#pragma once
// FileStreamSourceConnector and FileStreamSinkConnector (connect-data.md §6.1).

#include <memory>
#include <vector>

#include "connectors/file/file_options.h"
#include "millrace/connector.h"

namespace millrace::file {

class FileStreamSourceConnector final : public SourceConnector {
 public:
  static const ConfigDefinition& definition() { return SourceOptions::def().definition(); }
  std::string_view version() const noexcept override { return kVersion; }
  std::string_view task_class() const noexcept override {
    return "org.apache.kafka.connect.file.FileStreamSourceTask";
  }
  const ConfigDefinition& config_def() const override { return definition(); }
  void start(const Properties& config, ConnectorContext& context) override;
  /// One task always: a file is read by one reader.
  std::vector<Properties> task_configs(int32_t tasks_max) override;
  std::unique_ptr<SourceTask> make_task() override;
  bool alter_offsets(const Properties& config, std::span<const PartitionOffset> offsets) override;

 private:
  Properties config_;
};

class FileStreamSinkConnector final : public SinkConnector {
 public:
  static const ConfigDefinition& definition() { return SinkOptions::def().definition(); }
  std::string_view version() const noexcept override { return kVersion; }
  std::string_view task_class() const noexcept override {
    return "org.apache.kafka.connect.file.FileStreamSinkTask";
  }
  const ConfigDefinition& config_def() const override { return definition(); }
  void start(const Properties& config, ConnectorContext& context) override;
  std::vector<Properties> task_configs(int32_t tasks_max) override;
  std::unique_ptr<SinkTask> make_task() override;
  bool alter_offsets(const Properties&,
                     const std::map<TopicPartition, std::optional<Offset>>&) override {
    return true;  // the file holds no offsets
  }

 private:
  Properties config_;
};

}  // namespace millrace::file

#pragma once
// A sink that takes everything and keeps nothing.

#include "connectors/datagen/datagen_source.h"

namespace millrace::datagen {

class NullSinkTask final : public SinkTask {
 public:
  void start(const Properties&, SinkTaskContext&) override {}
  void put(RecordBatch&, std::stop_token) override {}
};

class NullSinkConnector final : public SinkConnector {
 public:
  static const ConfigDefinition& definition() {
    static const ConfigDefinition none;
    return none;
  }
  std::string_view version() const noexcept override { return kVersion; }
  std::string_view task_class() const noexcept override { return "org.millrace.NullSinkTask"; }
  const ConfigDefinition& config_def() const override { return definition(); }
  void start(const Properties& config, ConnectorContext&) override { config_ = config; }
  std::vector<Properties> task_configs(int32_t tasks_max) override {
    return std::vector<Properties>(static_cast<size_t>(tasks_max), config_);
  }
  std::unique_ptr<SinkTask> make_task() override { return std::make_unique<NullSinkTask>(); }
  bool alter_offsets(const Properties&,
                     const std::map<TopicPartition, std::optional<Offset>>&) override {
    return true;  // nothing is kept that could disagree
  }

 private:
  Properties config_;
};

}  // namespace millrace::datagen

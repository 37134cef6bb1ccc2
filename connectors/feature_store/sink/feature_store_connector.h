#pragma once

#include "connectors/feature_store/sink/options.h"
#include "millrace/connector.h"

namespace millrace::feature_store {

inline constexpr const char* kVersion = "0.1.0";

/// Topics of Hopsworks' clients into an online store.
class FeatureStoreConnector final : public SinkConnector {
 public:
  static const ConfigDefinition& definition();

  std::string_view version() const noexcept override { return kVersion; }
  std::string_view task_class() const noexcept override { return "org.millrace.FeatureStoreSinkTask"; }
  const ConfigDefinition& config_def() const override { return definition(); }
  void start(const Properties& config, ConnectorContext& context) override;
  std::vector<Properties> task_configs(int32_t tasks_max) override;
  void stop() override;
  void validate(const Properties& config, ConfigErrors& errors) const override;
  /// Of a replica it opens the store, whose id is part of the group's name.
  Properties resolved(const Properties& config) const override;
  std::optional<int32_t> batch_rows(const Properties& config) const override;
  std::unique_ptr<SinkTask> make_task() override;
  using SinkConnector::alter_offsets;
  bool alter_offsets(const Properties& config, const std::map<TopicPartition, std::optional<Offset>>& offsets,
                     RecordLog& log) override;

 private:
  Properties config_;
};

}  // namespace millrace::feature_store

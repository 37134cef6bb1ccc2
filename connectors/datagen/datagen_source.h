#pragma once
// A source of made-up records.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "connectors/datagen/field_spec.h"
#include "millrace/connector.h"

namespace millrace::datagen {

inline constexpr const char* kVersion = "1.0";

struct DatagenOptions {
  std::string topic;
  std::vector<std::string> fields = {"id:sequence", "value:string"};
  std::optional<std::string> key_field;
  int64_t records_max = -1;
  double records_per_second = 1000;
  int64_t seed = 0;
  int32_t first = 0;  // datagen.task.first: number of this task
  int32_t step = 1;   // datagen.task.step: number of tasks

  static const ConfigDef<DatagenOptions>& def();
};

class DatagenSourceTask final : public SourceTask {
 public:
  void start(const Properties& config, SourceTaskContext& context) override;
  void poll(RecordBatch& out, std::stop_token stop) override;

 private:
  using Clock = std::chrono::steady_clock;
  /// Records that may be given out by now, at most `limit`; waits for the first.
  uint32_t wait_for_turn(uint32_t limit, const std::stop_token& stop);
  void add_record(RecordBatch& out, int64_t now_ms);

  DatagenOptions options_;
  std::vector<FieldSpec> fields_;
  SchemaPtr schema_;
  std::optional<uint32_t> key_;
  int64_t next_ = 0;
  double interval_s_ = 0;  // between two records of this task; 0: none
  Clock::time_point started_;
  int64_t given_ = 0;  // records since started_
};

class DatagenSourceConnector final : public SourceConnector {
 public:
  static const ConfigDefinition& definition() { return DatagenOptions::def().definition(); }
  std::string_view version() const noexcept override { return kVersion; }
  std::string_view task_class() const noexcept override { return "org.millrace.DatagenSourceTask"; }
  const ConfigDefinition& config_def() const override { return definition(); }
  void validate(const Properties& config, ConfigErrors& errors) const override;
  void start(const Properties& config, ConnectorContext& context) override;
  std::vector<Properties> task_configs(int32_t tasks_max) override;
  std::unique_ptr<SourceTask> make_task() override;
  bool alter_offsets(const Properties& config, std::span<const PartitionOffset> offsets) override;

 private:
  Properties config_;
};

}  // namespace millrace::datagen

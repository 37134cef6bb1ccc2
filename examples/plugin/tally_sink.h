#pragma once
// A sink that adds numbers up, exactly once: the totals and the offsets they cover are replaced in
// one file, and after a crash the task goes on from the offsets in that file, not from the group's.

#include <millrace/connector.h>

#include <map>

namespace example {

struct TallyOptions {
  std::string file;
  static const millrace::ConfigDef<TallyOptions>& def();
};

class TallySinkTask final : public millrace::SinkTask {
 public:
  void start(const millrace::Properties& config, millrace::SinkTaskContext& context) override;
  void open(std::span<const millrace::TopicPartition> partitions) override;
  void put(millrace::RecordBatch& batch, std::stop_token stop) override;
  millrace::OffsetMap pre_commit(const millrace::OffsetMap& current) override;
  void close(std::span<const millrace::TopicPartition> partitions) override;

 private:
  struct Tally {
    int64_t records = 0;
    int64_t sum = 0;
    int64_t next = 0;  // offset behind the last record counted
  };
  std::string path(const millrace::TopicPartition& partition) const;
  std::optional<Tally> load(const millrace::TopicPartition& partition) const;
  void save(const millrace::TopicPartition& partition, const Tally& tally) const;

  TallyOptions options_;
  millrace::SinkTaskContext* context_ = nullptr;
  std::map<millrace::TopicPartition, Tally> tallies_;  // of the open partitions
};

class TallySinkConnector final : public millrace::SinkConnector {
 public:
  static const millrace::ConfigDefinition& definition() { return TallyOptions::def().definition(); }
  std::string_view version() const noexcept override { return "1.0"; }
  std::string_view task_class() const noexcept override { return "org.example.TallySinkTask"; }
  const millrace::ConfigDefinition& config_def() const override { return definition(); }
  void start(const millrace::Properties& config, millrace::ConnectorContext& context) override;
  std::vector<millrace::Properties> task_configs(int32_t tasks_max) override;
  std::unique_ptr<millrace::SinkTask> make_task() override;

 private:
  millrace::Properties config_;
};

}  // namespace example

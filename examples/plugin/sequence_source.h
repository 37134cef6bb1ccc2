#pragma once
// A source that counts: task t of n writes every n-th number below `count`, with the number's
// remainder by `keys` as the record's key.

#include <millrace/connector.h>

namespace example {

struct SequenceOptions {
  std::string topic;
  int64_t count = 1000;
  int32_t keys = 10;
  static const millrace::ConfigDef<SequenceOptions>& def();
};

/// What one task needs beside the connector's settings.
struct SequenceShare {
  int32_t first = 0;
  int32_t step = 1;
  static const millrace::ConfigDef<SequenceShare>& def();
};

class SequenceSourceTask final : public millrace::SourceTask {
 public:
  void start(const millrace::Properties& config, millrace::SourceTaskContext& context) override;
  void poll(millrace::RecordBatch& out, std::stop_token stop) override;

 private:
  SequenceOptions options_;
  SequenceShare share_;
  int64_t next_ = 0;
};

class SequenceSourceConnector final : public millrace::SourceConnector {
 public:
  static const millrace::ConfigDefinition& definition() {
    return SequenceOptions::def().definition();
  }
  std::string_view version() const noexcept override { return "1.0"; }
  std::string_view task_class() const noexcept override { return "org.example.SequenceSourceTask"; }
  const millrace::ConfigDefinition& config_def() const override { return definition(); }
  void start(const millrace::Properties& config, millrace::ConnectorContext& context) override;
  std::vector<millrace::Properties> task_configs(int32_t tasks_max) override;
  std::unique_ptr<millrace::SourceTask> make_task() override;

 private:
  millrace::Properties config_;
};

}  // namespace example

#pragma once
// The least a class must be to stand in a plugin table.

#include <memory>
#include <string>
#include <vector>

#include "millrace/plugin.h"

namespace test_plugin {

inline const millrace::ConfigDefinition& no_keys() {
  static const millrace::ConfigDefinition none;
  return none;
}

template <class Base>
class NoConnector : public Base {
 public:
  static const millrace::ConfigDefinition& definition() { return no_keys(); }
  std::string_view version() const noexcept override { return "1"; }
  std::string_view task_class() const noexcept override { return "test.Task"; }
  const millrace::ConfigDefinition& config_def() const override { return no_keys(); }
  void start(const millrace::Properties&, millrace::ConnectorContext&) override {}
  std::vector<millrace::Properties> task_configs(int32_t) override { return {}; }
};
class NoSource final : public NoConnector<millrace::SourceConnector> {
  std::unique_ptr<millrace::SourceTask> make_task() override { return nullptr; }
};
class NoSink final : public NoConnector<millrace::SinkConnector> {
  std::unique_ptr<millrace::SinkTask> make_task() override { return nullptr; }
};

class NoConverter final : public millrace::Converter {
 public:
  static const millrace::ConfigDefinition& definition() { return no_keys(); }
  void configure(const millrace::Properties&, millrace::Side) override {}
  void to_connect_data(millrace::RecordBatch&, const millrace::RowSet&, millrace::Side) override {}
  void from_connect_data(millrace::RecordBatch&, const millrace::RowSet&, millrace::Side) override {
  }
};
class NoHeaderConverter final : public millrace::HeaderConverter {
 public:
  static const millrace::ConfigDefinition& definition() { return no_keys(); }
  void configure(const millrace::Properties&) override {}
  void to_connect_headers(millrace::RecordBatch&, const millrace::RowSet&) override {}
  void from_connect_headers(millrace::RecordBatch&, const millrace::RowSet&) override {}
};
class NoTransformation final : public millrace::Transformation {
 public:
  static const millrace::ConfigDefinition& definition() { return no_keys(); }
  void configure(const millrace::Properties&) override {}
  void apply(millrace::RecordBatch&, const millrace::RowSet&) override {}
};

}  // namespace test_plugin

#pragma once
// Offsets of a connector over REST: list, alter, reset (connect-rest-api.md §3.8,
// connect-tasks.md §4.5).

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/worker/broker_record_log.h"
#include "runtime/worker/connector_offsets.h"

namespace millrace {

/// Blocks on broker and offset store: not for the control thread. Errors carry their status.
class OffsetOperations {
 public:
  OffsetOperations(WorkerServices& services, std::string name, const Properties& config)
      : services_(services), name_(std::move(name)), config_(config), clients_(config) {}

  std::vector<JsonPartitionOffset> list();
  /// `offsets` unset: reset all. Returns the message for the user.
  std::string alter(const std::optional<std::vector<JsonPartitionOffset>>& offsets);

 private:
  std::vector<JsonPartitionOffset> list_source();
  std::vector<JsonPartitionOffset> list_source(const ConnectorOffsets& offsets);
  std::vector<JsonPartitionOffset> list_sink(SinkConnector& connector);
  OffsetMap sink_offsets(SinkConnector& connector);
  bool alter_source(SourceConnector& connector,
                    const std::optional<std::vector<JsonPartitionOffset>>& offsets);
  bool alter_sink(SinkConnector& connector, const std::vector<JsonPartitionOffset>& offsets);
  bool reset_sink(SinkConnector& connector);
  /// Says what to do when `change` finds members in the group. `verb`: alter or reset.
  void in_empty_group(const std::string& verb, const std::function<void()>& change) const;
  void write_source_offsets(const ConnectorOffsets& offsets, OffsetEntries entries);
  std::unique_ptr<BrokerAdmin> make_admin();
  BrokerRecordLog record_log();
  std::string group() const;

  WorkerServices& services_;
  std::string name_;
  const Properties& config_;
  Properties clients_;  // what the settings of clients are read from: of a sink, resolved by it
};

}  // namespace millrace

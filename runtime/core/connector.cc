#include "millrace/connector.h"

#include "millrace/plugin.h"

namespace millrace {

std::string_view connector_type_name(ConnectorType type) noexcept {
  static constexpr std::string_view kNames[] = {"source", "sink", "unknown"};
  return kNames[static_cast<size_t>(type)];
}

std::string_view plugin_kind_name(PluginKind kind) noexcept {
  static constexpr std::string_view kNames[] = {"sink",      "source",    "transformation",
                                                "predicate", "converter", "header_converter"};
  return kNames[static_cast<size_t>(kind)];
}

// Connect's default: changing offsets from outside is not supported (KIP-875).
bool SourceConnector::alter_offsets(const Properties&, std::span<const PartitionOffset>) {
  throw UnsupportedException("the connector does not support external modification of offsets");
}

bool SinkConnector::alter_offsets(const Properties&,
                                  const std::map<TopicPartition, std::optional<Offset>>&) {
  throw UnsupportedException("the connector does not support external modification of offsets");
}

bool SinkConnector::alter_offsets(const Properties& config,
                                  const std::map<TopicPartition, std::optional<Offset>>& offsets,
                                  RecordLog&) {
  return alter_offsets(config, offsets);
}

std::optional<OffsetMap> SinkConnector::offsets(const Properties&, RecordLog&) {
  return std::nullopt;
}

RecordLog& SinkTaskContext::log() {
  throw UnsupportedException("this worker does not tell about the log");
}

OffsetMap SinkTaskContext::group_offsets() {
  throw UnsupportedException("this worker does not tell about the consumer group");
}

void SinkTaskContext::commit_now(const OffsetMap&) {
  throw UnsupportedException("this worker does not commit offsets at once");
}

bool SinkTaskContext::await_reported(int64_t) { return true; }

void SinkTaskContext::send(const RecordBatch&) {
  throw UnsupportedException("this worker does not write records of sink tasks");
}

std::optional<Offset> SinkTaskContext::known_end(const TopicPartition&) const {
  return std::nullopt;
}

}  // namespace millrace

#include "connectors/file/file_connectors.h"

#include "connectors/file/file_sink_task.h"
#include "connectors/file/file_source_task.h"
#include "millrace/errors.h"
#include "millrace/log.h"
#include "millrace/plugin.h"

namespace millrace::file {
namespace {

constexpr std::string_view kSourceLogger =
    "org.apache.kafka.connect.file.FileStreamSourceConnector";

void check_position(const Value& offset) {
  if (offset.is_null()) return;  // resets the partition
  const Value* position = nullptr;
  if (offset.type() == Type::Map) {
    for (const MapEntry& entry : offset.as_map()) {
      if (entry.key.as_string() == kPositionField) position = &entry.value;
    }
  }
  if (position == nullptr) {
    throw ConnectException("Offset objects should either be null or contain the key '" +
                           std::string(kPositionField) + "'");
  }
  if (position->type() != Type::Int64) {
    throw ConnectException("The value for the '" + std::string(kPositionField) +
                           "' key in the offset is expected to be a Long value");
  }
  if (position->as_int() < 0) {
    throw ConnectException("The value for the '" + std::string(kPositionField) +
                           "' key in the offset should be a non-negative value");
  }
}

void check_partition(const Value& partition) {
  if (partition.type() != Type::Map) throw ConnectException("Partition objects cannot be null");
  for (const MapEntry& entry : partition.as_map()) {
    if (entry.key.as_string() == kFilenameField) return;
  }
  throw ConnectException("Partition objects should contain the key '" +
                         std::string(kFilenameField) + "'");
}

}  // namespace

void FileStreamSourceConnector::start(const Properties& config, ConnectorContext&) {
  const SourceOptions options = SourceOptions::def().parse(config);
  config_ = config;
  const std::string file = options.file.value_or("");
  log(LogLevel::Info, kSourceLogger,
      "Starting file source connector reading from " + (file.empty() ? "standard input" : file));
}

std::vector<Properties> FileStreamSourceConnector::task_configs(int32_t) {
  return {config_};
}

std::unique_ptr<SourceTask> FileStreamSourceConnector::make_task() {
  return std::make_unique<FileStreamSourceTask>();
}

bool FileStreamSourceConnector::alter_offsets(const Properties& config,
                                              std::span<const PartitionOffset> offsets) {
  const SourceOptions options = SourceOptions::def().parse(config);
  if (!options.file || options.file->empty()) {
    throw ConnectException(
        "Offsets cannot be modified if the 'file' configuration is unspecified. This is because "
        "stdin is used for input and offsets are not tracked.");
  }
  for (const PartitionOffset& entry : offsets) {
    check_position(entry.offset);
    // A null offset for a partition that never existed is harmless.
    if (!entry.offset.is_null()) check_partition(entry.partition);
  }
  return true;
}

void FileStreamSinkConnector::start(const Properties& config, ConnectorContext&) {
  SinkOptions::def().parse(config);
  config_ = config;
}

std::vector<Properties> FileStreamSinkConnector::task_configs(int32_t tasks_max) {
  return std::vector<Properties>(static_cast<size_t>(tasks_max), config_);
}

std::unique_ptr<SinkTask> FileStreamSinkConnector::make_task() {
  return std::make_unique<FileStreamSinkTask>();
}

}  // namespace millrace::file

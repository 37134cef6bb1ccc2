#include "tally_sink.h"

#include <fcntl.h>
#include <millrace/errors.h>
#include <millrace/log.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace example {
namespace {

constexpr std::string_view kLogger = "org.example.TallySinkTask";

/// Retriable: the worker brings the same work again after a while, and the operator sees why.
[[noreturn]] void fail(const char* action, const std::string& file) {
  throw millrace::RetriableException(std::string(action) + " " + file + ": " +
                                     std::strerror(errno));
}

}  // namespace

const millrace::ConfigDef<TallyOptions>& TallyOptions::def() {
  static const auto def = millrace::ConfigDef<TallyOptions>{}.required(
      &TallyOptions::file, {.name = "file",
                            .importance = millrace::Importance::High,
                            .doc = "Where totals are kept: FILE.TOPIC-PARTITION each.",
                            .validator = millrace::non_empty_string()});
  return def;
}

void TallySinkConnector::start(const millrace::Properties& config, millrace::ConnectorContext&) {
  TallyOptions::def().parse(config);
  config_ = config;
}

std::vector<millrace::Properties> TallySinkConnector::task_configs(int32_t tasks_max) {
  return std::vector<millrace::Properties>(static_cast<size_t>(tasks_max), config_);
}

std::unique_ptr<millrace::SinkTask> TallySinkConnector::make_task() {
  return std::make_unique<TallySinkTask>();
}

void TallySinkTask::start(const millrace::Properties& config, millrace::SinkTaskContext& context) {
  options_ = TallyOptions::def().parse(config);
  context_ = &context;
}

std::string TallySinkTask::path(const millrace::TopicPartition& partition) const {
  return options_.file + "." + partition.to_string();
}

std::optional<TallySinkTask::Tally> TallySinkTask::load(
    const millrace::TopicPartition& partition) const {
  std::ifstream in(path(partition));
  if (!in) return std::nullopt;
  Tally tally;
  if (!(in >> tally.records >> tally.sum >> tally.next)) {
    throw millrace::ConnectException("reading " + path(partition) +
                                     ": not three numbers; move it away to count again");
  }
  return tally;
}

void TallySinkTask::save(const millrace::TopicPartition& partition, const Tally& tally) const {
  const std::string temporary = path(partition) + ".tmp";
  const std::string text = std::to_string(tally.records) + " " + std::to_string(tally.sum) + " " +
                           std::to_string(tally.next) + "\n";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) fail("creating", temporary);
  const bool written =
      ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  if (::close(fd) != 0 || !written) fail("writing", temporary);
  if (::rename(temporary.c_str(), path(partition).c_str()) != 0) fail("replacing", path(partition));
}

void TallySinkTask::open(std::span<const millrace::TopicPartition> partitions) {
  for (const auto& partition : partitions) {
    const auto stored = load(partition);
    tallies_[partition] = stored.value_or(Tally{});
    if (!stored) continue;
    context_->offset(partition, millrace::Offset{stored->next});
    millrace::log(millrace::LogLevel::Info, kLogger,
                  partition.to_string() + " goes on at offset " + std::to_string(stored->next));
  }
}

void TallySinkTask::put(millrace::RecordBatch& batch, std::stop_token) {
  Tally* tally = nullptr;
  std::string_view topic;
  int32_t partition = millrace::kNoPartition;
  for (uint32_t row = 0; row < batch.size(); ++row) {
    const millrace::Record& record = batch[row];
    if (record.state != millrace::RowState::Live) continue;
    if (tally == nullptr || record.original_topic != topic ||
        record.original_partition != partition) {
      topic = record.original_topic;
      partition = record.original_partition;
      tally = &tallies_[{std::string(topic), partition}];
    }
    if (record.value.value.type() != millrace::Type::Int64) {
      // Marks this row alone; errors.tolerance decides what follows.
      batch.reject(row, {.message = "not an int64 value"});
      continue;
    }
    ++tally->records;
    tally->sum += record.value.value.as_int();
    tally->next = record.offset + 1;
  }
}

// Called before each commit: what is returned is committed, so it must be durable by then.
millrace::OffsetMap TallySinkTask::pre_commit(const millrace::OffsetMap& current) {
  millrace::OffsetMap safe;
  for (const auto& [partition, offset] : current) {
    const auto tally = tallies_.find(partition);
    if (tally == tallies_.end()) continue;
    // Rows that were dropped on the way are covered as well.
    tally->second.next = std::max(tally->second.next, millrace::raw(offset));
    save(partition, tally->second);
    safe[partition] = offset;
  }
  return safe;
}

void TallySinkTask::close(std::span<const millrace::TopicPartition> partitions) {
  for (const auto& partition : partitions) tallies_.erase(partition);
}

}  // namespace example

#pragma once
// Reads and writes the config topic (KafkaConfigBackingStore, connect-cluster.md §1.3). Which writes
// are read back, and in which order records are sent, is Kafka's.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "runtime/core/executor.h"
#include "runtime/storage/config_state.h"
#include "runtime/storage/topic_log.h"

namespace millrace {

/// Control thread only. What it references outlives it.
class ConfigLog {
 public:
  /// Limit of each whole write, its reads included.
  static constexpr std::chrono::milliseconds kWriteLimit{30'000};

  ConfigLog(Executor& control, TopicLog& topic) : control_(control), topic_(topic) {}

  /// Reads the topic to its end, then `listener` hears of every further record.
  void start(ConfigListener& listener, Callback<Done> done);
  const ConfigSnapshot& state() const noexcept { return state_.state(); }
  /// Everything written before the call is in state() then.
  void refresh(std::chrono::milliseconds limit, Callback<Done> done);

  // Writes of the leader.
  void put_connector(const std::string& connector, const Properties& config,
                     std::optional<TargetState> target, Callback<Done> done);
  void remove_connector(const std::string& connector, Callback<Done> done);
  void put_tasks(const std::string& connector, const std::vector<Properties>& tasks,
                 Callback<Done> done);
  void put_session_key(const SessionKey& key, Callback<Done> done);
  void put_restart(const RestartRecord& restart, Callback<Done> done);
  void put_task_count(const std::string& connector, int32_t tasks, Callback<Done> done);
  // Writes of any worker; not read back.
  void put_target(const std::string& connector, TargetState target, Callback<Done> done);
  void put_logger_level(const std::string& name_space, const std::string& level,
                        Callback<Done> done);

  /// Records that could not be used since the start, unknown keys included.
  uint64_t skipped() const noexcept { return skipped_; }

 private:
  struct Entry {
    std::string key;
    std::optional<std::string> value;
  };
  /// Sends all, waits for all, then reads them back.
  void write_and_read(std::vector<Entry> entries, const std::string& what, Callback<Done> done);
  /// Answers when all are durable, or with the first error.
  void append_all(std::vector<Entry> entries, Callback<Done> done);
  Callback<Done> limited(const std::string& what, Callback<Done> done);
  void consume(const TopicLogRecord& record);

  Executor& control_;
  TopicLog& topic_;
  ConfigState state_;
  uint64_t skipped_ = 0;
};

}  // namespace millrace

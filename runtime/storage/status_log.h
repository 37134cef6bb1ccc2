#pragma once
// Reads and writes the status topic (KafkaStatusBackingStore, connect-cluster.md §1.6). What readers
// see is what was read back, on every worker the same.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/core/executor.h"
#include "runtime/storage/status_records.h"
#include "runtime/storage/topic_log.h"

namespace millrace {

/// Control thread only. What it references outlives it.
class StatusLog {
 public:
  static constexpr std::chrono::milliseconds kRetryWait{100};

  StatusLog(Executor& control, TopicLog& topic) : control_(control), topic_(topic) {}

  /// Hears of each status that was read, after it was taken in; null: it was removed. A connector is
  /// its task -1.
  using Observer = std::function<void(const ConnectorTaskId&, const Status* read)>;

  void start(Callback<Done> done, Observer observer = {});
  /// Answers when all writes asked for so far were answered.
  void flush(Callback<Done> done);

  /// Overwrites. Destroyed removes.
  void put(const std::string& connector, const Status& status) { write(connector, status, false); }
  void put(const ConnectorTaskId& id, const Status& status) { write(id, status, false); }
  /// Gives way to what a worker of a newer generation wrote.
  void put_safely(const std::string& connector, const Status& status) {
    write(connector, status, true);
  }
  void put_safely(const ConnectorTaskId& id, const Status& status) { write(id, status, true); }

  const Status* connector(const std::string& name) const;
  const Status* task(const ConnectorTaskId& id) const;
  std::map<int32_t, Status> tasks(const std::string& connector) const;
  /// Connectors with a status of their own or of a task.
  std::set<std::string> connectors() const;

  void put_topic(const TopicStatus& status);
  void remove_topic(const std::string& topic, const std::string& connector);
  const TopicStatus* topic(const std::string& topic, const std::string& connector) const;
  std::vector<TopicStatus> topics(const std::string& connector) const;

  uint64_t skipped() const noexcept { return skipped_; }

 private:
  struct Entry {
    std::optional<Status> status;
    uint64_t sequence = 0;  // of the newest write asked for

    bool may_be_replaced_by(const Status& next) const noexcept {
      return !status || status->worker_id == next.worker_id ||
             status->generation <= next.generation;
    }
  };

  template <class Id>
  std::map<Id, Entry>& entries();
  template <class Id>
  void write(const Id& id, const Status& status, bool safely);
  template <class Id>
  void send(const Id& id, const Status& status, bool safely, uint64_t sequence);
  void send_topic(std::string key, std::optional<std::string> value);
  void answered();
  void consume(const TopicLogRecord& record);
  bool consume_status(const TopicLogRecord& record);
  void take_status(const ConnectorTaskId& id, const std::optional<Status>& status);

  Executor& control_;
  TopicLog& topic_;
  std::map<std::string, Entry> connectors_;
  std::map<ConnectorTaskId, Entry> tasks_;
  std::map<std::string, std::map<std::string, TopicStatus>> topics_;  // by connector, topic
  int32_t generation_ = -1;                                           // of the newest write
  size_t open_ = 0;                                                   // writes not yet answered
  std::vector<Callback<Done>> flushes_;
  Observer observer_;
  uint64_t skipped_ = 0;
};

}  // namespace millrace

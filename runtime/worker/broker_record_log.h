#pragma once
// RecordLog over the broker seam.

#include <functional>
#include <memory>
#include <mutex>

#include "millrace/connector.h"
#include "runtime/broker/broker.h"

namespace millrace {

/// Its client is made at the first question, and kept. `broker` outlives this.
class BrokerRecordLog final : public RecordLog {
 public:
  static constexpr Millis kTimeout{30'000};

  /// `admin` is what the client is made with.
  BrokerRecordLog(Broker& broker, Properties admin) : broker_(broker), config_(std::move(admin)) {}

  std::string cluster_id() override { return broker_.cluster_id(); }
  std::map<TopicPartition, LogRange> ranges(std::span<const TopicPartition> partitions) override;
  /// What the consumer group has committed; throws as ranges() does.
  OffsetMap group_offsets(const std::string& group);

 private:
  BrokerAdmin& admin();

  Broker& broker_;
  const Properties config_;
  std::mutex mutex_;
  std::unique_ptr<BrokerAdmin> admin_;
};

}  // namespace millrace

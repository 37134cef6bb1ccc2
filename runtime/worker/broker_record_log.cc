#include "runtime/worker/broker_record_log.h"

#include <set>

namespace millrace {

std::map<TopicPartition, LogRange> BrokerRecordLog::ranges(
    std::span<const TopicPartition> partitions) {
  const std::lock_guard lock(mutex_);
  BrokerAdmin& client = admin();
  std::set<std::string> topics;
  for (const TopicPartition& partition : partitions) topics.insert(partition.topic);
  std::map<TopicPartition, LogRange> found;
  for (const std::string& topic : topics) {
    // Ends first: a record that goes meanwhile must not put the begin behind the end.
    const OffsetMap ends = client.end_offsets(topic, kTimeout);
    const OffsetMap begins = client.begin_offsets(topic, kTimeout);
    for (const TopicPartition& partition : partitions) {
      const auto end = ends.find(partition);
      const auto begin = begins.find(partition);
      if (end == ends.end() || begin == begins.end()) continue;
      found.emplace(partition, LogRange{begin->second, std::max(begin->second, end->second)});
    }
  }
  return found;
}

OffsetMap BrokerRecordLog::group_offsets(const std::string& group) {
  const std::lock_guard lock(mutex_);
  return admin().group_offsets(group, kTimeout);
}

// Under the lock.
BrokerAdmin& BrokerRecordLog::admin() {
  if (!admin_) admin_ = broker_.make_admin(config_);
  return *admin_;
}

}  // namespace millrace

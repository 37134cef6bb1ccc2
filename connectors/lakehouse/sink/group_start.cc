#include "connectors/lakehouse/sink/group_start.h"

#include <algorithm>

namespace millrace::lakehouse {
namespace {

constexpr const char* kCluster = "";  // there is but one

bool begins_at_the_beginning(const std::string& topic, const StartRules& rules) {
  const bool has_offsets =
      rules.topic_offsets.contains(topic) ||
      std::any_of(rules.partition_offsets.begin(), rules.partition_offsets.end(),
                  [&](const auto& entry) { return entry.first.topic == topic; });
  const auto policy = rules.of_topic.find(topic);
  const StartPolicy by = policy == rules.of_topic.end() ? rules.policy : policy->second;
  return !has_offsets && by == StartPolicy::Earliest;
}

void add(const std::map<TopicPartition, Start>& starts, const TopicPartition& partition,
         GroupStart& into) {
  const Start& start = starts.at(partition);
  into.begin[partition] = Offset{start.offset};
  if (start.must_pin) into.to_commit[partition] = Offset{start.offset};
}

}  // namespace

GroupStart find_group_start(const OffsetMap& committed, std::span<const TopicPartition> partitions,
                            const StartRules& rules, RecordLog& log) {
  const auto is_new = [&](const TopicPartition& partition) {
    return !committed.contains(partition) && !committed.contains({partition.topic, 0});
  };
  std::vector<TopicPartition> fresh;
  std::vector<TopicPartition> known;
  for (const TopicPartition& partition : partitions) {
    (is_new(partition) ? fresh : known).push_back(partition);
  }
  Positions positions;
  for (const auto& [partition, offset] : committed) positions.set(kCluster, partition, raw(offset));
  GroupStart result;
  if (!known.empty()) {
    const auto starts = resolve_starts(positions, kCluster, known, rules, log);
    for (const TopicPartition& partition : known) add(starts, partition, result);
  }
  if (fresh.empty()) return result;
  const auto starts = resolve_starts({}, kCluster, fresh, rules, log);
  for (const TopicPartition& partition : fresh) add(starts, partition, result);
  for (const auto& [partition, start] : starts) {
    const TopicPartition first{partition.topic, 0};
    const bool is_others = !std::count(fresh.begin(), fresh.end(), partition);
    if (!is_others || committed.contains(partition) || !result.begin.contains(first) ||
        begins_at_the_beginning(partition.topic, rules)) {
      continue;
    }
    result.begin.erase(first);
    result.to_commit.erase(first);
    result.waits_for.push_back(partition);
  }
  return result;
}

}  // namespace millrace::lakehouse

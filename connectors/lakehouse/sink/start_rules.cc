#include "connectors/lakehouse/sink/start_rules.h"

#include <algorithm>
#include <set>

#include "connectors/lakehouse/commit/written_batch.h"
#include "millrace/errors.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  const auto number = whole_number<Number>(text);
  return number.value_or(-1) < 0 ? std::nullopt : number;
}

Start by_policy(StartPolicy policy, const LogRange& range) {
  return {raw(policy == StartPolicy::Latest ? range.end : range.begin), true};
}

Start first_start(const Positions& positions, const std::string& cluster,
                  const TopicPartition& partition, const StartRules& rules, const LogRange& range) {
  // A partition that was added later: its head is new, whatever the policy says of old messages.
  if (positions.knows_topic(cluster, partition.topic)) return by_policy(StartPolicy::Earliest, range);
  const auto own = rules.partition_offsets.find(partition);
  const auto topic = rules.topic_offsets.find(partition.topic);
  if (own == rules.partition_offsets.end() && topic == rules.topic_offsets.end()) {
    const auto policy = rules.of_topic.find(partition.topic);
    return by_policy(policy == rules.of_topic.end() ? rules.policy : policy->second, range);
  }
  const int64_t wanted = own != rules.partition_offsets.end() ? own->second : topic->second;
  return {std::clamp(wanted, raw(range.begin), raw(range.end)), true};
}

/// Of all partitions that the topic has; the log tells only of those it is asked for.
std::map<TopicPartition, LogRange> all_ranges(const std::string& topic, RecordLog& log) {
  constexpr int32_t kAtOnce = 1'024;
  std::map<TopicPartition, LogRange> all;
  for (int32_t first = 0;; first += kAtOnce) {
    std::vector<TopicPartition> asked;
    for (int32_t number = first; number < first + kAtOnce; ++number) asked.push_back({topic, number});
    auto known = log.ranges(asked);
    const bool is_last = known.size() < asked.size();
    all.merge(std::move(known));
    if (is_last) return all;
  }
}

Start stored_start(int64_t stored, const TopicPartition& partition, const StartRules& rules,
                   const LogRange& range) {
  if (stored >= raw(range.begin) && stored <= raw(range.end)) return {stored, false, stored};
  if (rules.out_of_range == OutOfRange::Fail) {
    throw ConnectException(
        "opening " + partition.to_string() + ": the table has offset " + std::to_string(stored) +
        ", and the log has " + std::to_string(raw(range.begin)) + " to " +
        std::to_string(raw(range.end)) +
        ": records are gone, or the topic was made anew; set the connector's offsets, or "
        "lakehouse.offset.out.of.range to earliest or latest");
  }
  Start start = by_policy(rules.out_of_range == OutOfRange::Latest ? StartPolicy::Latest
                                                                   : StartPolicy::Earliest,
                          range);
  start.stored = stored;
  return start;
}

}  // namespace

StartPolicy parse_start_policy(const std::string& text) {
  if (text == "earliest") return StartPolicy::Earliest;
  if (text == "latest") return StartPolicy::Latest;
  throw ConfigException("'" + text + "' is no start policy: use earliest or latest");
}

std::map<std::string, StartPolicy> parse_start_policies(const std::vector<std::string>& entries) {
  std::map<std::string, StartPolicy> policies;
  for (const std::string& entry : entries) {
    const size_t colon = entry.rfind(':');
    if (colon == std::string::npos || colon == 0) {
      throw ConfigException("'" + entry + "' is not of the form topic:policy");
    }
    policies[entry.substr(0, colon)] = parse_start_policy(entry.substr(colon + 1));
  }
  return policies;
}

void parse_start_offsets(const std::vector<std::string>& entries, StartRules& rules) {
  for (const std::string& entry : entries) {
    const size_t last = entry.rfind(':');
    const std::string wrong = "'" + entry + "' is not of the form topic:offset or topic:partition:offset";
    if (last == std::string::npos || last == 0) throw ConfigException(wrong);
    const auto offset = number_of<int64_t>(std::string_view(entry).substr(last + 1));
    if (!offset) throw ConfigException(wrong);
    const std::string front = entry.substr(0, last);
    const size_t colon = front.rfind(':');
    if (colon == std::string::npos) {
      rules.topic_offsets[front] = *offset;
      continue;
    }
    const auto partition = number_of<int32_t>(std::string_view(front).substr(colon + 1));
    if (!partition || colon == 0) throw ConfigException(wrong);
    rules.partition_offsets[{front.substr(0, colon), *partition}] = *offset;
  }
}

std::map<TopicPartition, Start> resolve_starts(const Positions& positions, const std::string& cluster,
                                               std::span<const TopicPartition> partitions,
                                               const StartRules& rules, RecordLog& log) {
  std::map<TopicPartition, Start> starts;
  auto ranges = log.ranges(partitions);
  for (const TopicPartition& partition : partitions) {
    if (ranges.contains(partition)) continue;
    throw RetriableException("opening " + partition.to_string() + ": the log does not know it yet");
  }
  std::set<std::string> topics;
  for (const TopicPartition& partition : partitions) {
    if (!positions.knows_topic(cluster, partition.topic)) topics.insert(partition.topic);
  }
  for (const std::string& topic : topics) ranges.merge(all_ranges(topic, log));
  for (const auto& [partition, range] : ranges) {
    const std::optional<int64_t> stored = positions.next(cluster, partition);
    starts[partition] = stored ? stored_start(*stored, partition, rules, range)
                               : first_start(positions, cluster, partition, rules, range);
  }
  return starts;
}

}  // namespace millrace::lakehouse

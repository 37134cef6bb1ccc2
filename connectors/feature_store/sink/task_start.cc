// Where reading begins (feature-store-sink.md §9, "Resume").

#include <fmt/format.h>

#include <algorithm>

#include "connectors/feature_store/sink/feature_store_task.h"
#include "millrace/errors.h"
#include "millrace/log.h"

namespace millrace::feature_store {
namespace {

constexpr std::string_view kLogger = "millrace.feature_store.FeatureStoreTask";

}  // namespace

void FeatureStoreTask::restart() {
  const std::vector<TopicPartition> assigned = context_->assignment();
  for (OffsetMap* offsets : {&positions_, &flushing_, &durable_}) offsets->clear();
  retelling_.clear();
  if (assigned.empty()) return;
  const OffsetMap stored = store_->positions(assigned);
  const auto ranges = context_->log().ranges(assigned);
  OffsetMap begin;
  std::vector<TopicPartition> unknown;
  for (const TopicPartition& partition : assigned) {
    const auto range = ranges.find(partition);
    if (range == ranges.end()) {
      throw RetriableException("beginning " + partition.to_string() + ": the log does not have it now");
    }
    if (const auto at = stored.find(partition); at != stored.end()) {
      begin[partition] = Offset{begin_of(partition, raw(at->second), range->second)};
    } else {
      unknown.push_back(partition);
    }
  }
  if (!unknown.empty()) pin(unknown, begin, ranges);
  std::map<TopicPartition, std::optional<Offset>> changed;
  const OffsetMap group = notifier_ ? context_->group_offsets() : OffsetMap();
  for (const auto& [partition, offset] : begin) {
    const auto at = stored.find(partition);
    const bool is_new = at == stored.end() || at->second != offset;
    if (is_new) changed[partition] = offset;
    const Offset from = is_new ? offset : told_from(partition, offset, group, ranges.at(partition));
    context_->offset(partition, from);
    follows_.expect(partition, raw(from));
  }
  if (!changed.empty()) store_->set_positions(changed);
  positions_ = std::move(begin);
}

// The group's offset, when it is behind, tells what notifications are durable. A group without one is new: what
// its store has is old.
Offset FeatureStoreTask::told_from(const TopicPartition& partition, Offset stored, const OffsetMap& group,
                                   const LogRange& range) {
  const auto told = group.find(partition);
  if (told == group.end() || told->second >= stored) return stored;
  retelling_.expect(partition, stored);
  return std::max(told->second, range.begin);
}

// What the store and the log do not agree on is the user's choice.
int64_t FeatureStoreTask::begin_of(const TopicPartition& partition, int64_t stored, const LogRange& range) const {
  if (stored >= raw(range.begin) && stored <= raw(range.end)) return stored;
  const std::string what =
      stored > raw(range.end)
          ? fmt::format("the store goes on at offset {} of {}, but the log ends at {}: the topic was made anew",
                        stored, partition.to_string(), raw(range.end))
          : fmt::format("the store goes on at offset {} of {}, but the log begins at {}: records are lost", stored,
                        partition.to_string(), raw(range.begin));
  if (options_.out_of_range == "fail") {
    throw ConnectException(what + "; set store.offset.out.of.range=earliest to go on, or move the offset over "
                                  "REST");
  }
  log(LogLevel::Warn, kLogger, what + "; going on at " + std::to_string(raw(range.begin)));
  return raw(range.begin);
}

// The store knows nothing of these partitions. That their group does means that rows before its offset are
// elsewhere, or lost.
void FeatureStoreTask::pin(const std::vector<TopicPartition>& unknown, OffsetMap& begin,
                           const std::map<TopicPartition, LogRange>& ranges) {
  const OffsetMap group = context_->group_offsets();
  for (const TopicPartition& partition : unknown) {
    const LogRange& range = ranges.at(partition);
    const auto at = group.find(partition);
    const bool read_before = at != group.end() && at->second > range.begin;
    if (read_before && options_.initial_position == "fail") {
      throw ConnectException(fmt::format(
          "the store has no rows of {}, but its consumer group has read to offset {}: another worker may hold "
          "them. Copy a checkpoint of that store here, or choose store.initial.position=earliest (all again) or "
          "group (without them), or store.placement=replica",
          partition.to_string(), raw(at->second)));
    }
    const std::string& policy = read_before ? options_.initial_position : options_.auto_offset_reset;
    begin[partition] = policy == "group" ? at->second : policy == "latest" ? range.end : range.begin;
  }
}

}  // namespace millrace::feature_store

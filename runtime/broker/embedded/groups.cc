#include "runtime/broker/embedded/groups.h"

#include <algorithm>
#include <set>

namespace millrace::embedded {

void Groups::rebalance(Group& group) {
  group.assigned = false;
  for (auto& [id, member] : group.members) member.released = member.owned.empty();
  assign_if_ready(group);
  store_->announce_change();
}

bool Groups::pass_over_silent(Group& group) {
  bool found = false;
  const auto now = Clock::now();
  for (auto& [id, member] : group.members) {
    if (member.absent || now - member.last_seen <= member.max_poll_interval) continue;
    member.lost = member.lost || !member.owned.empty();
    member.owned.clear();
    found = member.absent = true;
  }
  return found;
}

bool Groups::topics_changed(const Group& group) const {
  for (const auto& [topic, count] : group.partition_counts) {
    const auto info = store_->topic(topic);
    if ((info ? info->partitions : 0) != count) return true;
  }
  return false;
}

void Groups::assign_if_ready(Group& group) {
  for (const auto& [id, member] : group.members) {
    if (!member.released) return;
  }
  group.partition_counts.clear();
  std::set<std::string> topics;
  for (auto& [id, member] : group.members) {
    member.owned.clear();
    topics.insert(member.topics.begin(), member.topics.end());
  }
  for (const std::string& topic : topics) assign_topic(group, topic);
  group.assigned = true;
  ++group.generation;
}

// Range: consecutive partitions, the first members get one more.
void Groups::assign_topic(Group& group, const std::string& topic) {
  const auto info = store_->topic(topic);
  const int32_t count = info ? info->partitions : 0;
  group.partition_counts[topic] = count;
  std::vector<Member*> readers;
  for (auto& [id, member] : group.members) {
    const auto& wanted = member.topics;
    if (!member.absent && std::find(wanted.begin(), wanted.end(), topic) != wanted.end()) {
      readers.push_back(&member);
    }
  }
  const auto readers_count = static_cast<int32_t>(readers.size());
  int32_t next = 0;
  for (int32_t i = 0; i < readers_count; ++i) {
    const int32_t share = count / readers_count + (i < count % readers_count ? 1 : 0);
    auto& owned = readers[static_cast<size_t>(i)]->owned;
    for (int32_t p = 0; p < share; ++p) owned.push_back({topic, next++});
  }
}

uint64_t Groups::join(const std::string& name, std::vector<std::string> topics,
                      Millis max_poll_interval) {
  const std::lock_guard lock(mutex_);
  const uint64_t id = next_member_++;
  Group& group = groups_[name];
  Member& member = group.members[id];
  member.topics = std::move(topics);
  member.max_poll_interval = max_poll_interval;
  member.last_seen = Clock::now();
  rebalance(group);
  return id;
}

void Groups::resubscribe(const std::string& name, uint64_t id, std::vector<std::string> topics) {
  const std::lock_guard lock(mutex_);
  Group& group = groups_.at(name);
  group.members.at(id).topics = std::move(topics);
  rebalance(group);
}

void Groups::leave(const std::string& name, uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto group = groups_.find(name);
  if (group == groups_.end() || group->second.members.erase(id) == 0) return;
  if (group->second.members.empty()) {
    groups_.erase(group);
  } else {
    rebalance(group->second);
  }
}

MemberDuty Groups::duty(const std::string& name, uint64_t id) {
  const std::lock_guard lock(mutex_);
  Group& group = groups_.at(name);
  Member& member = group.members.at(id);
  member.last_seen = Clock::now();
  const bool came_back = std::exchange(member.absent, false);
  if (pass_over_silent(group) || came_back || (group.assigned && topics_changed(group))) {
    rebalance(group);
  }
  if (std::exchange(member.lost, false)) return {MemberDuty::Kind::Lost};
  if (!group.assigned) {
    return {member.released ? MemberDuty::Kind::None : MemberDuty::Kind::Release};
  }
  if (member.taken == group.generation) return {};
  return {MemberDuty::Kind::Take, group.generation, member.owned};
}

void Groups::released(const std::string& name, uint64_t id) {
  const std::lock_guard lock(mutex_);
  Group& group = groups_.at(name);
  Member& member = group.members.at(id);
  member.released = true;
  member.owned.clear();
  if (!group.assigned) assign_if_ready(group);
  store_->announce_change();
}

void Groups::taken(const std::string& name, uint64_t id, uint64_t generation) {
  const std::lock_guard lock(mutex_);
  groups_.at(name).members.at(id).taken = generation;
}

bool Groups::has_members(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return groups_.contains(name);
}

const Groups::Member* Groups::find_member(const std::string& name, uint64_t id) const {
  const auto group = groups_.find(name);
  if (group == groups_.end()) return nullptr;
  const auto member = group->second.members.find(id);
  return member == group->second.members.end() ? nullptr : &member->second;
}

bool Groups::is_lost(const std::string& name, uint64_t id) const {
  const std::lock_guard lock(mutex_);
  const Member* member = find_member(name, id);
  return member != nullptr && member->lost;
}

bool Groups::owns(const std::string& name, uint64_t id, const TopicPartition& partition) const {
  const std::lock_guard lock(mutex_);
  const Member* member = find_member(name, id);
  if (member == nullptr || member->lost) return false;
  return std::find(member->owned.begin(), member->owned.end(), partition) != member->owned.end();
}

}  // namespace millrace::embedded

#include "runtime/broker/embedded/groups.h"

#include <algorithm>
#include <set>

namespace millrace::embedded {

void Groups::rebalance(Group& group) {
  group.assigned = false;
  for (auto& [id, member] : group.members) {
    member.released = member.owned.empty();
    member.taken = false;
  }
  assign_if_ready(group);
  store_->announce_change();
}

void Groups::pass_over_silent(Group& group) {
  for (auto& [id, member] : group.members) {
    if (member.released || Clock::now() - member.last_seen < kMemberTimeout) continue;
    member.owned.clear();
    member.released = member.lost = true;
  }
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
  for (auto& [id, member] : group.members) member.owned.clear();
  std::set<std::string> topics;
  for (const auto& [id, member] : group.members) {
    topics.insert(member.topics.begin(), member.topics.end());
  }
  for (const std::string& topic : topics) {
    const auto info = store_->topic(topic);
    const int32_t count = info ? info->partitions : 0;
    group.partition_counts[topic] = count;
    std::vector<Member*> readers;
    for (auto& [id, member] : group.members) {
      const auto& wanted = member.topics;
      if (std::find(wanted.begin(), wanted.end(), topic) != wanted.end()) {
        readers.push_back(&member);
      }
    }
    // Range: consecutive partitions, the first members get one more.
    const auto readers_count = static_cast<int32_t>(readers.size());
    int32_t next = 0;
    for (int32_t i = 0; i < readers_count; ++i) {
      const int32_t share = count / readers_count + (i < count % readers_count ? 1 : 0);
      for (int32_t p = 0; p < share; ++p) readers[static_cast<size_t>(i)]->owned.push_back({topic, next++});
    }
  }
  group.assigned = true;
}

uint64_t Groups::join(const std::string& name, std::vector<std::string> topics) {
  const std::lock_guard lock(mutex_);
  const uint64_t id = next_member_++;
  Group& group = groups_[name];
  Member& member = group.members[id];
  member.topics = std::move(topics);
  member.last_seen = Clock::now();
  rebalance(group);
  return id;
}

void Groups::resubscribe(const std::string& name, uint64_t id, std::vector<std::string> topics) {
  const std::lock_guard lock(mutex_);
  Group& group = groups_[name];
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
  Group& group = groups_[name];
  Member& member = group.members.at(id);
  member.last_seen = Clock::now();
  if (group.assigned && topics_changed(group)) rebalance(group);
  if (std::exchange(member.lost, false)) return {MemberDuty::Kind::Lost};
  if (!group.assigned) {
    if (!member.released) return {MemberDuty::Kind::Release};
    pass_over_silent(group);
    assign_if_ready(group);
    if (!group.assigned) return {};
    store_->announce_change();
  }
  if (std::exchange(member.taken, true)) return {};
  return {MemberDuty::Kind::Take, member.owned};
}

void Groups::released(const std::string& name, uint64_t id) {
  const std::lock_guard lock(mutex_);
  Group& group = groups_[name];
  Member& member = group.members.at(id);
  member.released = true;
  member.owned.clear();
  assign_if_ready(group);
  store_->announce_change();
}

bool Groups::has_members(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return groups_.contains(name);
}

bool Groups::owns(const std::string& name, uint64_t id, const TopicPartition& partition) const {
  const std::lock_guard lock(mutex_);
  const auto group = groups_.find(name);
  if (group == groups_.end()) return false;
  const auto member = group->second.members.find(id);
  if (member == group->second.members.end() || member->second.lost) return false;
  const auto& owned = member->second.owned;
  return std::find(owned.begin(), owned.end(), partition) != owned.end();
}

}  // namespace millrace::embedded

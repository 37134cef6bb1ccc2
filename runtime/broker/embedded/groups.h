#pragma once
// Consumer groups inside one process: who reads which partition. A rebalance has two steps, so
// that no partition ever has two owners: all members give up what they have, then all get their
// share (range assignment).

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "millrace/ids.h"
#include "runtime/broker/embedded/log_store.h"

namespace millrace::embedded {

/// What a member must do now.
struct MemberDuty {
  enum class Kind : uint8_t {
    None,
    Release,  // give up the partitions, then call released()
    Lost,     // others may have them already; nothing may be committed
    Take,     // `partitions` are the member's from now on; then call taken()
  };
  Kind kind = Kind::None;
  uint64_t generation = 0;
  std::vector<TopicPartition> partitions = {};
};

/// Thread-safe.
class Groups {
 public:
  explicit Groups(std::shared_ptr<LogStore> store) : store_(std::move(store)) {}

  /// A member that calls duty() less often than every `max_poll_interval` loses its partitions.
  uint64_t join(const std::string& group, std::vector<std::string> topics,
                Millis max_poll_interval);
  /// Changes what a member subscribes to.
  void resubscribe(const std::string& group, uint64_t member, std::vector<std::string> topics);
  void leave(const std::string& group, uint64_t member);
  /// Called on every poll; also keeps the member alive. A duty comes again until it is done.
  MemberDuty duty(const std::string& group, uint64_t member);
  void released(const std::string& group, uint64_t member);
  void taken(const std::string& group, uint64_t member, uint64_t generation);
  bool has_members(const std::string& group) const;
  /// True when the member was passed over and does not know it yet.
  bool is_lost(const std::string& group, uint64_t member) const;
  /// True while the member owns the partition.
  bool owns(const std::string& group, uint64_t member, const TopicPartition& partition) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Member {
    std::vector<std::string> topics;
    Millis max_poll_interval{};
    std::vector<TopicPartition> owned;
    bool released = true;  // has nothing of an older generation
    bool absent = false;   // was passed over and has not come back
    bool lost = false;     // was passed over and was not told
    uint64_t taken = 0;    // generation of the share it knows
    Clock::time_point last_seen;
  };
  struct Group {
    std::map<uint64_t, Member> members;
    bool assigned = false;
    uint64_t generation = 0;
    std::map<std::string, int32_t> partition_counts;  // the assignment was made for
  };

  void rebalance(Group& group);
  /// True when somebody was.
  bool pass_over_silent(Group& group);
  void assign_if_ready(Group& group);
  void assign_topic(Group& group, const std::string& topic);
  bool topics_changed(const Group& group) const;
  const Member* find_member(const std::string& group, uint64_t member) const;

  std::shared_ptr<LogStore> store_;
  mutable std::mutex mutex_;
  std::map<std::string, Group> groups_;
  uint64_t next_member_ = 1;
};

}  // namespace millrace::embedded

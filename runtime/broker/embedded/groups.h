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
    Lost,     // others have them already; nothing may be committed
    Take,     // `partitions` are the member's from now on
  };
  Kind kind = Kind::None;
  std::vector<TopicPartition> partitions = {};
};

/// Thread-safe.
class Groups {
 public:
  /// A member that does not come back for so long is passed over (max.poll.interval.ms).
  static constexpr std::chrono::minutes kMemberTimeout{5};

  explicit Groups(std::shared_ptr<LogStore> store) : store_(std::move(store)) {}

  uint64_t join(const std::string& group, std::vector<std::string> topics);
  /// Changes what a member subscribes to.
  void resubscribe(const std::string& group, uint64_t member, std::vector<std::string> topics);
  void leave(const std::string& group, uint64_t member);
  /// Called on every poll; also keeps the member alive.
  MemberDuty duty(const std::string& group, uint64_t member);
  void released(const std::string& group, uint64_t member);
  bool has_members(const std::string& group) const;
  /// True while the member owns the partition.
  bool owns(const std::string& group, uint64_t member, const TopicPartition& partition) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Member {
    std::vector<std::string> topics;
    std::vector<TopicPartition> owned;
    bool released = true;   // has nothing of an older generation
    bool taken = true;      // knows its share of this generation
    bool lost = false;      // was passed over
    Clock::time_point last_seen;
  };
  struct Group {
    std::map<uint64_t, Member> members;
    bool assigned = false;
    std::map<std::string, int32_t> partition_counts;  // the assignment was made for
  };

  void rebalance(Group& group);
  void pass_over_silent(Group& group);
  void assign_if_ready(Group& group);
  bool topics_changed(const Group& group) const;

  std::shared_ptr<LogStore> store_;
  mutable std::mutex mutex_;
  std::map<std::string, Group> groups_;
  uint64_t next_member_ = 1;
};

}  // namespace millrace::embedded

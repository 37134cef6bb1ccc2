#pragma once
// A group whose members apply what the leader hands out: a round at a time, on a clock of its own.

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/group/assignor.h"

namespace millrace::group {

class SmallCluster {
 public:
  explicit SmallCluster(int32_t max_delay_ms, ProtocolVersion version = ProtocolVersion::Sessioned)
      : max_delay_ms_(max_delay_ms), version_(version) {}

  /// The first member, and the first in order when the leader has left, leads.
  void join(const std::string& member) {
    if (members_.empty()) leader_ = member;
    members_[member];
  }
  void leave(const std::string& member) {
    members_.erase(member);
    if (member == leader_ && !members_.empty()) leader_ = members_.begin()->first;
  }
  void configure(const std::string& connector, int32_t tasks) {
    config_.connectors[connector] = tasks;
    ++config_.offset;
  }
  void remove(const std::string& connector) {
    config_.connectors.erase(connector);
    ++config_.offset;
  }
  void pass(int64_t ms) { now_ms_ += ms; }

  /// One rebalance. What changed, as `W1 +c1 -c2-0`, by member; members without change are left
  /// out.
  std::vector<std::string> rebalance() {
    RoundResult result = compute();
    std::vector<std::string> changes;
    delay_ms = result.assignments.begin()->second.delay_ms;
    for (const auto& [member, next] : result.assignments) {
      apply(members_[member], next);
      std::string change = member + names(next.connectors, next.tasks, " +") +
                           names(next.revoked_connectors, next.revoked_tasks, " -");
      if (change != member) changes.push_back(std::move(change));
    }
    return changes;
  }

  /// As above, but nobody receives the assignment.
  void rebalance_in_vain() { compute(); }

  /// All that `member` runs, as `c1 c1-0`.
  std::string held(const std::string& member) {
    const auto& held = members_[member].held;
    return held ? names(held->connectors, held->tasks, " ") : "";
  }

  struct Worker {
    std::optional<Assignment> held;
    int32_t last_completed = -1;
  };
  const std::map<std::string, Worker>& members() const { return members_; }
  const ConfigView& config() const { return config_; }
  const std::optional<LeaderState>& leader_state() const { return leader_state_; }

  int32_t delay_ms = 0;  // of the last rebalance

 private:
  RoundResult compute() {
    Round round;
    round.leader = leader_;
    for (const auto& [member, worker] : members_) {
      round.members.push_back({member, {"http://" + member + "/", config_.offset, worker.held}});
    }
    round.config = config_;
    round.latest_config = config_;
    round.last_completed_generation = members_[leader_].last_completed;
    round.generation = ++generation_;
    round.now_ms = now_ms_;
    Assignor& assignor = assignors_.try_emplace(leader_, max_delay_ms_).first->second;
    RoundResult result = assignor.assign(version_, round);
    leader_state_ = result.leader_state;
    return result;
  }

  /// What is kept stands before what is new, as in the conformance trace.
  void apply(Worker& worker, const Assignment& next) const {
    Assignment held = worker.held.value_or(Assignment{});
    if (version_ == ProtocolVersion::Eager) held = {};
    replace(held.connectors, next.revoked_connectors, next.connectors);
    replace(held.tasks, next.revoked_tasks, next.tasks);
    worker.held = std::move(held);
    worker.last_completed = generation_;
  }

  template <typename T>
  static void replace(std::vector<T>& held, const std::vector<T>& revoked,
                      const std::vector<T>& added) {
    std::erase_if(held, [&](const T& item) {
      return std::find(revoked.begin(), revoked.end(), item) != revoked.end();
    });
    held.insert(held.end(), added.begin(), added.end());
  }

  static std::string names(const std::vector<std::string>& connectors,
                           const std::vector<ConnectorTaskId>& tasks, const std::string& before) {
    std::set<std::string> sorted(connectors.begin(), connectors.end());
    for (const ConnectorTaskId& task : tasks) sorted.insert(task.to_string());
    std::string all;
    for (const std::string& name : sorted) all += before + name;
    return all;
  }

  const int32_t max_delay_ms_;
  const ProtocolVersion version_;
  std::map<std::string, Worker> members_;
  std::map<std::string, Assignor> assignors_;
  std::string leader_;
  ConfigView config_{0, {}};
  std::optional<LeaderState> leader_state_;
  int32_t generation_ = 0;
  int64_t now_ms_ = 1'000'000;
};

}  // namespace millrace::group

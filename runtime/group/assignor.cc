#include "runtime/group/assignor.h"

#include <fmt/format.h>

#include <algorithm>

#include "millrace/errors.h"
#include "millrace/java_map_order.h"
#include "runtime/group/eager_assignor.h"
#include "runtime/group/java_order.h"

namespace millrace::group {
namespace {

using Urls = std::map<std::string, std::string>;

Urls urls_of(const Round& round) {
  Urls urls;
  for (const Member& member : round.members) {
    if (!urls.emplace(member.id, member.subscription.url).second) {
      throw ConnectException(fmt::format(
          "assigning connectors and tasks: the coordinator lists member {} twice", member.id));
    }
  }
  if (!urls.contains(round.leader)) {
    throw ConnectException(
        fmt::format("assigning connectors and tasks: the leader {} is not among the {} members",
                    round.leader, round.members.size()));
  }
  return urls;
}

int64_t highest_offset(const Round& round) {
  const auto highest = std::max_element(
      round.members.begin(), round.members.end(), [](const Member& left, const Member& right) {
        return left.subscription.offset < right.subscription.offset;
      });
  return highest->subscription.offset;
}

/// Every member with what it says it holds.
WorkerLoads loads_of(const Round& round) {
  std::vector<uint32_t> hashes;
  for (const Member& member : round.members) hashes.push_back(java_hash(member.id));
  WorkerLoads loads;
  for (const size_t i : java_hash_order(hashes, kJavaMapCapacity)) {
    const Member& member = round.members[i];
    WorkerLoad load{member.id, {}};
    if (const auto& allocation = member.subscription.allocation) {
      load.work = {Connectors(allocation->connectors), Tasks(allocation->tasks)};
    }
    loads.push_back(std::move(load));
  }
  return loads;
}

ConnectorsAndTasks configured_in(const ConfigView& config) {
  ConnectorsAndTasks configured;
  for (const auto& [connector, tasks] : config.connectors) {
    configured.connectors.add(connector);
    for (int32_t task = 0; task < tasks; ++task) configured.tasks.add({connector, task});
  }
  return configured;
}

LeaderState leader_state(Urls urls, const Plan& plan) {
  LeaderState state{std::move(urls), {}, {}, {}};
  for (const auto& [member, work] : plan.owned) {
    for (const std::string& connector : work.connectors) state.connector_owners[connector] = member;
    for (const ConnectorTaskId& task : work.tasks) state.task_owners[task] = member;
  }
  for (const auto& [member, work] : plan.revoked) {
    for (const ConnectorTaskId& task : work.tasks) state.revoking.insert(task.connector);
  }
  return state;
}

void fill(Assignment& assignment, const std::string& member, const Plan& plan) {
  if (const auto found = plan.assigned.find(member); found != plan.assigned.end()) {
    assignment.connectors = found->second.connectors.items();
    assignment.tasks = found->second.tasks.items();
  }
  if (const auto found = plan.revoked.find(member); found != plan.revoked.end()) {
    assignment.revoked_connectors = found->second.connectors.items();
    assignment.revoked_tasks = found->second.tasks.items();
  }
  assignment.delay_ms = plan.delay_ms;
}

std::optional<std::string> url_of(const Urls& urls, const std::string* member) {
  if (member == nullptr) return std::nullopt;
  const auto found = urls.find(*member);
  return found == urls.end() ? std::nullopt : std::optional(found->second);
}

template <typename Key>
const std::string* find(const std::map<Key, std::string>& owners, const Key& key) {
  const auto found = owners.find(key);
  return found == owners.end() ? nullptr : &found->second;
}

}  // namespace

std::optional<std::string> LeaderState::owner_url(const std::string& connector) const {
  return url_of(urls, find(connector_owners, connector));
}

std::optional<std::string> LeaderState::owner_url(const ConnectorTaskId& task) const {
  return url_of(urls, find(task_owners, task));
}

RoundResult Assignor::assign(ProtocolVersion version, const Round& round) {
  Urls urls = urls_of(round);
  const int64_t highest = highest_offset(round);
  Assignment common;
  common.leader = round.leader;
  common.leader_url = urls.at(round.leader);
  common.offset = highest;

  // A round's own view stays in use while no member is ahead of it, even if the topic went on.
  const bool behind = round.config.offset < highest;
  const ConfigView& config = behind ? round.latest_config : round.config;
  RoundResult result;
  if (config.offset < highest) {
    common.error = static_cast<int16_t>(AssignmentError::ConfigMismatch);
    for (const Member& member : round.members) result.assignments[member.id] = common;
    return result;
  }
  if (behind) common.offset = config.offset;

  const ConnectorsAndTasks configured = configured_in(config);
  const Plan plan =
      version == ProtocolVersion::Eager
          ? plan_eagerly(loads_of(round), configured)
          : incremental_.plan(loads_of(round), configured, round.last_completed_generation,
                              round.generation, round.now_ms);
  for (const Member& member : round.members) {
    fill(result.assignments[member.id] = common, member.id, plan);
  }
  result.leader_state = leader_state(std::move(urls), plan);
  return result;
}

}  // namespace millrace::group

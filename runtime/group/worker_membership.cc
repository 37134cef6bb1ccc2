#include "runtime/group/worker_membership.h"

#include <algorithm>

#include "millrace/errors.h"
#include "runtime/metrics/log.h"

namespace millrace::group {
namespace {

spdlog::logger& logger() {
  static auto& instance =
      logging::get("org.apache.kafka.connect.runtime.distributed.WorkerCoordinator");
  return instance;
}

template <class T>
bool contains(const std::vector<T>& items, const T& item) {
  return std::find(items.begin(), items.end(), item) != items.end();
}

/// What is new, then what is kept, each once, as Java merges.
template <class T>
std::vector<T> merged(const std::vector<T>& fresh, const std::vector<T>& held,
                      const std::vector<T>& revoked) {
  std::vector<T> result;
  for (const auto* part : {&fresh, &held}) {
    for (const T& item : *part) {
      if (part == &held && contains(revoked, item)) continue;
      if (!contains(result, item)) result.push_back(item);
    }
  }
  return result;
}

}  // namespace

ProtocolMode parse_protocol_mode(const std::string& text) {
  std::string lower = text;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (lower == "eager") return ProtocolMode::Eager;
  if (lower == "compatible") return ProtocolMode::Compatible;
  if (lower == "sessioned") return ProtocolMode::Sessioned;
  throw ConfigException("Invalid value " + text +
                        " for configuration connect.protocol: String must be one of: EAGER, "
                        "COMPATIBLE, SESSIONED");
}

void WorkerMembership::start(MembershipListener& listener) {
  listener_ = &listener;
  member_.start(*this);
}

std::vector<ProtocolMetadata> WorkerMembership::metadata() {
  offered_ = listener_->config_view();
  Subscription subscription{options_.url, offered_.offset, std::nullopt};
  if (held_) {
    Assignment claim;
    claim.leader = held_->leader;
    claim.leader_url = held_->leader_url;
    claim.offset = held_->offset;
    claim.connectors = held_->work.connectors;
    claim.tasks = held_->work.tasks;
    claim.revoked_connectors = held_->revoked.connectors;
    claim.revoked_tasks = held_->revoked.tasks;
    claim.delay_ms = held_->delay_ms;
    subscription.allocation = std::move(claim);
  }
  std::vector<ProtocolMetadata> offers;
  const auto offer = [&](ProtocolVersion version) {
    Subscription said = subscription;
    if (version == ProtocolVersion::Eager) said.allocation.reset();
    offers.push_back({std::string(protocol_name(version)), encode(said, version)});
  };
  if (options_.mode == ProtocolMode::Sessioned) offer(ProtocolVersion::Sessioned);
  if (options_.mode != ProtocolMode::Eager) offer(ProtocolVersion::Compatible);
  offer(ProtocolVersion::Eager);
  return offers;
}

void WorkerMembership::prepare_join(std::function<void()> ready) {
  leading_.reset();
  if (!eager_ || !held_) return listener_->before_join(std::move(ready));
  held_.reset();
  listener_->stop_all("the group is rebalancing", std::move(ready));
}

std::vector<MemberAssignment> WorkerMembership::assign(
    const std::string& leader, const std::string& protocol,
    const std::vector<MemberMetadata>& members) {
  const auto version = protocol_version(protocol);
  if (!version) throw ConnectException("the group chose the unknown protocol " + protocol);
  Round round;
  round.leader = leader;
  std::vector<MemberAssignment> encoded;
  for (const MemberMetadata& member : members) {
    try {
      round.members.push_back({member.member, decode_subscription(member.metadata)});
    } catch (const ConnectException& error) {
      // Java's leader ends at this, and the next one after it. The others can do without the stranger.
      logger().error("Member {} is left out of the round, since what it offers cannot be used: {}",
                     member.member, error.what());
      encoded.push_back({member.member, {}});
    }
  }
  round.config = offered_;
  round.latest_config = listener_->config_view();
  round.last_completed_generation = last_generation_;
  round.generation = member_.generation();
  round.now_ms = now_().count();
  RoundResult result = assignor_.assign(*version, round);
  leading_ = std::move(result.leader_state);
  for (const auto& [id, assignment] : result.assignments) {
    encoded.push_back({id, encode(assignment, *version)});
  }
  return encoded;
}

void WorkerMembership::on_joined(const Joined& joined) {
  std::optional<Assignment> received;
  try {
    received = decode_assignment(joined.assignment);
  } catch (const std::exception& error) {
    logger().error("The leader's assignment cannot be used: {}", error.what());
  }
  if (!received) {
    return member_.request_rejoin("the leader left this worker out", options_.retry_backoff);
  }
  const ProtocolVersion version =
      protocol_version(joined.protocol).value_or(ProtocolVersion::Eager);
  last_generation_ = joined.generation;
  eager_ = version == ProtocolVersion::Eager;
  if (!joined.leader) leading_.reset();
  WorkerAssignment next;
  next.revoked = {received->revoked_connectors, received->revoked_tasks};
  const Work kept = held_ && !eager_ ? held_->work : Work{};
  next.work.connectors =
      merged(received->connectors, kept.connectors, received->revoked_connectors);
  next.work.tasks = merged(received->tasks, kept.tasks, received->revoked_tasks);
  next.failed = received->failed();
  next.offset = received->offset;
  next.delay_ms = received->delay_ms;
  next.generation = joined.generation;
  next.leader = received->leader;
  next.leader_url = received->leader_url;
  next.is_leader = joined.leader;
  next.version = version;
  held_ = std::move(next);
  listener_->on_assigned(*held_);
}

void WorkerMembership::forget(const Work& gone) {
  if (!held_) return;
  std::erase_if(held_->work.connectors,
                [&](const auto& name) { return contains(gone.connectors, name); });
  std::erase_if(held_->work.tasks, [&](const auto& id) { return contains(gone.tasks, id); });
}

void WorkerMembership::on_lost(const std::string& why, bool keep_claim) {
  leading_.reset();
  if (!keep_claim) held_.reset();
  listener_->on_lost();
  listener_->stop_all(why, [] {});
}

}  // namespace millrace::group

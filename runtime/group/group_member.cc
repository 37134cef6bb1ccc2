#include "runtime/group/group_member.h"

#include <algorithm>

#include "millrace/errors.h"
#include "runtime/core/within.h"
#include "runtime/metrics/log.h"

namespace millrace::group {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kNow{0};
// JoinGroup blocks at the coordinator until everybody is there; then it may be a little late.
constexpr milliseconds kJoinGrace{5'000};
// When others may have left: what a heartbeat costs is little, what waits may be much.
constexpr milliseconds kSoon{75};
constexpr uint32_t kSoonBeats = 4;
constexpr uint32_t kMaxDoublings = 10;
constexpr double kJitter = 0.2;

spdlog::logger& logger() {
  static auto& instance =
      logging::get("org.apache.kafka.connect.runtime.distributed.WorkerCoordinator");
  return instance;
}

std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "unknown error";
  }
}

std::string advice(KafkaError error) {
  switch (error) {
    case KafkaError::InconsistentGroupProtocol:
      return "the group has members of another type or without a common protocol; give this "
             "cluster a group.id of its own, or align connect.protocol";
    case KafkaError::InvalidGroupId:
      return "group.id is not a valid group name";
    case KafkaError::InvalidSessionTimeout:
      return "session.timeout.ms must lie between the broker's group.min.session.timeout.ms and "
             "group.max.session.timeout.ms";
    case KafkaError::GroupAuthorizationFailed:
      return "the worker's principal needs READ on its group";
    case KafkaError::UnsupportedVersion:
      return "the broker is too old or too new";
    case KafkaError::GroupMaxSizeReached:
      return "the group has group.max.size members";
    default:
      return "error code " + std::to_string(static_cast<int16_t>(error));
  }
}

}  // namespace

GroupMember::GroupMember(Executor& control, CoordinatorClient& client, GroupOptions options,
                         Clock now, uint64_t seed)
    : control_(control),
      client_(client),
      options_(std::move(options)),
      now_(std::move(now)),
      random_(seed) {}

GroupMember::~GroupMember() { *alive_ = false; }

void GroupMember::start(GroupListener& listener) {
  listener_ = &listener;
  drive();
}

void GroupMember::request_rejoin(const std::string& reason, milliseconds wait) {
  if (wait > kNow) return after(wait, round_, [this, reason] { request_rejoin(reason); });
  if (!rejoin_) logger().info("Rejoining group {}: {}", options_.group_id, reason);
  rejoin_ = true;
  if (state_ == State::Stable) drive();
}

void GroupMember::stop(milliseconds limit, Callback<Done> done) {
  *alive_ = false;  // of everything asked for so far
  const bool known = coordinator_ && !member_.empty() && state_ != State::Unjoined;
  state_ = State::Unjoined;
  if (!known) return control_.post([done = std::move(done)] { done(Done{}); });
  client_.leave(options_.group_id, member_,
                within<KafkaError>(control_, limit, "leaving the group",
                                   [done = std::move(done)](const Outcome<KafkaError>&) {
                                     done(Done{});
                                   }));
}

void GroupMember::after(milliseconds delay, const uint64_t& valid, std::function<void()> task) {
  auto guarded = [alive = alive_, &valid, at = valid, task = std::move(task)] {
    if (*alive && valid == at) task();
  };
  delay == kNow ? control_.post(std::move(guarded))
                : control_.post_after(delay, std::move(guarded));
}

template <class T>
Callback<T> GroupMember::answer(const uint64_t& valid, std::function<void(Outcome<T>)> handler) {
  return [alive = alive_, &valid, at = valid, handler = std::move(handler)](Outcome<T> outcome) {
    if (*alive && valid == at) handler(std::move(outcome));
  };
}

milliseconds GroupMember::backoff() {
  const uint32_t doublings = std::min(failures_++, kMaxDoublings);
  const auto longest = std::min(options_.retry_backoff * (int64_t{1} << doublings),
                                options_.retry_backoff_max);
  std::uniform_real_distribution<double> jitter(1 - kJitter, 1 + kJitter);
  return milliseconds(static_cast<int64_t>(static_cast<double>(longest.count()) *
                                           jitter(random_)));
}

// The coordinator.

void GroupMember::drive() {
  if (!coordinator_) return find_coordinator();
  const bool idle = state_ == State::Unjoined || state_ == State::Stable;
  if (!rejoin_ || !idle) return;
  prepared_ ? join() : prepare();
}

void GroupMember::find_coordinator() {
  if (finding_) return;
  finding_ = true;
  client_.find(options_.group_id, answer<KafkaError>(always_, [this](Outcome<KafkaError> outcome) {
                 on_found(std::move(outcome));
               }));
}

void GroupMember::on_found(Outcome<KafkaError> outcome) {
  finding_ = false;
  if (outcome.ok() && outcome.value() == KafkaError::None) {
    coordinator_ = true;
    ++search_;
    failures_ = 0;
    if (state_ == State::Stable) beat_later();
    return drive();
  }
  if (outcome.ok() && (outcome.value() == KafkaError::GroupAuthorizationFailed ||
                       outcome.value() == KafkaError::InvalidGroupId)) {
    return fatal(outcome.value(), "finding the coordinator");
  }
  if (!outcome.ok() && refused(outcome.error())) return;
  logger().debug("Finding the coordinator of group {} failed: {}", options_.group_id,
                 outcome.ok() ? advice(outcome.value()) : text_of(outcome.error()));
  after(backoff(), always_, [this] { drive(); });
}

void GroupMember::coordinator_lost(const std::string& why) {
  if (!coordinator_) return;
  logger().info("Group coordinator of {} is unavailable or invalid ({}), will attempt rediscovery",
                options_.group_id, why);
  coordinator_ = false;
  ++beats_;
  client_.disconnect();
  // As Java: without a coordinator for one heartbeat interval nothing may be taken for granted.
  after(options_.heartbeat_interval, search_, [this] {
    lose("the group coordinator was not found within heartbeat.interval.ms", false);
  });
}

// A round.

void GroupMember::prepare() {
  state_ = State::Preparing;
  ++round_;
  listener_->prepare_join([this, alive = alive_, at = round_] {
    if (!*alive || round_ != at || state_ != State::Preparing) return;
    prepared_ = true;
    if (coordinator_) return join();
    state_ = State::Unjoined;
    drive();
  });
}

void GroupMember::join() {
  state_ = State::Joining;
  rejoin_ = false;
  ++round_;
  JoinRequest request{options_.group_id, options_.session_timeout, options_.rebalance_timeout,
                      member_, {}};
  try {
    request.protocols = listener_->metadata();
  } catch (...) {
    return fatal(std::current_exception());
  }
  logger().debug("Joining group {} as {}", options_.group_id, member_.empty() ? "new" : member_);
  client_.join(request,
               std::max(options_.request_timeout, options_.rebalance_timeout + kJoinGrace),
               answer<JoinResponse>(round_, [this](Outcome<JoinResponse> outcome) {
                 on_join(std::move(outcome));
               }));
}

void GroupMember::again(milliseconds wait) {
  state_ = State::Unjoined;
  rejoin_ = true;
  ++round_;
  after(wait, round_, [this] { drive(); });
}

void GroupMember::on_join(Outcome<JoinResponse> outcome) {
  if (!outcome.ok()) {
    if (refused(outcome.error())) return;
    coordinator_lost(text_of(outcome.error()));
    return again(backoff());
  }
  const JoinResponse& joined = outcome.value();
  switch (joined.error) {
    case KafkaError::None:
      failures_ = 0;
      member_ = joined.member;
      generation_ = joined.generation;
      return sync(joined);
    case KafkaError::CoordinatorLoadInProgress:
    case KafkaError::RebalanceInProgress:
      return again(backoff());
    case KafkaError::CoordinatorNotAvailable:
    case KafkaError::NotCoordinator:
      coordinator_lost("the coordinator has moved");
      return again(backoff());
    case KafkaError::UnknownMemberId:
      member_lost("the coordinator has forgotten this member");
      return again(kNow);
    case KafkaError::MemberIdRequired:
      member_ = joined.member;
      return again(kNow);
    default:
      return fatal(joined.error, "joining the group");
  }
}

void GroupMember::sync(const JoinResponse& joined) {
  state_ = State::Syncing;
  SyncRequest request{options_.group_id, generation_, member_, {}};
  if (joined.leader == joined.member) {
    try {
      request.assignments = listener_->assign(joined.leader, joined.protocol, joined.members);
    } catch (...) {
      return fatal(std::current_exception());
    }
  }
  beat_later();  // with the new generation
  client_.sync(request,
               answer<SyncResponse>(round_, [this, joined, sent = now_()](
                                                Outcome<SyncResponse> outcome) {
                 on_sync(joined, sent, std::move(outcome));
               }));
}

void GroupMember::on_sync(const JoinResponse& joined, milliseconds sent,
                          Outcome<SyncResponse> outcome) {
  if (!outcome.ok()) {
    if (refused(outcome.error())) return;
    coordinator_lost(text_of(outcome.error()));
    return again(backoff());
  }
  switch (outcome.value().error) {
    case KafkaError::None:
      break;
    case KafkaError::CoordinatorNotAvailable:
    case KafkaError::NotCoordinator:
      coordinator_lost("the coordinator has moved");
      return again(backoff());
    case KafkaError::IllegalGeneration:
      generation_ = -1;
      return again(kNow);
    case KafkaError::UnknownMemberId:
      member_lost("the coordinator has forgotten this member");
      return again(kNow);
    case KafkaError::RebalanceInProgress:
      return again(kNow);
    default:
      return fatal(outcome.value().error, "getting the assignment");
  }
  state_ = State::Stable;
  heard(sent, true);
  prepared_ = false;
  has_work_ = true;
  logger().info("Successfully joined group {} with generation {} and protocol {}",
                options_.group_id, generation_, joined.protocol);
  if (!guarding_) guard_session();
  listener_->on_joined({generation_, member_, joined.protocol, joined.leader == joined.member,
                        std::move(outcome.value().assignment)});
  drive();
}

// Heartbeats.

void GroupMember::beat_later() {
  ++beats_;
  const bool soon = soon_beats_ > 0;
  if (soon) --soon_beats_;
  after(soon ? std::min(kSoon, options_.heartbeat_interval) : options_.heartbeat_interval, beats_,
        [this] { heartbeat(); });
}

void GroupMember::ask_soon() {
  if (state_ != State::Stable || rejoin_ || !coordinator_ || soon_beats_ > 0) return;
  soon_beats_ = kSoonBeats;
  beat_later();
}

void GroupMember::heartbeat() {
  client_.heartbeat(options_.group_id, generation_, member_,
                    answer<KafkaError>(beats_, [this, generation = generation_, sent = now_()](
                                                   Outcome<KafkaError> outcome) {
                      on_heartbeat(generation, sent, std::move(outcome));
                    }));
}

void GroupMember::on_heartbeat(int32_t generation, milliseconds sent,
                               Outcome<KafkaError> outcome) {
  if (!outcome.ok()) {
    if (refused(outcome.error())) return;
    coordinator_lost(text_of(outcome.error()));
    return drive();
  }
  const bool alive = outcome.value() == KafkaError::None ||
                     outcome.value() == KafkaError::RebalanceInProgress;
  const bool unknown = outcome.value() == KafkaError::UnknownMemberId;
  if (state_ == State::Joining && !alive && !unknown) return beat_later();  // the join will tell
  switch (outcome.value()) {
    case KafkaError::None:
      heard(sent, true);
      failures_ = 0;
      return beat_later();
    case KafkaError::RebalanceInProgress:
      heard(sent, false);
      beat_later();
      if (state_ == State::Stable) request_rejoin("the group is rebalancing");
      return;
    case KafkaError::CoordinatorNotAvailable:
    case KafkaError::NotCoordinator:
      coordinator_lost("the coordinator has moved");
      return drive();
    case KafkaError::IllegalGeneration:
      if (generation != generation_) return;
      generation_ = -1;
      if (options_.lease) options_.lease->end();
      lose("the group has gone on without this member", true);
      return state_ == State::Stable ? drive() : again(kNow);
    case KafkaError::UnknownMemberId:
      if (generation != generation_) return;
      member_lost("the coordinator has forgotten this member");
      return state_ == State::Stable ? drive() : again(kNow);
    default:
      logger().warn("Heartbeat failed: {}", advice(outcome.value()));
      return after(backoff(), beats_, [this] { heartbeat(); });
  }
}

void GroupMember::heard(milliseconds sent, bool calm) {
  heard_ = std::max(heard_, sent);
  if (calm) calm_ = std::max(calm_, sent);
  if (!options_.lease) return;
  const milliseconds round = std::max(options_.rebalance_timeout, options_.session_timeout);
  options_.lease->renew(WorkLease::Clock::time_point(
      std::min(heard_ + options_.session_timeout, calm_ + round)));
}

// The coordinator gives the work away session.timeout.ms after the last heartbeat it got, which is
// not before it was sent; and rebalance.timeout.ms after a round has begun that this member does not
// get into, heartbeats or not. Work stops in good time before that.
void GroupMember::guard_session() {
  guarding_ = true;
  const milliseconds margin = options_.session_timeout / 3;
  const milliseconds limit = options_.session_timeout - margin;
  const milliseconds round_limit = std::max(options_.rebalance_timeout - margin, margin);
  milliseconds left = limit - (now_() - heard_);
  if (has_work_ && left <= kNow) {
    lose("no heartbeat was answered for two thirds of session.timeout.ms", true);
    drive();
  }
  if (has_work_ && state_ != State::Stable) {
    const milliseconds round_left = round_limit - (now_() - calm_);
    if (round_left <= kNow) {
      lose("this member did not get into a round within rebalance.timeout.ms", true);
      coordinator_lost("the join is not answered");
      again(kNow);
    }
    left = std::min(left, round_left);
  } else {
    left = std::min(left, margin);
  }
  after(has_work_ ? left : limit / 2, always_, [this] { guard_session(); });
}

// Ends.

void GroupMember::member_lost(const std::string& why) {
  member_.clear();
  generation_ = -1;
  if (options_.lease) options_.lease->end();
  lose(why, true);
}

void GroupMember::lose(const std::string& why, bool keep_claim) {
  rejoin_ = true;
  prepared_ = false;  // what stops now must have stopped before the next join
  if (!std::exchange(has_work_, false)) return;
  logger().warn("Giving up all work of this worker: {}", why);
  listener_->on_lost(why, keep_claim);
}

void GroupMember::fatal(KafkaError error, const char* request) {
  fatal(std::make_exception_ptr(ConnectException(std::string(request) + " " + options_.group_id +
                                                 " failed: " + advice(error))));
}

// As in Java, who could not prove who he is does not try again: accounts are locked that way.
bool GroupMember::refused(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    if (known.kind() != ErrorKind::Authentication) return false;
  } catch (...) {
    return false;
  }
  fatal(error);
  return true;
}

void GroupMember::fatal(std::exception_ptr error) {
  *alive_ = false;
  state_ = State::Unjoined;
  listener_->on_fatal(std::move(error));
}

}  // namespace millrace::group

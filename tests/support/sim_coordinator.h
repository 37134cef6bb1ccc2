#pragma once
// A model of the broker's group coordinator, and the client of each member on it over a network that
// can be slow, cut or lose answers. Time is the executor's.

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "millrace/errors.h"
#include "runtime/core/executor.h"
#include "runtime/group/coordinator_client.h"

namespace millrace::testing {

using namespace group;  // NOLINT: the model speaks its language

/// One group. Rules of connect-cluster.md §2.3, "Broker-side facts"; no initial delay.
class SimCoordinator {
 public:
  using Millis = std::chrono::milliseconds;
  enum class State : uint8_t { Empty, Preparing, Completing, Stable };

  explicit SimCoordinator(Executor& control) : control_(control) {}

  bool newest_leads = false;  // after a leader that has gone

  void join(const JoinRequest& request, std::function<void(JoinResponse)> answer) {
    JoinResponse refusal;
    if (request.member.empty()) {
      refusal.error = KafkaError::MemberIdRequired;
      refusal.member = "m-" + std::to_string(++ids_);
      pending_.insert(refusal.member);
      return answer(refusal);
    }
    if (!members_.contains(request.member) && !pending_.contains(request.member)) {
      refusal.error = KafkaError::UnknownMemberId;
      return answer(refusal);
    }
    pending_.erase(request.member);
    const bool known = members_.contains(request.member);
    Member& member = members_[request.member];
    const bool changed = !known || !same(member.protocols, request.protocols);
    member.protocols = request.protocols;
    member.session = request.session_timeout;
    member.rebalance = request.rebalance_timeout;
    if (leader_.empty()) leader_ = request.member;
    // A follower that has not changed is told the round that is.
    if (state_ == State::Stable && known && !changed && request.member != leader_) {
      touch(request.member);
      return answer(response_for(request.member));
    }
    member.join = std::move(answer);
    prepare();
  }

  void sync(const SyncRequest& request, std::function<void(SyncResponse)> answer) {
    if (const KafkaError error = check(request.member, request.generation);
        error != KafkaError::None) {
      return answer({error, {}});
    }
    touch(request.member);
    Member& member = members_[request.member];
    if (state_ == State::Preparing) return answer({KafkaError::RebalanceInProgress, {}});
    if (state_ == State::Stable) return answer({KafkaError::None, member.assignment});
    member.sync = std::move(answer);
    if (request.member != leader_) return;
    for (auto& [id, m] : members_) m.assignment.clear();
    for (const MemberAssignment& a : request.assignments) members_.at(a.member).assignment = a.assignment;
    state_ = State::Stable;
    for (auto& [id, m] : members_) {
      if (m.sync) std::exchange(m.sync, nullptr)({KafkaError::None, m.assignment});
    }
  }

  KafkaError heartbeat(const std::string& id, int32_t generation) {
    if (const KafkaError error = check(id, generation); error != KafkaError::None) return error;
    touch(id);
    return state_ == State::Preparing ? KafkaError::RebalanceInProgress : KafkaError::None;
  }

  KafkaError leave(const std::string& id) {
    if (!members_.contains(id)) return KafkaError::UnknownMemberId;
    remove(id);
    return KafkaError::None;
  }

  State state() const noexcept { return state_; }
  int32_t generation() const noexcept { return generation_; }
  std::vector<std::string> members() const {
    std::vector<std::string> ids;
    for (const auto& [id, member] : members_) ids.push_back(id);
    return ids;
  }

 private:
  struct Member {
    std::vector<ProtocolMetadata> protocols;
    Millis session{};
    Millis rebalance{};
    std::string assignment;
    uint64_t touched = 0;
    std::function<void(JoinResponse)> join;  // waiting for the round
    std::function<void(SyncResponse)> sync;
  };

  static bool same(const std::vector<ProtocolMetadata>& a, const std::vector<ProtocolMetadata>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
      return x.name == y.name && x.metadata == y.metadata;
    });
  }
  KafkaError check(const std::string& id, int32_t generation) const {
    if (!members_.contains(id)) return KafkaError::UnknownMemberId;
    return generation == generation_ ? KafkaError::None : KafkaError::IllegalGeneration;
  }
  void touch(const std::string& id) {
    Member& member = members_.at(id);
    const uint64_t mark = ++member.touched;
    control_.post_after(member.session, [this, id, mark] {
      const auto at = members_.find(id);
      if (at == members_.end() || at->second.touched != mark || at->second.join) return;
      remove(id);
    });
  }
  void remove(const std::string& id) {
    members_.erase(id);
    if (leader_ == id) leader_ = members_.empty() ? "" : next_leader();
    if (members_.empty()) {
      state_ = State::Empty;
      ++round_;
      return;
    }
    prepare();
  }
  void prepare() {
    if (state_ != State::Preparing) {
      for (auto& [id, m] : members_) {
        if (m.sync) std::exchange(m.sync, nullptr)({KafkaError::RebalanceInProgress, {}});
      }
      state_ = State::Preparing;
      Millis longest{0};
      for (const auto& [id, member] : members_) longest = std::max(longest, member.rebalance);
      control_.post_after(longest, [this, at = ++round_] {
        if (round_ != at || state_ != State::Preparing) return;
        std::erase_if(members_, [](const auto& entry) { return !entry.second.join; });
        complete();
      });
    }
    const bool all = std::all_of(members_.begin(), members_.end(),
                                 [](const auto& entry) { return bool(entry.second.join); });
    if (all) complete();
  }
  void complete() {
    ++round_;
    if (members_.empty()) {
      state_ = State::Empty;
      leader_.clear();
      return;
    }
    if (!members_.contains(leader_)) leader_ = next_leader();
    ++generation_;
    state_ = State::Completing;
    protocol_ = chosen_protocol();
    for (auto& [id, member] : members_) {
      touch(id);
      std::exchange(member.join, nullptr)(response_for(id));
    }
  }
  const std::string& next_leader() const {
    return newest_leads ? std::prev(members_.end())->first : members_.begin()->first;
  }
  /// Of the protocols that all offer, the one most members put first.
  std::string chosen_protocol() const {
    const auto offers = [](const Member& member, const std::string& name) {
      return std::any_of(member.protocols.begin(), member.protocols.end(),
                         [&name](const auto& p) { return p.name == name; });
    };
    std::map<std::string, int> votes;
    for (const auto& [id, member] : members_) {
      for (const ProtocolMetadata& p : member.protocols) {
        const bool common = std::all_of(members_.begin(), members_.end(), [&](const auto& other) {
          return offers(other.second, p.name);
        });
        if (!common) continue;
        ++votes[p.name];
        break;
      }
    }
    const auto most = std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) {
      return a.second < b.second;
    });
    return most == votes.end() ? "" : most->first;
  }
  JoinResponse response_for(const std::string& id) const {
    JoinResponse response{KafkaError::None, generation_, protocol_, leader_, id, {}};
    if (id != leader_) return response;
    for (const auto& [other, member] : members_) {
      for (const ProtocolMetadata& p : member.protocols) {
        if (p.name == protocol_) response.members.push_back({other, p.metadata});
      }
    }
    return response;
  }

  Executor& control_;
  std::map<std::string, Member> members_;
  std::set<std::string> pending_;
  State state_ = State::Empty;
  std::string leader_;
  std::string protocol_;
  int32_t generation_ = 0;
  uint64_t ids_ = 0;
  uint64_t round_ = 0;
};

/// A member's connection. The switches may be turned at any time.
class SimCoordinatorClient final : public CoordinatorClient {
 public:
  using Millis = std::chrono::milliseconds;
  using Delay = std::function<Millis()>;

  SimCoordinatorClient(Executor& control, SimCoordinator& coordinator, Delay delay)
      : control_(control), coordinator_(coordinator), delay_(std::move(delay)) {}

  bool cut = false;                     // nothing passes, either way, and nobody is told
  bool drop_joins = false;              // they alone get lost
  std::function<bool()> refuse;         // true: the connection breaks on this request

  void find(const std::string&, Callback<KafkaError> done) override {
    request<KafkaError>(kShort, std::move(done), [](auto answer) { answer(KafkaError::None); });
  }
  void join(const JoinRequest& r, Millis timeout, Callback<JoinResponse> done) override {
    request<JoinResponse>(timeout, std::move(done), [this, r](auto answer) {
      if (!drop_joins) coordinator_.join(r, answer);
    });
  }
  void sync(const SyncRequest& r, Callback<SyncResponse> done) override {
    request<SyncResponse>(kLong, std::move(done),
                          [this, r](auto answer) { coordinator_.sync(r, answer); });
  }
  void heartbeat(const std::string&, int32_t generation, const std::string& member,
                 Callback<KafkaError> done) override {
    request<KafkaError>(kLong, std::move(done), [this, generation, member](auto answer) {
      answer(coordinator_.heartbeat(member, generation));
    });
  }
  void leave(const std::string&, const std::string& member, Callback<KafkaError> done) override {
    request<KafkaError>(kLong, std::move(done),
                        [this, member](auto answer) { answer(coordinator_.leave(member)); });
  }
  void disconnect() noexcept override {
    for (const auto& fail : std::exchange(open_, {})) control_.post(fail);
  }

 private:
  static constexpr Millis kShort{1'000};
  static constexpr Millis kLong{40'000};  // request.timeout.ms

  template <class Response, class Call>
  void request(Millis timeout, Callback<Response> done, Call call) {
    const auto once = std::make_shared<Callback<Response>>(std::move(done));
    const auto finish = [once](Outcome<Response> outcome) {
      if (*once) std::exchange(*once, nullptr)(std::move(outcome));
    };
    const auto fail = [finish] {
      finish(std::make_exception_ptr(ConnectException("disconnected")));
    };
    if (refuse && refuse()) return control_.post(fail);
    open_.push_back(fail);
    control_.post_after(timeout, fail);
    // A worker that was killed hears nothing: its client is gone, the coordinator's answers are not.
    const std::weak_ptr<int> alive = alive_;
    control_.post_after(delay_(), [this, alive, finish, call] {
      if (alive.expired() || cut) return;
      call([this, alive, finish](Response response) {
        if (alive.expired()) return;
        control_.post_after(delay_(), [this, alive, finish, response] {
          if (!alive.expired() && !cut) finish(response);
        });
      });
    });
  }

  Executor& control_;
  SimCoordinator& coordinator_;
  Delay delay_;
  std::vector<std::function<void()>> open_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace millrace::testing

#include "runtime/group/group_member.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/manual_executor.h"
#include "tests/support/sim_coordinator.h"

namespace millrace::group {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ManualExecutor;
using testing::SimCoordinator;
using testing::SimCoordinatorClient;
using Millis = std::chrono::milliseconds;

constexpr int kItems = 7;

/// A worker that owns some of the items 0..6 and gives all up before each round (eager).
class Worker : public GroupListener {
 public:
  Worker(ManualExecutor& control, SimCoordinator& coordinator, uint64_t seed,
         SimCoordinatorClient::Delay delay = [] { return Millis{1}; })
      : client(control, coordinator, std::move(delay)),
        member(control, client, options(lease), [&control] { return control.now(); }, seed) {
    member.start(*this);
  }

  std::vector<ProtocolMetadata> metadata() override { return {{"default", "eager"}}; }
  void prepare_join(std::function<void()> ready) override {
    items.clear();
    ready();
  }
  std::vector<MemberAssignment> assign(const std::string&, const std::string&,
                                       const std::vector<MemberMetadata>& members) override {
    std::vector<MemberAssignment> result;
    for (const auto& m : members) result.push_back({m.member, {}});
    for (int i = 0; i < kItems; ++i) {
      result[static_cast<size_t>(i) % result.size()].assignment += static_cast<char>('0' + i);
    }
    return result;
  }
  void on_joined(const Joined& joined) override {
    items.insert(joined.assignment.begin(), joined.assignment.end());
    rounds.push_back(joined.generation);
  }
  void on_lost(const std::string& why, bool keep_claim) override {
    items.clear();
    lost.push_back(why + (keep_claim ? "" : " (claim dropped)"));
  }
  void on_fatal(std::exception_ptr error) override {
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& known) {
      fatal = known.what();
    }
  }

  static GroupOptions options(std::shared_ptr<WorkLease> lease) {
    GroupOptions options;
    options.group_id = "g";
    options.lease = std::move(lease);
    return options;
  }

  const std::shared_ptr<WorkLease> lease = std::make_shared<WorkLease>();
  SimCoordinatorClient client;
  std::set<char> items;
  std::vector<int32_t> rounds;
  std::vector<std::string> lost;
  std::string fatal;
  GroupMember member;
};

/// Keeps its items until it hears of other ones (cooperative).
class KeepingWorker final : public Worker {
 public:
  KeepingWorker(ManualExecutor& control, SimCoordinator& coordinator)
      : Worker(control, coordinator, 1) {}
  void prepare_join(std::function<void()> ready) override { ready(); }
  void on_joined(const Joined& joined) override {
    items.clear();
    Worker::on_joined(joined);
  }
};

class GroupMemberTest : public ::testing::Test {
 protected:
  void pass(Millis time) {
    for (Millis gone{0}; gone < time; gone += Millis{10}) {
      control_.run();
      control_.advance(Millis{10});
    }
    control_.run();
  }
  std::unique_ptr<Worker> worker(uint64_t seed = 1) {
    return std::make_unique<Worker>(control_, coordinator_, seed);
  }

  ManualExecutor control_;
  SimCoordinator coordinator_{control_};
};

TEST_F(GroupMemberTest, JoinsAloneAndLeads) {
  const auto a = worker();
  pass(Millis{200});
  EXPECT_TRUE(a->member.is_member());
  EXPECT_EQ(a->member.member_id(), "m-1");
  EXPECT_EQ(a->items.size(), size_t{kItems});
  EXPECT_THAT(a->rounds, ElementsAre(1));
}

TEST_F(GroupMemberTest, AHeartbeatTellsOfARebalance) {
  const auto a = worker();
  pass(Millis{200});
  const auto b = worker(2);
  pass(Millis{3'500});  // a hears of it within one heartbeat interval
  EXPECT_EQ(a->items.size() + b->items.size(), size_t{kItems});
  EXPECT_EQ(b->items.size(), 3U);
  EXPECT_THAT(a->lost, IsEmpty());
}

TEST_F(GroupMemberTest, RejoinsWhenAsked) {
  const auto a = worker();
  pass(Millis{200});
  a->member.request_rejoin("the test");
  a->member.request_rejoin("too late for the metadata of that round");
  pass(Millis{200});
  EXPECT_THAT(a->rounds, ElementsAre(1, 2, 3));
}

TEST_F(GroupMemberTest, LeavingHandsOverAtOnce) {
  const auto a = worker();
  const auto b = worker(2);
  pass(Millis{4'000});
  bool left = false;
  a->member.stop(Millis{1'000}, [&left](const Outcome<Done>&) { left = true; });
  pass(Millis{100});
  EXPECT_TRUE(left);
  EXPECT_THAT(coordinator_.members(), ElementsAre(b->member.member_id()));
  pass(Millis{3'500});
  EXPECT_EQ(b->items.size(), size_t{kItems});
}

TEST_F(GroupMemberTest, ASilentNetworkStopsWorkBeforeTheCoordinatorGivesItAway) {
  const auto a = worker();
  const auto b = worker(2);
  pass(Millis{4'000});
  a->client.cut = true;
  pass(Millis{6'700});
  EXPECT_THAT(a->items, IsEmpty());
  EXPECT_THAT(a->lost, ElementsAre(HasSubstr("two thirds of session.timeout.ms")));
  EXPECT_EQ(coordinator_.members().size(), 2U);
  pass(Millis{10'000});
  EXPECT_EQ(b->items.size(), size_t{kItems});
  a->client.cut = false;
  pass(Millis{120'000});
  EXPECT_EQ(a->items.size() + b->items.size(), size_t{kItems});
  EXPECT_FALSE(a->items.empty());
}

TEST_F(GroupMemberTest, TheLeaseEndsWithTheSession) {
  const auto held = [this](const Worker& worker) {
    return worker.lease->held(WorkLease::Clock::time_point(control_.now()));
  };
  const auto a = worker();
  const auto b = worker(2);
  pass(Millis{40'000});
  EXPECT_TRUE(held(*a));
  EXPECT_TRUE(held(*b));
  a->client.cut = true;
  pass(Millis{6'000});  // the last heartbeat is at most three seconds older
  EXPECT_TRUE(held(*a)) << "what stops in time may still commit";
  // The clock of a stopped process: nothing runs, and the lease has ended all the same.
  EXPECT_FALSE(a->lease->held(WorkLease::Clock::time_point(control_.now() + Millis{4'000})));
  while (coordinator_.members().size() == 2) {
    pass(Millis{10});
  }
  EXPECT_FALSE(held(*a)) << "the coordinator has given the work away";
  a->client.cut = false;
  pass(Millis{120'000});
  EXPECT_TRUE(held(*a));
}

TEST_F(GroupMemberTest, AForgottenMemberHasNoLease) {
  const auto a = worker();
  pass(Millis{200});
  coordinator_.leave(a->member.member_id());
  while (a->lost.empty()) {
    ASSERT_TRUE(a->lease->held(WorkLease::Clock::time_point(control_.now())));
    pass(Millis{10});
  }
  EXPECT_FALSE(a->lease->held(WorkLease::Clock::time_point(control_.now())) &&
               !a->member.is_member());
}

TEST_F(GroupMemberTest, WithoutACoordinatorWorkStopsAfterOneHeartbeatInterval) {
  const auto a = worker();
  pass(Millis{200});
  a->client.refuse = [] { return true; };
  pass(Millis{3'000});  // the next heartbeat breaks
  EXPECT_THAT(a->lost, IsEmpty());
  pass(Millis{3'100});
  EXPECT_THAT(a->lost, ElementsAre(HasSubstr("not found within heartbeat.interval.ms")));
  EXPECT_THAT(a->lost.front(), HasSubstr("claim dropped"));
  a->client.refuse = nullptr;
  pass(Millis{2'000});
  EXPECT_EQ(a->items.size(), size_t{kItems});
}

TEST_F(GroupMemberTest, ABrokenConnectionIsRepairedWithoutStoppingWork) {
  const auto a = worker();
  pass(Millis{200});
  int broken = 0;
  a->client.refuse = [&broken] { return broken++ == 0; };
  pass(Millis{20'000});
  EXPECT_GT(broken, 2);
  EXPECT_THAT(a->lost, IsEmpty());
  EXPECT_THAT(a->rounds, ElementsAre(1));
}

// The invariant of the group: an item has at most one owner at any time; and when the network is
// well again, exactly one.
TEST_F(GroupMemberTest, NoItemEverHasTwoOwners) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  constexpr int kSchedules = 60;
  constexpr int kSteps = 60;
  for (int schedule = 0; schedule < kSchedules; ++schedule) {
    std::mt19937_64 random(seed + static_cast<uint64_t>(schedule));
    ManualExecutor control;
    SimCoordinator coordinator(control);
    const auto delay = [&random] { return Millis{random() % 8 == 0 ? random() % 400 : random() % 20}; };
    std::vector<std::unique_ptr<Worker>> workers;
    const auto check = [&] {
      std::map<char, int> owners;
      for (const auto& w : workers) {
        for (const char item : w->items) ++owners[item];
      }
      for (const auto& [item, count] : owners) ASSERT_LE(count, 1) << item << " at " << control.now().count();
    };
    const auto pass_checked = [&](Millis time) {
      for (Millis gone{0}; gone < time; gone += Millis{10}) {
        control.run();
        check();
        control.advance(Millis{10});
        if (HasFatalFailure()) return;
      }
    };
    for (int step = 0; step < kSteps && !HasFatalFailure(); ++step) {
      Worker* one = workers.empty() ? nullptr : workers[random() % workers.size()].get();
      switch (random() % 7) {
        case 0:
        case 1:
          if (workers.size() < 4) {
            workers.push_back(std::make_unique<Worker>(control, coordinator, random(), delay));
          }
          break;
        case 2:
          if (one != nullptr) one->client.cut = !one->client.cut;
          break;
        case 3:
          if (one != nullptr) one->client.refuse = [&random] { return random() % 3 == 0; };
          break;
        case 4:
          if (one != nullptr) one->client.refuse = nullptr;
          break;
        case 5:
          if (one != nullptr) one->member.request_rejoin("the schedule");
          break;
        default:
          if (one != nullptr && random() % 3 == 0) {
            one->member.stop(Millis{100}, [](const Outcome<Done>&) {});
            one->items.clear();
            control.run();
            control.advance(Millis{1'000});
            std::erase_if(workers, [one](const auto& w) { return w.get() == one; });
          }
      }
      pass_checked(Millis{static_cast<int64_t>(random() % 6'000)});
    }
    if (HasFatalFailure()) return;
    for (const auto& w : workers) {
      w->client.cut = false;
      w->client.refuse = nullptr;
    }
    pass_checked(Millis{200'000});
    size_t owned = 0;
    for (const auto& w : workers) {
      ASSERT_EQ(w->fatal, "");
      owned += w->items.size();
    }
    ASSERT_EQ(owned, workers.empty() ? 0U : size_t{kItems}) << "schedule " << schedule;
  }
}

// The connection of the join is dead, that of the heartbeats is not: the coordinator gives the work away
// when rebalance.timeout.ms is over.
TEST_F(GroupMemberTest, WorkStopsBeforeARoundIsOverThatTheMemberDoesNotGetInto) {
  KeepingWorker a(control_, coordinator_);
  pass(Millis{200});
  ASSERT_EQ(a.items.size(), size_t{kItems});
  a.client.drop_joins = true;
  const auto b = worker(2);
  for (int i = 0; i < 70; ++i) {
    pass(Millis{1'000});
    ASSERT_TRUE(a.items.empty() || b->items.empty()) << "after " << i << " s";
  }
  EXPECT_EQ(b->items.size(), size_t{kItems});
  ASSERT_FALSE(a.lost.empty());
  EXPECT_EQ(a.lost[0], "this member did not get into a round within rebalance.timeout.ms");
}

}  // namespace
}  // namespace millrace::group

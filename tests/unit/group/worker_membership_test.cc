// Workers over the whole stack below the herder: membership, assignors, blobs, member, and a model of
// the coordinator behind a bad network.

#include "runtime/group/worker_membership.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "millrace/errors.h"
#include "tests/support/manual_executor.h"
#include "tests/support/sim_coordinator.h"

namespace millrace::group {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ManualExecutor;
using testing::SimCoordinator;
using testing::SimCoordinatorClient;
using Millis = std::chrono::milliseconds;
using Items = std::set<ConnectorTaskId>;  // a connector is its task -1

/// What all workers read of the config topic, at once.
struct SharedConfig {
  ConfigView view{1, {}};
  void set(const std::string& connector, int32_t tasks) {
    view.connectors[connector] = tasks;
    ++view.offset;
  }
};

/// Starts and stops without taking time, and rejoins as a herder does.
class Worker final : public MembershipListener {
 public:
  Worker(ManualExecutor& control, SimCoordinator& coordinator, SharedConfig& config,
         const std::string& name, ProtocolMode mode, int32_t max_delay_ms, uint64_t seed,
         SimCoordinatorClient::Delay delay)
      : control_(control),
        config_(config),
        client(control, coordinator, std::move(delay)),
        member(control, client, {.group_id = "g"}, [&control] { return control.now(); }, seed),
        membership(member, {mode, "http://" + name + ":8083/", max_delay_ms},
                   [&control] { return control.now(); }) {
    membership.start(*this);
  }
  ~Worker() override { *alive_ = false; }

  ConfigView config_view() override { return config_.view; }
  void on_assigned(const WorkerAssignment& assignment) override {
    ++rounds;
    version = assignment.version;
    if (assignment.failed) return member.request_rejoin("the configuration is behind");
    running.clear();
    for (const std::string& name : assignment.work.connectors) running.insert({name, -1});
    running.insert(assignment.work.tasks.begin(), assignment.work.tasks.end());
    const Work gone = not_configured(assignment.work);
    for (const std::string& name : gone.connectors) running.erase({name, -1});
    for (const ConnectorTaskId& id : gone.tasks) running.erase(id);
    membership.forget(gone);
    if (!assignment.revoked.empty()) {
      membership.forget_revoked();
      member.request_rejoin("work was revoked");
    } else if (!gone.empty()) {
      member.request_rejoin("work is not configured any more");
    } else if (assignment.delay_ms > 0) {
      control_.post_after(Millis{assignment.delay_ms},
                          [this, alive = alive_, generation = assignment.generation] {
                            if (!*alive || member.generation() != generation) return;
                            member.request_rejoin("the scheduled delay is over");
                          });
    }
  }
  void stop_all(const std::string&, std::function<void()> stopped) override {
    running.clear();
    stopped();
  }
  void on_fatal(std::exception_ptr error) override {
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& known) {
      fatal = known.what();
    }
  }

 private:
  /// Removed while this worker was away: the leader knows nothing of it any more.
  Work not_configured(const Work& work) const {
    Work gone;
    for (const std::string& name : work.connectors) {
      if (!config_.view.connectors.contains(name)) gone.connectors.push_back(name);
    }
    for (const ConnectorTaskId& id : work.tasks) {
      const auto at = config_.view.connectors.find(id.connector);
      if (at == config_.view.connectors.end() || id.task >= at->second) gone.tasks.push_back(id);
    }
    return gone;
  }

  ManualExecutor& control_;
  SharedConfig& config_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

 public:
  Items running;
  int rounds = 0;
  ProtocolVersion version = ProtocolVersion::Eager;
  std::string fatal;
  SimCoordinatorClient client;
  GroupMember member;
  WorkerMembership membership;
};

std::vector<std::string> names(const Items& items) {
  std::vector<std::string> all;
  for (const ConnectorTaskId& item : items) all.push_back(item.to_string());
  return all;
}

class Cluster {
 public:
  explicit Cluster(uint64_t seed, ProtocolMode mode = ProtocolMode::Sessioned,
                   int32_t max_delay_ms = 0)
      : random(seed), mode_(mode), max_delay_ms_(max_delay_ms) {}

  Worker& add(std::optional<ProtocolMode> mode = {}) {
    const std::string name = "w" + std::to_string(++names_);
    workers.push_back(std::make_unique<Worker>(
        control, coordinator, config, name, mode.value_or(mode_), max_delay_ms_, random(),
        [this] { return Millis{random() % 8 == 0 ? random() % 400 : random() % 20}; }));
    return *workers.back();
  }
  void kill(const Worker* worker) {
    std::erase_if(workers, [worker](const auto& w) { return w.get() == worker; });
  }
  /// Fails the test when something runs twice.
  void pass(Millis time) {
    for (Millis gone{0}; gone < time; gone += Millis{10}) {
      control.run();
      std::map<ConnectorTaskId, int> owners;
      for (const auto& w : workers) {
        for (const auto& item : w->running) {
          ASSERT_EQ(++owners[item], 1) << item.to_string() << " at " << control.now().count();
        }
      }
      control.advance(Millis{10});
    }
  }
  /// Everything configured runs, spread by at most one connector and one task.
  void expect_settled() {
    Items wanted;
    for (const auto& [name, tasks] : config.view.connectors) {
      for (int32_t task = -1; task < tasks; ++task) wanted.insert({name, task});
    }
    Items running;
    std::vector<size_t> connectors;
    std::vector<size_t> tasks;
    for (const auto& w : workers) {
      ASSERT_EQ(w->fatal, "");
      running.insert(w->running.begin(), w->running.end());
      const auto n = static_cast<size_t>(std::count_if(
          w->running.begin(), w->running.end(), [](const auto& item) { return item.task < 0; }));
      connectors.push_back(n);
      tasks.push_back(w->running.size() - n);
    }
    ASSERT_EQ(names(running), names(wanted));
    for (const auto* counts : {&connectors, &tasks}) {
      const auto [low, high] = std::minmax_element(counts->begin(), counts->end());
      ASSERT_LE(*high - *low, 1U);
    }
  }

  std::mt19937_64 random;
  ManualExecutor control;
  SimCoordinator coordinator{control};
  SharedConfig config;
  std::vector<std::unique_ptr<Worker>> workers;

 private:
  const ProtocolMode mode_;
  const int32_t max_delay_ms_;
  int names_ = 0;
};

TEST(WorkerMembershipTest, WorkIsSharedAndHandedOver) {
  Cluster cluster(1);
  cluster.config.set("a", 3);
  cluster.config.set("b", 2);
  Worker& first = cluster.add();
  cluster.pass(Millis{3'000});
  cluster.expect_settled();
  EXPECT_NE(first.membership.leader_state(), nullptr);
  EXPECT_EQ(first.membership.leader_state()->owner_url(ConnectorTaskId{"a", 0}),
            "http://w1:8083/");
  cluster.add();
  cluster.pass(Millis{15'000});
  cluster.expect_settled();
  cluster.kill(&first);
  cluster.pass(Millis{30'000});
  cluster.expect_settled();
}

TEST(WorkerMembershipTest, ADepartedFollowersWorkWaitsForTheDelay) {
  Cluster cluster(2, ProtocolMode::Sessioned, 60'000);
  cluster.config.set("a", 4);
  cluster.add();
  cluster.pass(Millis{1'000});
  const Worker& second = cluster.add();
  cluster.pass(Millis{20'000});
  cluster.expect_settled();
  const size_t kept = cluster.workers[0]->running.size();
  cluster.kill(&second);
  cluster.pass(Millis{30'000});
  EXPECT_EQ(cluster.workers[0]->running.size(), kept);
  cluster.pass(Millis{60'000});
  cluster.expect_settled();
}

// One old worker holds the whole group to the oldest protocol.
TEST(WorkerMembershipTest, AnEagerWorkerDowngradesTheGroup) {
  Cluster cluster(3);
  cluster.config.set("a", 4);
  cluster.add();
  cluster.pass(Millis{2'000});
  EXPECT_EQ(cluster.workers[0]->version, ProtocolVersion::Sessioned);
  cluster.add(ProtocolMode::Eager);
  cluster.pass(Millis{20'000});
  cluster.expect_settled();
  EXPECT_EQ(cluster.workers[0]->version, ProtocolVersion::Eager);
}

TEST(WorkerMembershipTest, AMemberWithAnUnknownFormatIsLeftOut) {
  Cluster cluster(4);
  cluster.config.set("a", 4);
  cluster.add();
  cluster.add();
  cluster.pass(Millis{10'000});
  cluster.expect_settled();
  JoinRequest stranger{"g", Millis{10'000}, Millis{60'000}, "", {{"sessioned", "junk"}}};
  std::string assignment = "none";
  const auto join = [&](auto&& self) -> void {
    cluster.coordinator.join(stranger, [&, self](const JoinResponse& answer) {
      stranger.member = answer.member;
      if (answer.error == KafkaError::MemberIdRequired) return self(self);
      ASSERT_EQ(answer.error, KafkaError::None);
      cluster.coordinator.sync({"g", answer.generation, answer.member, {}},
                               [&](const SyncResponse& synced) { assignment = synced.assignment; });
    });
  };
  join(join);
  cluster.pass(Millis{8'000});  // within the stranger's session
  EXPECT_EQ(assignment, "");
  cluster.expect_settled();
  cluster.pass(Millis{30'000});
  cluster.expect_settled();
}

TEST(WorkerMembershipTest, ModesAreReadInAnyCase) {
  EXPECT_EQ(parse_protocol_mode("EAGER"), ProtocolMode::Eager);
  EXPECT_EQ(parse_protocol_mode("sessioned"), ProtocolMode::Sessioned);
  try {
    parse_protocol_mode("lazy");
    FAIL();
  } catch (const ConfigException& error) {
    EXPECT_THAT(error.what(), HasSubstr("connect.protocol"));
  }
}

// Joins, crashes, partitions, broken connections and changed configurations in any order: nothing ever
// runs twice, and afterwards all of it runs once, evenly.
TEST(WorkerMembershipTest, AnyScheduleSettles) {
  const char* const given = std::getenv("MILLRACE_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  constexpr int kSchedules = 40;
  constexpr int kSteps = 40;
  for (int schedule = 0; schedule < kSchedules; ++schedule) {
    SCOPED_TRACE("schedule " + std::to_string(schedule));
    Cluster cluster(seed + static_cast<uint64_t>(schedule),
                    schedule % 5 == 0 ? ProtocolMode::Eager : ProtocolMode::Sessioned,
                    schedule % 2 == 0 ? 0 : 20'000);
    auto& random = cluster.random;
    cluster.add();
    for (int step = 0; step < kSteps; ++step) {
      auto& workers = cluster.workers;
      Worker& one = *workers[random() % workers.size()];
      switch (random() % 7) {
        case 0:
          if (workers.size() < 4) cluster.add();
          break;
        case 1:
          if (workers.size() > 1 && random() % 2 == 0) cluster.kill(&one);
          break;
        case 2:
          one.client.cut = !one.client.cut;
          break;
        case 3:
          one.client.refuse = [&random] { return random() % 3 == 0; };
          break;
        case 4:
          one.client.refuse = nullptr;
          break;
        default: {
          const std::string name(1, static_cast<char>('a' + random() % 4));
          cluster.config.set(name, static_cast<int32_t>(random() % 5));
          // Every herder sees the change and asks for a round.
          for (const auto& w : workers) w->member.request_rejoin("the configuration changed");
        }
      }
      cluster.pass(Millis{static_cast<int64_t>(random() % 6'000)});
      if (::testing::Test::HasFatalFailure()) return;
    }
    for (const auto& w : cluster.workers) {
      w->client.cut = false;
      w->client.refuse = nullptr;
    }
    cluster.pass(Millis{300'000});
    if (::testing::Test::HasFatalFailure()) return;
    cluster.expect_settled();
    if (::testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace millrace::group

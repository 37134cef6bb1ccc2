// Random operations, answers in random interleavings, failures and time-outs: what must always
// hold.

#include <cstdlib>
#include <memory>
#include <random>

#include "tests/unit/herder/herder_fixture.h"

namespace millrace::testing {
namespace {

constexpr int kSeeds = 150;
constexpr int kSteps = 120;

/// One seeded run over a fresh herder.
class Simulation final : public HerderTest {
 public:
  explicit Simulation(unsigned seed) : random_(seed) {}
  void TestBody() override {}

  void run_steps(bool with_time_outs) {
    worker_.manual = true;
    for (int i = 0; i < kSteps; ++i) {
      step(with_time_outs);
      check_always();
    }
    settle();
    check_always();
  }

  /// Every operation is answered once; everything can be deleted, and then nothing is left.
  void check_end() {
    control_.advance(options_.limits.time);
    settle();
    for (const auto& calls : answered_) EXPECT_EQ(*calls, 1);
    worker_.manual = false;
    for (const std::string& name : herder_->connectors()) remove(name);
    run();
    EXPECT_TRUE(herder_->connectors().empty());
    EXPECT_TRUE(worker_.connectors.empty());
    EXPECT_TRUE(worker_.tasks.empty());
  }

  /// Holds when nothing is under way and nothing timed out.
  void check_settled() {
    for (const auto& calls : answered_) EXPECT_EQ(*calls, 1);
    for (const auto& [id, task] : worker_.tasks) {
      ASSERT_TRUE(known(id.connector)) << id.to_string() << " runs without its connector";
      EXPECT_LT(static_cast<size_t>(id.task), task_count(id.connector)) << id.to_string();
    }
    for (const std::string& name : herder_->connectors()) {
      EXPECT_TRUE(worker_.connectors.contains(name)) << name;
      const ConnectorStateInfo info = herder_->connector_status(name);
      EXPECT_EQ(info.tasks.size(), task_count(name)) << name;
      for (const auto& [number, status] : info.tasks) {
        EXPECT_TRUE(worker_.tasks.contains({name, number})) << name << "-" << number;
        EXPECT_NE(status.state, State::Restarting);
        EXPECT_NE(status.state, State::Unassigned);
      }
      EXPECT_NE(info.connector.state, State::Restarting);
      if (info.connector.state == State::Stopped) {
        EXPECT_EQ(task_count(name), 0U) << name;
      }
    }
  }

 private:
  int pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  std::string any_name() { return std::string(1, static_cast<char>('a' + pick(3))); }

  template <class T>
  Callback<T> counted() {
    const auto calls = std::make_shared<int>(0);
    answered_.push_back(calls);
    return [calls](const Outcome<T>&) { ++*calls; };
  }

  void change_the_world() {
    const std::string name = any_name();
    switch (pick(6)) {
      case 0:
        worker_.task_counts[name] = pick(4);
        break;
      case 1:
        worker_.start_errors[name] = "start broke";
        break;
      case 2:
        worker_.task_config_errors[name] = "configs broke";
        break;
      case 3:
        worker_.listener->on_reconfiguration_requested(name);
        break;
      case 4:
        worker_.task_status({name, pick(4)}, State::Failed, "task broke");
        break;
      default:
        worker_.start_errors.clear();
        worker_.task_config_errors.clear();
    }
  }

  void ask() {
    const std::string name = any_name();
    switch (pick(10)) {
      case 0:
      case 1:
        herder_->put_connector(name, source_config({{"v", std::to_string(pick(3))}}),
                               static_cast<TargetState>(pick(3)), false,
                               counted<CreatedConnector>());
        break;
      case 2:
        herder_->put_connector(name, source_config({{"v", std::to_string(pick(3))}}), {}, true,
                               counted<CreatedConnector>());
        break;
      case 3:
        herder_->patch_connector(name, {{"v", std::to_string(pick(3))}}, counted<ConnectorInfo>());
        break;
      case 4:
        herder_->delete_connector(name, counted<Done>());
        break;
      case 5:
        error_of([&] {
          if (pick(2) == 0) herder_->pause_connector(name, ignored());
          herder_->resume_connector(name, ignored());
        });
        break;
      case 6:
        herder_->stop_connector(name, counted<Done>());
        break;
      case 7:
        herder_->restart_connector(name, counted<Done>());
        break;
      case 8:
        herder_->restart_task({name, pick(4)}, counted<Done>());
        break;
      default:
        herder_->restart_connector_and_tasks({name, pick(2) == 0, pick(2) == 0},
                                             counted<ConnectorStateInfo>());
    }
  }

  void step(bool with_time_outs) {
    switch (pick(8)) {
      case 0:
      case 1:
        ask();
        break;
      case 2:
        change_the_world();
        break;
      case 3:
        slow_.run_one();
        break;
      case 4:
        worker_.answer_one();
        break;
      case 5:
        if (with_time_outs && pick(20) == 0) control_.advance(options_.limits.time);
        break;
      default:
        control_.run_one();
    }
  }

  void settle() {
    do {
      run();
    } while (worker_.answer_one());
  }

  /// Holds at every moment.
  void check_always() {
    for (const auto& [name, connector] : worker_.connectors) {
      EXPECT_TRUE(known(name)) << name << " runs but is not registered";
    }
    for (const char* name : {"a", "b", "c"}) {
      if (known(name)) continue;
      EXPECT_NE(error_of([&] { herder_->connector_status(name); }), "none") << name;
      for (int32_t task = 0; task < 4; ++task) {
        EXPECT_NE(error_of([&] { herder_->task_status({name, task}); }), "none") << name << task;
      }
    }
  }

  bool known(const std::string& name) const {
    const auto names = herder_->connectors();
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  std::mt19937 random_;
  std::vector<std::shared_ptr<int>> answered_;
};

unsigned first_seed() {
  const char* text = std::getenv("MILLRACE_TEST_SEED");
  return text != nullptr ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : 1U;
}

TEST(HerderPropertyTest, InvariantsHold) {
  for (unsigned seed = first_seed(); seed < first_seed() + kSeeds; ++seed) {
    SCOPED_TRACE("MILLRACE_TEST_SEED=" + std::to_string(seed));
    Simulation simulation(seed);
    simulation.run_steps(false);
    simulation.check_settled();
    simulation.check_end();
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(HerderPropertyTest, InvariantsHoldWithTimeOuts) {
  for (unsigned seed = first_seed(); seed < first_seed() + kSeeds; ++seed) {
    SCOPED_TRACE("MILLRACE_TEST_SEED=" + std::to_string(seed));
    Simulation simulation(seed);
    simulation.run_steps(true);
    simulation.check_end();
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace millrace::testing

// Workers and connectors that fail or never answer.

#include "tests/unit/herder/herder_fixture.h"

namespace millrace::testing {
namespace {

class HerderFailureTest : public HerderTest {};

TEST_F(HerderFailureTest, FailingStartIsAnErrorAndLeavesTheConnectorRegistered) {
  worker_.start_errors["a"] = "disk is on fire";
  const auto answer = put("a", source_config());
  run();
  EXPECT_EQ(answer.error(), "500 Failed to transition connector a to state STARTED");
  EXPECT_EQ(herder_->connectors(), Calls{"a"});
  EXPECT_EQ(state("a"), State::Failed);
  EXPECT_EQ(herder_->connector_status("a").connector.trace, "disk is on fire");
  EXPECT_EQ(task_count("a"), 0U);
  // Repaired, it gets its tasks on restart.
  worker_.start_errors.clear();
  const auto repaired = restart("a");
  run();
  EXPECT_EQ(repaired.error(), "none");
  EXPECT_EQ(task_state("a", 0), State::Running);
}

TEST_F(HerderFailureTest, FailingTaskConfigsAreAnErrorAndNoHang) {
  worker_.task_config_errors["a"] = "cannot count";
  const auto answer = put("a", source_config());
  run();
  EXPECT_EQ(answer.error(), "500 cannot count");
  EXPECT_EQ(state("a"), State::Failed);
  EXPECT_EQ(herder_->connectors(), Calls{"a"});
}

TEST_F(HerderFailureTest, TaskConfigsThatNeverComeEndInATimeOut) {
  worker_.silent.insert("configs");
  const auto answer = put("a", source_config());
  run();
  EXPECT_EQ(answer.error(), "open");
  EXPECT_EQ(herder_->connector_info("a").name, "a");  // reads do not wait
  control_.advance(options_.limits.time);
  EXPECT_EQ(answer.error(),
            "500 configuring connector a: no answer within 80000 ms; it may still take effect");
  worker_.silent.clear();
  const auto removed = remove("a");
  run();
  EXPECT_EQ(removed.error(), "none");
  EXPECT_TRUE(worker_.connectors.empty());
}

TEST_F(HerderFailureTest, AHangingConnectorDelaysItselfOnly) {
  worker_.silent.insert("start");
  const auto hanging = put("a", source_config());
  run();
  worker_.silent.clear();
  const auto waiting = remove("a");
  const auto other = put("b", source_config());
  run();
  EXPECT_EQ(other.error(), "none");
  EXPECT_EQ(waiting.error(), "open");
  control_.advance(options_.limits.time);
  EXPECT_EQ(hanging.error().substr(0, 32), "500 configuring connector a: no ");
  EXPECT_EQ(waiting.error(), "none");
  EXPECT_EQ(herder_->connectors(), Calls{"b"});
}

TEST_F(HerderFailureTest, LateAnswersAreIgnored) {
  worker_.manual = true;
  const auto answer = put("a", source_config());
  run();
  control_.advance(options_.limits.time);
  EXPECT_EQ(answer.error().substr(0, 4), "500 ");
  worker_.take_calls();
  while (worker_.answer_one()) run();
  EXPECT_TRUE(worker_.take_calls().empty());  // no task configurations are asked for
  EXPECT_EQ(state("a"), State::Running);      // but what the worker says is believed
  EXPECT_EQ(answer.outcomes->size(), 1U);
}

TEST_F(HerderFailureTest, UnreadableSecretsFailTheConnector) {
  create("a");
  ConfigTransformer::Providers providers;
  providers["file"] = make_config_provider("File", {});
  transformer_ = ConfigTransformer(std::move(providers));
  const auto answer = put("a", source_config({{"secret", "${file:/nowhere/x:k}"}}), {}, true);
  run();
  EXPECT_EQ(answer.error(), "500 Could not read properties from file /nowhere/x");
  EXPECT_EQ(state("a"), State::Running);  // refused before anything was touched
}

TEST_F(HerderFailureTest, SecretsThatVanishFailWhatStarts) {
  class Breakable final : public ConfigProvider {
   public:
    Properties get(const std::string&, const std::set<std::string>&) const override {
      if (broken) throw ConfigException("the vault is closed");
      return {{"K", "v"}};
    }
    bool broken = false;
  };
  const auto vault = std::make_shared<Breakable>();
  transformer_ = ConfigTransformer({{"vault", vault}});
  create("a", {{"secret", "${vault:K}"}});
  vault->broken = true;
  const auto task = restart_task({"a", 0});
  run();
  EXPECT_EQ(task.error(), "500 the vault is closed");
  EXPECT_EQ(task_state("a", 0), State::Failed);
  const auto connector = restart("a");
  run();
  EXPECT_EQ(connector.error(), "500 Failed to transition connector a to state STARTED");
  EXPECT_EQ(state("a"), State::Failed);
  EXPECT_NE(herder_->connector_status("a").connector.trace.find("the vault is closed"),
            std::string::npos);
  vault->broken = false;
  const auto all = restart_all({"a", true, true});
  run();
  EXPECT_EQ(all.error(), "none");
  EXPECT_EQ(state("a"), State::Running);
  EXPECT_EQ(task_state("a", 0), State::Running);
}

TEST_F(HerderFailureTest, FailedResumeShowsInTheStatusAndTheNextOneWorks) {
  create("a", {}, TargetState::Paused);
  worker_.start_errors["a"] = "not now";
  herder_->resume_connector("a", ignored());
  run();
  EXPECT_EQ(state("a"), State::Failed);
  EXPECT_EQ(task_count("a"), 0U);
  worker_.start_errors.clear();
  herder_->resume_connector("a", ignored());
  run();
  EXPECT_EQ(state("a"), State::Running);
  EXPECT_EQ(task_count("a"), 1U);
}

TEST_F(HerderFailureTest, StoppedIsReachableFromFailed) {
  worker_.start_errors["a"] = "no";
  put("a", source_config());
  run();
  const auto answer = stop("a");
  run();
  EXPECT_EQ(answer.error(), "none");
  EXPECT_EQ(state("a"), State::Stopped);
}

TEST_F(HerderFailureTest, WaitingOperationsHaveALimit) {
  options_.limits.waiting = 2;
  make_herder();
  worker_.silent.insert("start");
  put("a", source_config());
  run();
  const auto first = remove("a");
  const auto second = remove("a");
  const auto third = remove("a");
  EXPECT_EQ(third.error(),
            "500 deleting connector a: 2 operations are waiting for this connector already; try "
            "again later");
  control_.advance(options_.limits.time);
  EXPECT_EQ(first.error(), "none");
  EXPECT_EQ(second.error(), "404 Connector a not found");
}

TEST_F(HerderFailureTest, OperationsOnOneConnectorRunInOrder) {
  worker_.manual = true;
  const auto created = put("a", source_config());
  run();
  const auto stopped = stop("a");
  const auto restarted = restart("a");
  const auto removed = remove("a");
  const auto again = put("a", source_config());
  int ended = 0;
  while (worker_.answer_one()) {
    run();
    // Answers come in the order of the requests.
    const std::vector<bool> given = {created.given(), stopped.given(), restarted.given(),
                                     removed.given(), again.given()};
    EXPECT_TRUE(std::is_sorted(given.begin(), given.end(), std::greater<>()));
    const auto count = static_cast<int>(std::count(given.begin(), given.end(), true));
    EXPECT_LE(count, ended + 1);
    ended = count;
  }
  EXPECT_EQ(ended, 5);
  for (const auto& error :
       {created.error(), stopped.error(), restarted.error(), removed.error(), again.error()}) {
    EXPECT_EQ(error, "none");
  }
  EXPECT_EQ(worker_.take_calls(),
            (Calls{"start a STARTED", "configs a", "start a-0 STARTED", "stop a-0",
                   "target a STOPPED", "stop a", "start a STOPPED", "stop a", "start a STARTED",
                   "configs a", "start a-0 STARTED"}));
}

TEST_F(HerderFailureTest, AHerderThatGoesAwayWithOpenOperationsIsSafe) {
  worker_.manual = true;
  const auto running = put("a", source_config());
  const auto waiting = remove("a");
  slow_.run();
  control_.run();
  herder_.reset();
  control_.advance(options_.limits.time);
  EXPECT_FALSE(running.given());
  EXPECT_FALSE(waiting.given());
}

}  // namespace
}  // namespace millrace::testing

// Creating, reading, changing and deleting connectors.

#include "tests/unit/herder/herder_fixture.h"

namespace millrace::testing {
namespace {

class HerderConfigTest : public HerderTest {};

TEST_F(HerderConfigTest, CreateStartsTheConnectorAndItsTasksBeforeItAnswers) {
  worker_.task_counts["a"] = 2;
  const auto answer = put("a", source_config());
  EXPECT_FALSE(answer.given());
  run();
  EXPECT_TRUE(answer.value().created);
  const ConnectorInfo& info = answer.value().info;
  EXPECT_EQ(info.name, "a");
  EXPECT_EQ(info.type, ConnectorType::Source);
  EXPECT_EQ(info.config, source_config({{"name", "a"}}));
  EXPECT_EQ(info.tasks, (std::vector<ConnectorTaskId>{{"a", 0}, {"a", 1}}));
  EXPECT_EQ(worker_.take_calls(),
            (Calls{"start a STARTED", "configs a", "start a-0 STARTED", "start a-1 STARTED"}));
  EXPECT_EQ(state("a"), State::Running);
  EXPECT_EQ(task_state("a", 1), State::Running);
  EXPECT_EQ(herder_->connectors(), Calls{"a"});
  EXPECT_EQ(herder_->task_infos("a").at(1).config.at("task.class"), "T");
  const ConnectorStateInfo status = herder_->connector_status("a");
  EXPECT_EQ(status.type, ConnectorType::Source);
  EXPECT_EQ(status.tasks.size(), 2U);
}

TEST_F(HerderConfigTest, ValidationRunsOnTheSlowExecutorWhileReadsGoOn) {
  const auto answer = put("a", source_config());
  control_.run();
  EXPECT_FALSE(answer.given());
  EXPECT_TRUE(worker_.calls.empty());
  EXPECT_TRUE(herder_->connectors().empty());
  EXPECT_EQ(herder_->stage().rfind("configuring connector a, which began at ", 0), 0U);
  run();
  EXPECT_TRUE(answer.given());
  EXPECT_EQ(herder_->stage(), "");
}

TEST_F(HerderConfigTest, InvalidConfigIsRefusedWithAllMessages) {
  const auto answer = put("a", {{"connector.class", "TestSource"}, {"tasks.max", "0"}});
  run();
  EXPECT_EQ(answer.error(),
            "400 Connector configuration is invalid and contains the following 2 error(s):\n"
            "Invalid value 0 for configuration tasks.max: Value must be at least 1\n"
            "Missing required configuration \"topic\" which has no default value.\n"
            "You can also find the above list of errors at the endpoint "
            "`/connector-plugins/{connectorType}/config/validate`");
  EXPECT_TRUE(herder_->connectors().empty());
  EXPECT_TRUE(worker_.calls.empty());
}

TEST_F(HerderConfigTest, ClassErrorsAreBadRequests) {
  const auto without = put("a", {{"topic", "t"}});
  const auto unknown = put("b", {{"connector.class", "Nope"}});
  run();
  EXPECT_EQ(without.error(), "400 Connector config {name=a, topic=t} contains no connector type");
  EXPECT_EQ(unknown.error().rfind("400 Failed to find any class that implements Connector", 0), 0U);
}

TEST_F(HerderConfigTest, ExistingNameIsAConflictAfterValidation) {
  create("a");
  const auto valid = put("a", source_config());
  run();
  EXPECT_EQ(valid.error(), "409 Connector a already exists");
  const auto invalid = put("a", {{"connector.class", "TestSource"}});
  run();
  EXPECT_EQ(invalid.error().substr(0, 4), "400 ");
  EXPECT_TRUE(worker_.calls.empty());
}

TEST_F(HerderConfigTest, InitialStatePausedOrStoppedMakesNoTasks) {
  create("p", {}, TargetState::Paused);
  create("s", {}, TargetState::Stopped);
  EXPECT_EQ(state("p"), State::Paused);
  EXPECT_EQ(state("s"), State::Stopped);
  EXPECT_EQ(task_count("p"), 0U);
  EXPECT_EQ(task_count("s"), 0U);
  herder_->resume_connector("p", ignored());
  herder_->resume_connector("s", ignored());
  run();
  EXPECT_EQ(state("p"), State::Running);
  EXPECT_EQ(task_state("s", 0), State::Running);
}

TEST_F(HerderConfigTest, PutReplacesAndRestartsTasksOnlyForAChange) {
  create("a");
  const auto same = put("a", source_config({{"name", "a"}}), {}, true);
  run();
  EXPECT_FALSE(same.value().created);
  EXPECT_EQ(worker_.take_calls(), (Calls{"stop a", "start a STARTED", "configs a"}));
  const auto other = put("a", source_config({{"more", "x"}}), {}, true);
  run();
  EXPECT_EQ(other.value().info.config.at("more"), "x");
  EXPECT_EQ(worker_.take_calls(),
            (Calls{"stop a", "start a STARTED", "configs a", "stop a-0", "start a-0 STARTED"}));
  EXPECT_EQ(worker_.tasks.at({"a", 0}).connector_config.at("more"), "x");
}

TEST_F(HerderConfigTest, PutKeepsThePausedState) {
  create("a");
  herder_->pause_connector("a", ignored());
  run();
  worker_.take_calls();
  const auto answer = put("a", source_config({{"more", "x"}}), {}, true);
  run();
  EXPECT_EQ(answer.error(), "none");
  EXPECT_EQ(worker_.take_calls(), (Calls{"stop a", "start a PAUSED"}));
  EXPECT_EQ(state("a"), State::Paused);
  // The old tasks stay, paused, until the resume.
  EXPECT_EQ(task_count("a"), 1U);
  herder_->resume_connector("a", ignored());
  run();
  EXPECT_EQ(worker_.tasks.at({"a", 0}).config.at("more"), "x");
}

TEST_F(HerderConfigTest, FewerTasksLeaveNoStatusBehind) {
  worker_.task_counts["a"] = 3;
  create("a");
  worker_.task_counts["a"] = 1;
  put("a", source_config({{"more", "x"}}), {}, true);
  run();
  EXPECT_EQ(herder_->connector_status("a").tasks.size(), 1U);
  EXPECT_EQ(error_of([&] { herder_->task_status({"a", 2}); }), "404 No status found for task a-2");
}

TEST_F(HerderConfigTest, PatchSetsAndRemovesKeys) {
  create("a", {{"old", "1"}});
  Answer<ConnectorInfo> answer;
  herder_->patch_connector("a", {{"old", std::nullopt}, {"new", "2"}}, answer.callback());
  run();
  EXPECT_EQ(answer.value().config, source_config({{"name", "a"}, {"new", "2"}}));
  Answer<ConnectorInfo> invalid;
  herder_->patch_connector("a", {{"topic", std::nullopt}}, invalid.callback());
  run();
  EXPECT_EQ(invalid.error().substr(0, 4), "400 ");
  EXPECT_EQ(herder_->connector_info("a").config.at("topic"), "t");
  Answer<ConnectorInfo> absent;
  herder_->patch_connector("b", {}, absent.callback());
  run();
  EXPECT_EQ(absent.error(), "404 Connector b not found");
}

TEST_F(HerderConfigTest, PatchesThatFollowEachOtherAddUp) {
  create("a");
  Answer<ConnectorInfo> first;
  Answer<ConnectorInfo> second;
  herder_->patch_connector("a", {{"x", "1"}}, first.callback());
  herder_->patch_connector("a", {{"y", "2"}}, second.callback());
  run();
  EXPECT_FALSE(first.value().config.contains("y"));
  EXPECT_EQ(second.value().config.at("x"), "1");
  EXPECT_EQ(second.value().config.at("y"), "2");
}

TEST_F(HerderConfigTest, DeleteLeavesNothing) {
  create("a");
  worker_.listener->on_active_topic({"a", 0}, "t");
  const auto answer = remove("a");
  run();
  EXPECT_EQ(answer.error(), "none");
  EXPECT_EQ(worker_.take_calls(), (Calls{"stop a-0", "stop a"}));
  EXPECT_TRUE(herder_->connectors().empty());
  // Late reports change nothing.
  worker_.status("a", State::Running);
  worker_.task_status({"a", 0}, State::Running);
  worker_.listener->on_active_topic({"a", 0}, "t");
  worker_.listener->on_reconfiguration_requested("a");
  run();
  EXPECT_EQ(error_of([&] { herder_->connector_status("a"); }),
            "404 No status found for connector a");
  EXPECT_EQ(error_of([&] { herder_->task_status({"a", 0}); }), "404 No status found for task a-0");
  EXPECT_TRUE(herder_->active_topics("a").empty());
  EXPECT_TRUE(worker_.calls.empty());
  const auto again = remove("a");
  run();
  EXPECT_EQ(again.error(), "404 Connector a not found");
}

TEST_F(HerderConfigTest, ReadsOfUnknownConnectorsAreNotFound) {
  EXPECT_EQ(error_of([&] { herder_->connector_info("x"); }), "404 Connector x not found");
  EXPECT_EQ(error_of([&] { herder_->task_infos("x"); }), "404 Connector x not found");
  EXPECT_EQ(error_of([&] { herder_->connector_status("x"); }),
            "404 No status found for connector x");
}

TEST_F(HerderConfigTest, SecretsAreResolvedAtUseAndNeverStored) {
  ConfigTransformer::Providers providers;
  providers["e"] = make_env_var_provider({}, {{"P", "hush"}});
  transformer_ = ConfigTransformer(std::move(providers));
  create("a", {{"secret", "${e:P}"}});
  EXPECT_EQ(worker_.connectors.at("a").config.at("secret"), "hush");
  EXPECT_EQ(worker_.tasks.at({"a", 0}).config.at("secret"), "hush");
  EXPECT_EQ(worker_.tasks.at({"a", 0}).connector_config.at("secret"), "hush");
  EXPECT_EQ(herder_->connector_info("a").config.at("secret"), "${e:P}");
  EXPECT_EQ(herder_->task_infos("a").at(0).config.at("secret"), "${e:P}");
  // A rotated secret alone does not replace tasks, but whoever starts gets the new one.
  providers["e"] = make_env_var_provider({}, {{"P", "rotated"}});
  transformer_ = ConfigTransformer(std::move(providers));
  restart_task({"a", 0});
  run();
  EXPECT_EQ(worker_.tasks.at({"a", 0}).config.at("secret"), "rotated");
}

TEST_F(HerderConfigTest, ValidateCountsNulls) {
  Answer<ConfigInfos> answer;
  herder_->validate({{"connector.class", "TestSource"}, {"name", "n"}, {"topic", std::nullopt}},
                    answer.callback());
  EXPECT_FALSE(answer.given());
  run();
  EXPECT_EQ(answer.value().error_count, 1);
  Answer<ConfigInfos> broken;
  herder_->validate({{"connector.class", "TestSource"}, {"name", "n"}, {"topic", "throw"}},
                    broken.callback());
  run();
  EXPECT_EQ(broken.error(), "500 validation broke");
}

TEST_F(HerderConfigTest, PluginsAreListedAndDescribed) {
  EXPECT_EQ(herder_->plugins(true).size(), 3U);
  EXPECT_EQ(herder_->plugins(true).front().kind, PluginKind::Sink);
  EXPECT_EQ(herder_->plugins(false).size(), 7U);
  const auto keys = herder_->plugin_config("TestSource");
  EXPECT_EQ(keys.front().name, "topic");
  EXPECT_EQ(keys.at(3).name, "name");
  EXPECT_EQ(herder_->plugin_config("TestConverter").size(), 3U);
  EXPECT_EQ(herder_->plugin_config("test.Hoist$Key").size(), 2U);
  EXPECT_EQ(error_of([&] { herder_->plugin_config("Nope"); }), "404 Unknown plugin Nope.");
}

TEST_F(HerderConfigTest, TypeOfALostClassIsUnknown) {
  create("a");
  plugins_ = std::make_unique<PluginRegistry>();
  const PluginRegistry none;
  StandaloneHerder herder({control_, slow_, worker_, none, transformer_}, options_);
  EXPECT_TRUE(herder.plugins(false).empty());
  EXPECT_EQ(herder.server_info().cluster_id, "id");
  EXPECT_FALSE(herder.ready());
  herder.set_ready();
  EXPECT_TRUE(herder.ready());
}

}  // namespace
}  // namespace millrace::testing

#include "runtime/storage/config_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>



namespace millrace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Taken = ConfigState::Taken;
namespace record = config_record;

/// Writes down what it hears.
class Events final : public ConfigListener {
 public:
  void on_connector_config(const std::string& name) override { add("config " + name); }
  void on_connector_removed(const std::string& name) override { add("removed " + name); }
  void on_task_configs(const std::string& name, const std::vector<ConnectorTaskId>& ids) override {
    std::string text = "tasks " + name + ":";
    for (const auto& id : ids) text += " " + std::to_string(id.task);
    add(text);
  }
  void on_target_state(const std::string& name) override { add("target " + name); }
  void on_session_key() override { add("key"); }
  void on_restart(const RestartRecord& r) override {
    add("restart " + r.connector + (r.include_tasks ? " tasks" : "") +
        (r.only_failed ? " failed" : ""));
  }
  void on_logger_level(const std::string& name, const std::string& level) override {
    add("level " + name + " " + level);
  }
  std::vector<std::string> take() { return std::exchange(heard_, {}); }

 private:
  void add(std::string text) { heard_.push_back(std::move(text)); }
  std::vector<std::string> heard_;
};

class ConfigStateTest : public testing::Test {
 protected:
  ConfigStateTest() { state_.go_live(events_); }

  Taken put(const std::string& key, const std::string& value) {
    return state_.apply(next_++, key, value);
  }
  Taken remove(const std::string& key) { return state_.apply(next_++, key, std::nullopt); }
  void connector(const std::string& name) {
    put(record::connector_key(name), record::properties_value({{"name", name}}));
  }
  void task(const std::string& name, int32_t task, const std::string& value = "v") {
    put(record::task_key({name, task}), record::properties_value({{"k", value}}));
  }
  void commit(const std::string& name, size_t tasks) {
    put(record::commit_key(name), record::commit_value(tasks));
  }
  const ConfigSnapshot& now() const { return state_.state(); }

  ConfigState state_;
  Events events_;
  int64_t next_ = 0;
};

TEST(ConfigRecordTest, ValuesAreJavasBytes) {
  EXPECT_EQ(record::target_value(TargetState::Stopped),
            R"({"state":"PAUSED","state.v2":"STOPPED"})");
  EXPECT_EQ(record::target_value(TargetState::Started),
            R"({"state":"STARTED","state.v2":"STARTED"})");
  EXPECT_EQ(record::properties_value({{"a", "1\"\n"}, {"b", "\xC3\xA9"}}),
            "{\"properties\":{\"a\":\"1\\\"\\n\",\"b\":\"\xC3\xA9\"}}");
  EXPECT_EQ(record::commit_value(2), R"({"tasks":2})");
  EXPECT_EQ(record::restart_value(true, false), R"({"include-tasks":true,"only-failed":false})");
  EXPECT_EQ(record::task_count_value(2), R"({"task-count":2})");
  EXPECT_EQ(record::session_value({std::string(3, '\0'), "HmacSHA256", 1700000000000}),
            R"({"key":"AAAA","algorithm":"HmacSHA256","creation-timestamp":1700000000000})");
  EXPECT_EQ(record::logger_value("DEBUG"), R"({"level":"DEBUG"})");
}

TEST(ConfigRecordTest, NumbersOfTasksStandBehindTheLastHyphen) {
  const auto key = record::parse_key("task-x-1-0");
  ASSERT_TRUE(std::holds_alternative<record::TaskConfig>(key));
  EXPECT_EQ(std::get<record::TaskConfig>(key).id, (ConnectorTaskId{"x-1", 0}));
  for (const char* bad : {"task-", "task-x", "task-x-", "task-x-1a", "task-x--", "other", ""}) {
    EXPECT_TRUE(std::holds_alternative<record::Unknown>(record::parse_key(bad))) << bad;
  }
}

TEST_F(ConfigStateTest, OffsetsFollowWhatCouldBeParsed) {
  EXPECT_EQ(now().offset, -1);
  EXPECT_EQ(state_.apply(7, "unknown", "{}"), Taken::Ignored);
  EXPECT_EQ(now().offset, 8);
  EXPECT_EQ(state_.apply(9, "connector-c", "{broken"), Taken::Malformed);
  EXPECT_EQ(now().offset, 8);
  EXPECT_EQ(state_.apply(12, "connector-c", R"({"properties":7})"), Taken::Malformed);
  EXPECT_EQ(now().offset, 13);
  EXPECT_TRUE(now().connectors.empty());
}

TEST_F(ConfigStateTest, TasksCountOnceTheyAreCommitted) {
  connector("c");
  task("c", 0);
  task("c", 1);
  EXPECT_THAT(now().task_ids("c"), IsEmpty());
  commit("c", 2);
  EXPECT_THAT(now().task_ids("c"), ElementsAre(ConnectorTaskId{"c", 0}, ConnectorTaskId{"c", 1}));
  EXPECT_EQ(now().task_generations.at("c"), 0);
  EXPECT_EQ(now().applied.at("c"), now().connectors.at("c"));
  EXPECT_THAT(events_.take(), ElementsAre("config c", "tasks c: 0 1"));
  task("c", 0, "w");
  commit("c", 1);
  EXPECT_THAT(now().task_ids("c"), ElementsAre(ConnectorTaskId{"c", 0}));
  EXPECT_EQ(now().task({"c", 0})->at("k"), "w");
  EXPECT_NE(now().task({"c", 1}), nullptr);  // behind the count, but still known
  EXPECT_EQ(now().task_generations.at("c"), 1);
}

TEST_F(ConfigStateTest, AnIncompleteCommitMakesTheConnectorInconsistentUntilTheNext) {
  connector("c");
  task("c", 1);
  commit("c", 2);
  EXPECT_TRUE(now().inconsistent.contains("c"));
  EXPECT_THAT(now().task_ids("c"), IsEmpty());
  EXPECT_EQ(now().task({"c", 1}), nullptr);
  task("c", 0);
  task("c", 1);
  commit("c", 2);
  EXPECT_FALSE(now().inconsistent.contains("c"));
  EXPECT_EQ(now().task_ids("c").size(), 2U);
}

TEST_F(ConfigStateTest, LeftoversOfADeletedConnectorAreIgnored) {
  task("gone", 0);
  EXPECT_EQ(put(record::commit_key("gone"), record::commit_value(1)), Taken::Ignored);
  connector("gone");
  commit("gone", 1);  // its task records were dropped with the commit before
  EXPECT_TRUE(now().inconsistent.contains("gone"));
}

TEST_F(ConfigStateTest, DeletionKeepsWhatKafkaKeeps) {
  connector("c");
  task("c", 0);
  commit("c", 1);
  put(record::task_count_key("c"), record::task_count_value(1));
  put(record::target_key("c"), record::target_value(TargetState::Stopped));
  events_.take();
  remove(record::connector_key("c"));
  remove(record::target_key("c"));
  EXPECT_THAT(events_.take(), ElementsAre("removed c"));
  EXPECT_TRUE(now().connectors.empty() && now().tasks.empty() && now().task_counts.empty());
  EXPECT_TRUE(now().applied.empty() && now().targets.empty());
  EXPECT_EQ(now().task_count_records.at("c"), 1);
  EXPECT_EQ(now().task_generations.at("c"), 0);
}

TEST_F(ConfigStateTest, TargetsPreferTheNewField) {
  connector("c");
  EXPECT_EQ(now().target("c"), TargetState::Started);
  events_.take();
  put(record::target_key("c"), R"({"state":"PAUSED","state.v2":"STOPPED"})");
  EXPECT_EQ(now().target("c"), TargetState::Stopped);
  put(record::target_key("c"), R"({"state":"PAUSED"})");
  EXPECT_EQ(now().target("c"), TargetState::Paused);
  put(record::target_key("c"), R"({"state":"PAUSED"})");  // no change, no event
  EXPECT_EQ(put(record::target_key("c"), R"({"state":"ASLEEP"})"), Taken::Malformed);
  put(record::target_key("unknown"), R"({"state":"PAUSED"})");
  EXPECT_THAT(events_.take(), ElementsAre("target c", "target c"));
  remove(record::target_key("c"));
  EXPECT_EQ(now().target("c"), TargetState::Started);
  EXPECT_THAT(events_.take(), IsEmpty());
}

TEST_F(ConfigStateTest, FencingIsPendingFromACommitToTheNextCount) {
  connector("c");
  commit("c", 0);
  EXPECT_TRUE(now().pending_fencing.contains("c"));
  put(record::task_count_key("c"), record::task_count_value(3));
  EXPECT_FALSE(now().pending_fencing.contains("c"));
  EXPECT_EQ(now().task_count_records.at("c"), 3);
}

TEST_F(ConfigStateTest, KeysRestartsAndLevelsAreHeard) {
  put(record::session_key(), record::session_value({"secret", "HmacSHA256", 5}));
  EXPECT_EQ(now().session_key, (SessionKey{"secret", "HmacSHA256", 5}));
  EXPECT_EQ(put(record::session_key(), R"({"key":"!"})"), Taken::Malformed);
  put(record::restart_key("c"), record::restart_value(true, true));
  put(record::restart_key("c"), R"({"include-tasks":1})");
  put(record::logger_key("org.x"), record::logger_value("DEBUG"));
  remove(record::logger_key("org.x"));
  EXPECT_THAT(events_.take(),
              ElementsAre("key", "restart c tasks failed", "restart c", "level org.x DEBUG"));
}

// Records from before the catch-up act on nothing.
TEST(ConfigStateCatchUpTest, ReplaysAreInert) {
  ConfigState state;
  Events events;
  state.apply(0, record::restart_key("c"), record::restart_value(true, false));
  state.apply(1, record::connector_key("c"), record::properties_value({}));
  state.go_live(events);
  EXPECT_THAT(events.take(), IsEmpty());
  EXPECT_TRUE(state.state().contains("c"));
}

TEST_F(ConfigStateTest, TaskRecordsWithoutACommitAreNoted) {
  connector("a");
  task("a", 0);
  EXPECT_THAT(now().uncommitted, ElementsAre("a"));
  commit("a", 1);
  EXPECT_THAT(now().uncommitted, IsEmpty());
  task("a", 0);
  remove(record::connector_key("a"));
  EXPECT_THAT(now().uncommitted, IsEmpty());
}

}  // namespace
}  // namespace millrace

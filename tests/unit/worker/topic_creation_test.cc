#include "runtime/worker/topic_creation.h"

#include <gmock/gmock.h>

#include "tests/unit/worker/worker_fixture.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Properties kDefaults{{"topic.creation.default.partitions", "3"},
                           {"topic.creation.default.replication.factor", "-1"}};

Properties with_defaults(Properties more) {
  more.insert(kDefaults.begin(), kDefaults.end());
  return more;
}

std::string error_of(const Properties& connector) {
  try {
    parse_topic_creation({}, connector);
  } catch (const ConfigException& error) {
    return error.what();
  }
  return "none";
}

TEST(TopicCreationConfig, ItIsActiveWithAnyOfItsKeysUnlessTheWorkerForbidsIt) {
  EXPECT_FALSE(parse_topic_creation({}, {{"name", "c"}}));
  EXPECT_TRUE(parse_topic_creation({}, kDefaults));
  EXPECT_FALSE(parse_topic_creation({{"topic.creation.enable", "false"}}, kDefaults));
  EXPECT_FALSE(parse_topic_creation({{"topic.creation.enable", "false"}},
                                    {{"topic.creation.groups", "a"}}))
      << "nothing is checked then";
}

TEST(TopicCreationConfig, TheCountsOfTheDefaultGroupAreRequired) {
  EXPECT_EQ(error_of({{"topic.creation.groups", ""}}),
            "Missing required configuration \"topic.creation.default.replication.factor\" which "
            "has no default value.");
  EXPECT_EQ(error_of({{"topic.creation.default.replication.factor", "1"}}),
            "Missing required configuration \"topic.creation.default.partitions\" which has no "
            "default value.");
}

TEST(TopicCreationConfig, CountsAreMinusOneOrPositive) {
  for (const char* bad : {"0", "-2"}) {
    Properties config = kDefaults;
    config["topic.creation.default.partitions"] = bad;
    EXPECT_EQ(error_of(config), std::string("Invalid value ") + bad +
                                    " for configuration topic.creation.default.partitions: Value "
                                    "must be -1 or at least 1");
  }
  EXPECT_EQ(error_of(with_defaults({{"topic.creation.groups", "a"},
                                    {"topic.creation.a.replication.factor", "0"}})),
            "Invalid value 0 for configuration topic.creation.a.replication.factor: Value must be "
            "-1 or at least 1");
}

TEST(TopicCreationConfig, AMalformedPatternNamesItsKey) {
  EXPECT_THAT(error_of(with_defaults({{"topic.creation.groups", "a"},
                                      {"topic.creation.a.include", "("}})),
              HasSubstr("topic.creation.a.include"));
}

TEST(TopicCreationConfig, GroupsInheritCountsAndKeepOtherSettings) {
  const auto groups = parse_topic_creation(
      {}, with_defaults({{"topic.creation.groups", " a , default, b"},
                         {"topic.creation.a.include", "x.*, y"},
                         {"topic.creation.a.partitions", "7"},
                         {"topic.creation.a.cleanup.policy", "compact"},
                         {"topic.creation.default.include", "ignored"},
                         {"topic.creation.default.exclude", ".*"},
                         {"topic.creation.default.retention.ms", "5"}}));
  ASSERT_TRUE(groups);
  ASSERT_EQ(groups->size(), 3U);
  EXPECT_EQ((*groups)[0].to_string(),
            "TopicCreationGroup{name='a', inclusionPattern=x.*|y, exclusionPattern=, "
            "numPartitions=7, replicationFactor=-1, otherConfigs={cleanup.policy=compact}}");
  EXPECT_EQ((*groups)[1].name, "b");
  EXPECT_EQ((*groups)[1].partitions, 3);
  EXPECT_FALSE((*groups)[1].matches("x1")) << "a group without patterns matches nothing";
  EXPECT_EQ((*groups)[2].to_string(),
            "TopicCreationGroup{name='default', inclusionPattern=.*, exclusionPattern=, "
            "numPartitions=3, replicationFactor=-1, otherConfigs={retention.ms=5}}");
}

TEST(TopicCreationConfig, PatternsMatchWholeNamesAndExclusionWins) {
  const auto groups =
      parse_topic_creation({}, with_defaults({{"topic.creation.groups", "a"},
                                              {"topic.creation.a.include", "x.*,y"},
                                              {"topic.creation.a.exclude", "x9,.*z"}}));
  const TopicCreationGroup& group = groups->front();
  for (const char* name : {"x", "x1", "y"}) EXPECT_TRUE(group.matches(name)) << name;
  for (const char* name : {"y1", "ax", "x9", "x1z", "q"}) EXPECT_FALSE(group.matches(name)) << name;
}

class TopicCreationTest : public NativeWorkerTest {
 protected:
  bool writes(size_t count) {
    return control_.run_until([&] { return log_.written_now().size() == count; });
  }
  std::vector<std::string> created() {
    const std::lock_guard lock(log_.mutex);
    std::vector<std::string> names;
    for (const NewTopic& topic : log_.created) {
      names.push_back(topic.name + " " + std::to_string(topic.partitions) + " " +
                      std::to_string(topic.replication_factor));
    }
    return names;
  }
};

TEST_F(TopicCreationTest, EachTopicIsMadeOnceByTheFirstGroupThatMatches) {
  script_.topics = {"t1", "special", "t2", "there"};
  script_.records = 40;
  log_.topics["there"] = {"there", 1, 1};
  start_task("Source", with_defaults({{"topic.creation.groups", "s,all"},
                                      {"topic.creation.s.include", "spec.*"},
                                      {"topic.creation.s.partitions", "9"},
                                      {"topic.creation.s.replication.factor", "2"},
                                      {"topic.creation.s.cleanup.policy", "compact"},
                                      {"topic.creation.all.include", "s.*,t2"},
                                      {"topic.creation.all.partitions", "5"},
                                      {"admin.override.retries", "4"}}));
  ASSERT_TRUE(writes(40));
  EXPECT_THAT(created(), ElementsAre("t1 3 -1", "special 9 2", "t2 5 -1"));
  const std::lock_guard lock(log_.mutex);
  EXPECT_EQ(log_.created[1].config, (Properties{{"cleanup.policy", "compact"}}));
  EXPECT_EQ(log_.clients.at("connector-adminclient-c-0").at("retries"), "4");
}

TEST_F(TopicCreationTest, WithoutItsKeysOrTheWorkersLeaveNoTopicIsMade) {
  script_.records = 3;
  start_task("Source");
  ASSERT_TRUE(writes(3));
  stop();
  settings_["topic.creation.enable"] = "false";
  script_.records = 3;
  start_task("Source", kDefaults);
  ASSERT_TRUE(writes(6));
  EXPECT_THAT(created(), IsEmpty());
}

TEST_F(TopicCreationTest, AMissingCountFailsTheTask) {
  start_task("Source", {{"topic.creation.groups", "a"}});
  ASSERT_TRUE(reaches(State::Failed));
  EXPECT_THAT(listener_.task->trace,
              HasSubstr("Missing required configuration \"topic.creation.default"));
}

TEST_F(TopicCreationTest, ALogThatDoesNotAnswerIsAskedAgain) {
  log_.describe_timeouts = 2;
  script_.records = 2;
  start_task("Source", kDefaults);
  ASSERT_TRUE(writes(2));
  EXPECT_THAT(created(), ElementsAre("topic 3 -1"));
}

TEST_F(TopicCreationTest, ATopicThatCannotBeMadeFailsTheTask) {
  const std::vector<std::pair<ErrorKind, std::string>> cases = {
      {ErrorKind::Authorization,
       "Task failed to create new topic (name=topic, numPartitions=3, replicationFactor=-1, "
       "replicasAssignments=null, configs={}). Ensure that the task is authorized to create topics "
       "or that the topic exists and restart the task"},
      {ErrorKind::Timeout, "Timed out while checking for or creating topic(s) 'topic'."},
      {ErrorKind::Config, "Unable to create topic(s) 'topic': the log said no"},
      {ErrorKind::Kafka, "Error while attempting to create/find topic(s) 'topic'"}};
  for (const auto& [kind, message] : cases) {
    listener_.task.reset();
    log_.create_error = kind;
    script_.records = 1;
    start_task("Source", kDefaults);
    ASSERT_TRUE(reaches(State::Failed));
    EXPECT_THAT(listener_.task->trace, HasSubstr(message));
    stop();
  }
  EXPECT_THAT(log_.written_now(), IsEmpty());
  EXPECT_EQ(offsets_.get(R"(["c",{"p":0}])"), std::nullopt);
}

}  // namespace
}  // namespace millrace

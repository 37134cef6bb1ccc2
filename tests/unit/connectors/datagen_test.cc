#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "connectors/datagen/datagen_source.h"
#include "connectors/datagen/null_sink.h"
#include "millrace/errors.h"
#include "millrace/text.h"

namespace millrace::datagen {
namespace {

using testing::HasSubstr;

/// Hands back one stored number, as the worker does after a restart.
class Context final : public SourceTaskContext, public OffsetStorageReader {
 public:
  explicit Context(std::optional<int64_t> next = std::nullopt) : next_(next) {}
  const Properties& config() const override { return config_; }
  const ConnectorTaskId& id() const override { return id_; }
  OffsetStorageReader& offset_storage_reader() override { return *this; }
  Value offset(const Value&, Arena& arena) override {
    if (!next_) return {};
    const auto entries = arena.make_array<MapEntry>(1);
    entries[0] = {Value::string("next"), Value::int64(*next_)};
    return Value::map(entries);
  }

 private:
  std::optional<int64_t> next_;
  Properties config_;
  ConnectorTaskId id_{"gen", 0};
};

Properties settings(Properties more = {}) {
  Properties all{{"topic", "t"},
                 {"records.per.second", "0"},
                 {"records.max", "50"},
                 {"fields",
                  "id:sequence,small:int32:-3:3,big:int64,real:float64:1:2,ok:boolean,"
                  "text:string:5,pick:choice:a|b|c"}};
  for (auto& [key, value] : more) all[key] = value;
  return all;
}

/// All records a task gives until it has none, as text.
std::vector<std::string> run(const Properties& config, std::optional<int64_t> next = {}) {
  Context context(next);
  DatagenSourceTask task;
  task.start(config, context);
  std::vector<std::string> texts;
  std::stop_source stop;
  stop.request_stop();  // an idle poll returns at once
  while (true) {
    RecordBatch batch(7);
    task.poll(batch, stop.get_token());
    if (batch.empty()) return texts;
    for (const Record& record : batch.records()) {
      EXPECT_EQ(validate_value(*record.value.schema, record.value.value, "value"), "");
      texts.emplace_back();
      append_java_string(texts.back(), record.value.value);
    }
  }
}

std::vector<std::string> errors_of(const Properties& config) {
  ConfigErrors errors;
  DatagenSourceConnector().validate(config, errors);
  std::vector<std::string> texts;
  for (const auto& [key, message] : errors.entries()) texts.push_back(key + ": " + message);
  return texts;
}

TEST(Datagen, TheSameSeedGivesTheSameRecords) {
  const auto records = run(settings());
  EXPECT_EQ(records.size(), 50U);
  EXPECT_EQ(run(settings()), records);
  EXPECT_NE(run(settings({{"seed", "1"}})), records);
  EXPECT_EQ(std::set<std::string>(records.begin(), records.end()).size(), 50U);
}

TEST(Datagen, ARestartedTaskGoesOnBehindTheLastRecord) {
  const auto records = run(settings());
  EXPECT_EQ(run(settings(), 20), std::vector<std::string>(records.begin() + 20, records.end()));
  EXPECT_TRUE(run(settings(), 50).empty());
}

TEST(Datagen, TasksShareTheRecords) {
  DatagenSourceConnector connector;
  struct NoContext final : ConnectorContext {
    std::string name = "gen";
    const std::string& connector_name() const override { return name; }
    void request_task_reconfiguration() override {}
    void raise_error(const std::string&) override {}
  } context;
  connector.start(settings(), context);
  std::multiset<std::string> all;
  for (const Properties& config : connector.task_configs(3)) {
    for (std::string& text : run(config)) all.insert(std::move(text));
  }
  const auto alone = run(settings());
  EXPECT_EQ(all, std::multiset<std::string>(alone.begin(), alone.end()));
}

TEST(Datagen, ValuesStayInTheirRanges) {
  Context context;
  DatagenSourceTask task;
  task.start(settings({{"records.max", "2000"}, {"key.field", "small"}}), context);
  RecordBatch batch(2000);
  task.poll(batch, {});
  ASSERT_EQ(batch.size(), 2000U);
  std::set<int64_t> small;
  std::set<std::string_view> picks;
  for (const Record& record : batch.records()) {
    const Value* values = record.value.value.as_struct().values;
    small.insert(values[1].as_int());
    EXPECT_TRUE(record.key.value == values[1]);
    EXPECT_GE(values[3].as_double(), 1);
    EXPECT_LT(values[3].as_double(), 2);
    EXPECT_EQ(values[5].size(), 5U);
    picks.insert(values[6].as_string());
  }
  EXPECT_EQ(small, (std::set<int64_t>{-3, -2, -1, 0, 1, 2, 3}));
  EXPECT_EQ(picks, (std::set<std::string_view>{"a", "b", "c"}));
}

TEST(Datagen, MistakesAreNamed) {
  const auto error = [](const std::string& fields) {
    const auto errors = errors_of({{"fields", fields}});
    return errors.empty() ? "" : errors[0];
  };
  EXPECT_EQ(error("a:sequence"), "");
  EXPECT_THAT(error("a"), HasSubstr("fields: Invalid field a: expected NAME:TYPE"));
  EXPECT_THAT(error("a:int"), HasSubstr("no type \"int\"; there are sequence, int32"));
  EXPECT_THAT(error("a:int32:5:1"), HasSubstr("the least value is above the greatest"));
  EXPECT_THAT(error("a:int32:x"), HasSubstr("x is no integer"));
  EXPECT_THAT(error("a:float64:1:1"), HasSubstr("the range is empty"));
  EXPECT_THAT(error("a:boolean:1"), HasSubstr("too many arguments"));
  EXPECT_THAT(error("a:choice"), HasSubstr("choice needs texts"));
  EXPECT_THAT(error("a:sequence,a:boolean"), HasSubstr("Field a stands twice"));
  EXPECT_THAT(errors_of({{"fields", "a:sequence"}, {"key.field", "b"}}),
              testing::ElementsAre("key.field: There is no field b"));
}

TEST(NullSink, TakesEverythingAndCommitsIt) {
  NullSinkTask task;
  RecordBatch batch;
  batch.add();
  task.put(batch, {});
  const OffsetMap current{{{"t", 0}, Offset{5}}};
  EXPECT_EQ(task.pre_commit(current), current);
}

}  // namespace
}  // namespace millrace::datagen

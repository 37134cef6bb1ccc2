// The paths of the benchmarks json_smt, json_source and json_schema, and what a rejected record adds:
// once warm, none of them allocates, whole batches included.

#include <gtest/gtest.h>

#include <fstream>

#include "connectors/file/file_sink_task.h"
#include "connectors/file/file_source_task.h"
#include "runtime/pipeline/pipeline_factory.h"
#include "runtime/plugins/registry.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/connectors/file_fixture.h"
#include "tests/unit/pipeline/allocations/counting_new.h"

namespace millrace {
namespace {

constexpr uint32_t kRows = 500;
constexpr int kWarmBatches = 10;
constexpr int kCountedBatches = 20;
constexpr const char* kTopic = "orders";
const std::string kJson = "org.apache.kafka.connect.json.JsonConverter";
const std::string kTransforms = "org.apache.kafka.connect.transforms.";

Properties json(const char* schemas, Properties more = {}) {
  more.insert({{"key.converter", "org.apache.kafka.connect.storage.StringConverter"},
               {"value.converter", kJson},
               {"value.converter.schemas.enable", schemas}});
  return more;
}

Properties sink_chain() {
  return {{"transforms", "insert,mask,route"},
          {"transforms.insert.type", kTransforms + "InsertField$Value"},
          {"transforms.insert.static.field", "origin"},
          {"transforms.insert.static.value", "shop"},
          {"transforms.mask.type", kTransforms + "MaskField$Value"},
          {"transforms.mask.fields", "customer"},
          {"transforms.route.type", kTransforms + "RegexRouter"},
          {"transforms.route.regex", "(.*)s"},
          {"transforms.route.replacement", "$1"}};
}

Properties source_chain() {
  return {{"transforms", "hoist,insert"},
          {"transforms.hoist.type", kTransforms + "HoistField$Value"},
          {"transforms.hoist.field", "line"},
          {"transforms.insert.type", kTransforms + "InsertField$Value"},
          {"transforms.insert.static.field", "origin"},
          {"transforms.insert.static.value", "shop"}};
}

std::string order(int id) {
  return R"({"id":)" + std::to_string(id) + R"(,"customer":"c)" + std::to_string(id % 10) +
         R"(","item":"book","amount":)" + std::to_string(id % 90) +
         R"(.5,"currency":"EUR","paid":true})";
}

class DataPathTest : public testing::Test {
 protected:
  DataPathTest() { plugins_.load_path(SHIPPED_PLUGINS); }

  Pipeline make(const Properties& connector) {
    const PipelineFactory factory(plugins_, worker_, connector);
    errors_ = factory.make_error_handler({"c", 0}, true, {});
    return factory.make_pipeline(*errors_);
  }

  /// Allocations of step() once it is warm.
  template <class Step>
  static size_t counted(const Step& step) {
    for (int i = 0; i < kWarmBatches; ++i) step();
    const size_t before = allocations();
    for (int i = 0; i < kCountedBatches; ++i) step();
    return allocations() - before;
  }

  /// Wire records to a file.
  size_t sink_allocations(const Properties& connector, const std::vector<std::string>& values) {
    Pipeline pipeline = make(connector);
    file::FakeSinkContext context;
    file::FileStreamSinkTask task;
    const std::string file = folder_ / "out";
    task.start({{"file", file}, {"topics", kTopic}}, context);
    RecordBatch batch(kRows);
    int64_t offset = 0;
    size_t next = 0;
    const size_t count = counted([&] {
      batch.reset();
      while (!batch.full()) {
        Record& record = batch.add();
        record.topic = record.original_topic = kTopic;
        record.partition = record.original_partition = 0;
        record.offset = offset++;
        record.value_wire = WireBytes::of(values[next++ % values.size()]);
      }
      EXPECT_EQ(pipeline.run_sink(batch), std::nullopt);
      task.put(batch, {});
    });
    task.stop();
    std::ifstream in(file);
    written_.clear();
    for (std::string line; std::getline(in, line);) written_.push_back(std::move(line));
    return count;
  }

  /// Lines of a file to wire records.
  size_t source_allocations(const Properties& connector) {
    const std::string file = folder_ / "in";
    std::ofstream out(file);
    for (int id = 0; id < static_cast<int>(kRows) * (kWarmBatches + kCountedBatches + 1); ++id) {
      out << order(id) << '\n';
    }
    out.close();
    Pipeline pipeline = make(connector);
    file::FakeSourceContext context;
    file::FileStreamSourceTask task;
    task.start({{"file", file}, {"topic", kTopic}, {"batch.size", std::to_string(kRows)}}, context);
    RecordBatch batch(kRows);
    wire_.clear();
    const size_t count = counted([&] {
      batch.reset();
      task.poll(batch, {});
      EXPECT_GT(batch.size(), 0U);
      EXPECT_EQ(pipeline.run_source(batch), std::nullopt);
    });
    for (const Record& record : batch.records()) wire_.emplace_back(record.value_wire.text());
    task.stop();
    return count;
  }

  static std::vector<std::string> orders() {
    std::vector<std::string> values;
    for (int id = 0; id < 1000; ++id) values.push_back(order(id));
    return values;
  }

  testing_support::TemporaryFolder folder_;
  PluginRegistry plugins_;
  const Properties worker_;
  std::unique_ptr<ErrorHandler> errors_;
  std::vector<std::string> written_;
  std::vector<std::string> wire_;
};

TEST_F(DataPathTest, SchemalessJsonThroughAChainToAFile) {
  EXPECT_EQ(sink_allocations(json("false", sink_chain()), orders()), 0U);
  EXPECT_EQ(written_.size(), kRows * (kWarmBatches + kCountedBatches));
  EXPECT_NE(written_.at(7).find("origin=shop"), std::string::npos) << written_.at(7);
}

TEST_F(DataPathTest, FileThroughAChainToSchemalessJson) {
  EXPECT_EQ(source_allocations(json("false", source_chain())), 0U);
  EXPECT_TRUE(wire_.at(0).ends_with(R"(","origin":"shop"})")) << wire_.at(0);
}

TEST_F(DataPathTest, JsonWithSchemasBothWays) {
  EXPECT_EQ(source_allocations(json("true", source_chain())), 0U);
  const std::vector<std::string> messages = wire_;
  EXPECT_EQ(sink_allocations(json("true"), messages), 0U);
  EXPECT_NE(written_.at(7).find("origin=shop"), std::string::npos) << written_.at(7);
}

// What a rejected record costs, its neighbours do not: one in 1,000, as in the benchmark dlq.
TEST_F(DataPathTest, RejectedRecordsCostTheirNeighboursNothing) {
  constexpr size_t kPerReject = 16;  // its message, and the batch's list of errors
  std::vector<std::string> values = orders();
  values[500].pop_back();
  const size_t rejects = kRows * kCountedBatches / values.size();
  const size_t count = sink_allocations(json("false", {{"errors.tolerance", "all"}}), values);
  EXPECT_LE(count, rejects * kPerReject);
  EXPECT_EQ(written_.size(), kRows * (kWarmBatches + kCountedBatches) -
                                 kRows * (kWarmBatches + kCountedBatches) / values.size());
}

TEST_F(DataPathTest, TheCounterSeesPlugins) {
  Pipeline pipeline = make(json("false"));
  RecordBatch batch(1);
  Record& record = batch.add();
  record.value_wire = WireBytes::of("not json");
  const size_t before = allocations();
  EXPECT_EQ(pipeline.run_sink(batch), 0U);
  EXPECT_GT(allocations(), before);
}

}  // namespace
}  // namespace millrace

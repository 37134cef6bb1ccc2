#include "tests/unit/pipeline/pipeline_fixture.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Act = Script::Act;

/// The calls of all stages in one list.
class OrderTest : public testing::Test {
 protected:
  Pipeline make(ErrorHandler& handler) {
    TransformationChain chain;
    for (const char* name : {"FIRST", "SECOND"}) {
      TransformationStage stage;
      stage.class_name = name;
      stage.transformation = std::make_unique<ScriptedTransformation>(script_, name);
      chain.add(std::move(stage));
    }
    Converters converters{{"k", std::make_unique<ScriptedConverter>(script_, "KEY")},
                          {"v", std::make_unique<ScriptedConverter>(script_, "VALUE")},
                          {"h", std::make_unique<ScriptedHeaderConverter>(script_)}};
    return {std::move(converters), std::move(chain), handler};
  }
  void add_row(RecordBatch& batch) {
    Record& record = batch.add();
    record.value.value = Value::string("v");
    record.value_wire = WireBytes::of("v");
    const auto headers = batch.arena().make_array<Header>(1);
    headers[0] = {"h", {nullptr, Value::string("x")}, WireBytes::of("x")};
    record.headers = headers.data();
    record.header_count = 1;
  }

  Script script_;
  ErrorHandler handler_{{}, {}};
};

TEST_F(OrderTest, ASourceTransformsThenConvertsHeadersKeyValue) {
  RecordBatch batch;
  add_row(batch);
  EXPECT_EQ(make(handler_).run_source(batch), std::nullopt);
  EXPECT_THAT(script_.calls, ElementsAre("FIRST v", "SECOND v", "HEADERS v", "KEY v", "VALUE v"));
}

TEST_F(OrderTest, ASinkConvertsKeyValueHeadersThenTransforms) {
  RecordBatch batch;
  add_row(batch);
  EXPECT_EQ(make(handler_).run_sink(batch), std::nullopt);
  EXPECT_THAT(script_.calls, ElementsAre("KEY v", "VALUE v", "HEADERS v", "FIRST v", "SECOND v"));
}

using PipelineTest = PipelineFixture;

TEST_F(PipelineTest, WithoutToleranceTheFirstBadRowFailsTheTask) {
  values_.acts = {{"b", Act::Reject}, {"d", Act::Reject}};
  fill({"a", "b", "c", "d"});
  ASSERT_EQ(pipeline_->run_source(batch_), 1U);
  EXPECT_EQ(states(), "LRLR");
  EXPECT_EQ(batch_[0].value_wire.text(), "a") << "rows before it are ready to be sent";
  EXPECT_THAT(reports_, ElementsAre("1 VALUE_CONVERTER test.Value bad row"))
      << "reported although the task fails; rows after it are as if they had not been tried";
  EXPECT_EQ(
      trace(1),
      "org.apache.kafka.connect.errors.ConnectException: Tolerance exceeded in error handler\n"
      "\tat VALUE_CONVERTER(test.Value) of topic t partition 0 offset 1\n"
      "Caused by: org.apache.kafka.connect.errors.DataException: bad row");
  EXPECT_EQ(handler_->counts().record_errors, 1U);
  EXPECT_EQ(handler_->counts().records_skipped, 0U);
}

TEST_F(PipelineTest, TheFirstRowInOrderFailsTheTaskWhateverStageCameFirst) {
  keys_.acts = {{"c", Act::Reject}};
  values_.acts = {{"b", Act::Reject}};
  fill({"a", "b", "c"});
  EXPECT_EQ(pipeline_->run_sink(batch_), 1U);
  EXPECT_THAT(reports_, ElementsAre("1 VALUE_CONVERTER test.Value bad row"));
}

TEST_F(PipelineTest, WithToleranceBadRowsAreReportedInOrderAndSkipped) {
  make({{"errors.tolerance", "all"}});
  keys_.acts = {{"c", Act::Reject}};
  values_.acts = {{"b", Act::Reject}};
  fill({"a", "b", "c", "d"});
  EXPECT_EQ(pipeline_->run_sink(batch_), std::nullopt);
  EXPECT_EQ(states(), "LRRL");
  EXPECT_THAT(reports_, ElementsAre("1 VALUE_CONVERTER test.Value bad row",
                                    "2 KEY_CONVERTER test.Key bad row"));
  EXPECT_EQ(handler_->counts().record_failures, 2U);
  EXPECT_EQ(handler_->counts().record_errors, 2U);
  EXPECT_EQ(handler_->counts().records_skipped, 2U);
  EXPECT_EQ(handler_->counts().last_error_timestamp_ms, clock_.wall_ms());
}

TEST_F(PipelineTest, CausesOfAnErrorAreInItsTrace) {
  fill({"a"});
  RowSet rows;
  batch_.live_rows(rows);
  handler_->run(batch_, rows, Stage::ValueConverter, "test.Nested",
                [](RecordBatch&, const RowSet&) {
                  try {
                    throw Error(ErrorKind::Serialization, "the inner reason");
                  } catch (...) {
                    std::throw_with_nested(DataException("the outer one"));
                  }
                });
  EXPECT_EQ(batch_.error(0).message, "the outer one");
  EXPECT_THAT(trace(0),
              HasSubstr("\nCaused by: org.apache.kafka.connect.errors.DataException: the outer one"
                        "\nCaused by: org.apache.kafka.common.errors.SerializationException: the "
                        "inner reason"));
}

TEST_F(PipelineTest, ATraceNamesThePlaceOfASourceRecord) {
  fill({"a"});
  const MapEntry partition[] = {{Value::string("filename"), Value::string("f")}};
  const MapEntry offset[] = {{Value::string("position"), Value::int64(3)}};
  batch_[0].original_topic = {};
  batch_[0].source_partition = Value::map(partition);
  batch_[0].source_offset = Value::map(offset);
  values_.acts = {{"a", Act::Reject}};
  ASSERT_EQ(pipeline_->run_source(batch_), 0U);
  EXPECT_THAT(trace(0), HasSubstr("\n\tat VALUE_CONVERTER(test.Value) of source partition "
                                  "{\"filename\":\"f\"} offset {\"position\":3}\n"));
}

TEST_F(PipelineTest, AFailedRowTakesNoPartInLaterStages) {
  transform();
  make({{"errors.tolerance", "all"}});
  keys_.acts = {{"b", Act::Reject}};
  fill({"a", "b"});
  pipeline_->run_sink(batch_);
  EXPECT_THAT(values_.calls, ElementsAre("VALUE a"));
  EXPECT_THAT(transformations_.calls, ElementsAre("TRANSFORM a"));
}

TEST_F(PipelineTest, FilteredRowsAreNoErrorsAndAreNotConverted) {
  transform();
  make({});
  transformations_.acts = {{"b", Act::Filter}};
  fill({"a", "b", "c"});
  EXPECT_EQ(pipeline_->run_source(batch_), std::nullopt);
  EXPECT_EQ(states(), "LFL");
  EXPECT_THAT(values_.calls, ElementsAre("VALUE a,c"));
  EXPECT_THAT(reports_, IsEmpty());
  EXPECT_EQ(handler_->counts().records_skipped, 0U);
}

TEST_F(PipelineTest, WhenEveryRowIsGoneNothingIsCalled) {
  transform();
  transform();
  make({});
  transformations_.acts = {{"a", Act::Filter}};
  fill({"a"});
  EXPECT_EQ(pipeline_->run_source(batch_), std::nullopt);
  EXPECT_THAT(transformations_.calls, ElementsAre("TRANSFORM a"));
}

TEST_F(PipelineTest, TombstonesPassBothWays) {
  fill({"a", nullptr});
  EXPECT_EQ(pipeline_->run_source(batch_), std::nullopt);
  EXPECT_TRUE(batch_[1].value_wire.is_null());
  EXPECT_FALSE(batch_[0].value_wire.is_null());
  fill({"a", nullptr});
  EXPECT_EQ(pipeline_->run_sink(batch_), std::nullopt);
  EXPECT_TRUE(batch_[1].value.value.is_null());
  EXPECT_EQ(states(), "LL");
}

TEST_F(PipelineTest, HeadersAreConvertedForRowsThatHaveThem) {
  for (const bool source : {true, false}) {
    headers_.calls.clear();
    fill({"a", "b"});
    const auto headers = batch_.arena().make_array<Header>(2);
    headers[0] = {"x",
                  {nullptr, source ? Value::string("1") : Value()},
                  source ? WireBytes{} : WireBytes::of("1")};
    headers[1] = {"y",
                  {nullptr, source ? Value::string("2") : Value()},
                  source ? WireBytes{} : WireBytes::of("2")};
    batch_[1].headers = headers.data();
    batch_[1].header_count = 2;
    EXPECT_EQ(source ? pipeline_->run_source(batch_) : pipeline_->run_sink(batch_), std::nullopt);
    EXPECT_THAT(headers_.calls, ElementsAre("HEADERS b"));
    EXPECT_EQ(headers[1].wire.text(), "2");
    EXPECT_EQ(headers[1].data.value.as_string(), "2");
  }
}

TEST_F(PipelineTest, AHeaderThatCannotBeConverted) {
  headers_.acts = {{"b", Act::Reject}};
  fill({"a", "b"});
  const auto headers = batch_.arena().make_array<Header>(1);
  headers[0] = {"x", {nullptr, Value::string("1")}, {}};
  batch_[1].headers = headers.data();
  batch_[1].header_count = 1;
  EXPECT_EQ(pipeline_->run_source(batch_), 1U);
  EXPECT_THAT(reports_, ElementsAre("1 HEADER_CONVERTER test.Headers bad row"));
  EXPECT_THAT(keys_.calls, ElementsAre("KEY a"));
}

TEST_F(PipelineTest, AConverterThatThrowsFailsOnlyTheRowsItThrowsFor) {
  make({{"errors.tolerance", "all"}});
  values_.acts = {{"b", Act::Throw}, {"d", Act::ThrowOther}};
  fill({"a", "b", "c", "d", "e"});
  EXPECT_EQ(pipeline_->run_source(batch_), std::nullopt);
  EXPECT_EQ(states(), "LRLRL");
  EXPECT_EQ(batch_[4].value_wire.text(), "e");
  EXPECT_THAT(reports_,
              ElementsAre("1 VALUE_CONVERTER test.Value thrown",
                          "3 VALUE_CONVERTER test.Value something that is not an exception was "
                          "thrown"));
}

TEST_F(PipelineTest, AConverterThatThrowsWithoutTolerance) {
  values_.acts = {{"b", Act::Throw}};
  fill({"a", "b"});
  ASSERT_EQ(pipeline_->run_sink(batch_), 1U);
  EXPECT_THAT(trace(1), HasSubstr("\nCaused by: org.apache.kafka.connect.errors.DataException: "
                                  "thrown"));
}

std::string thrown_trace(Pipeline& pipeline, RecordBatch& batch) {
  try {
    pipeline.run_source(batch);
  } catch (const std::exception& error) {
    return describe(error);
  }
  return "nothing was thrown";
}

TEST_F(PipelineTest, ATransformationThatThrowsFailsTheTaskWhateverTheTolerance) {
  for (const char* tolerance : {"none", "all"}) {
    transform();
    make({{"errors.tolerance", tolerance}});
    transformations_.acts = {{"b", Act::Throw}};
    fill({"a", "b"});
    EXPECT_EQ(thrown_trace(*pipeline_, batch_),
              std::string("org.apache.kafka.connect.errors.ConnectException: ") +
                  (std::string_view(tolerance) == "none"
                       ? "Tolerance exceeded in error handler"
                       : "Unhandled exception in error handler: test.Transformation threw instead "
                         "of rejecting a row, so errors.tolerance cannot skip that row") +
                  "\nCaused by: org.apache.kafka.connect.errors.DataException: thrown");
    EXPECT_EQ(handler_->counts().record_failures, 1U);
    EXPECT_EQ(handler_->counts().record_errors, 1U);
    EXPECT_NE(handler_->counts().last_error_timestamp_ms, 0);
  }
}

class ValueIs final : public Predicate {
 public:
  explicit ValueIs(std::string wanted) : wanted_(std::move(wanted)) {}
  void configure(const Properties&) override {}
  bool test(const Record& record) const override {
    if (Script::text(record) == "throw") throw DataException("cannot tell");
    return Script::text(record) == wanted_;
  }

 private:
  std::string wanted_;
};

TEST_F(PipelineTest, PredicatesChooseRows) {
  transform(std::make_unique<ValueIs>("b"));
  transform(std::make_unique<ValueIs>("b"), true);
  transform(std::make_unique<ValueIs>("nothing"));
  make({});
  fill({"a", "b", "c"});
  EXPECT_EQ(pipeline_->run_source(batch_), std::nullopt);
  EXPECT_THAT(transformations_.calls, ElementsAre("TRANSFORM b", "TRANSFORM a,c"));
}

TEST_F(PipelineTest, APredicateThatThrowsIsAnErrorOfTheTransformation) {
  transform(std::make_unique<ValueIs>("b"));
  make({{"errors.tolerance", "all"}});
  fill({"a", "throw", "b"});
  EXPECT_EQ(pipeline_->run_source(batch_), std::nullopt);
  EXPECT_EQ(states(), "LRL");
  EXPECT_THAT(reports_, ElementsAre("1 TRANSFORMATION test.Transformation cannot tell"));
  EXPECT_THAT(transformations_.calls, ElementsAre("TRANSFORM b"));
}

TEST_F(PipelineTest, ABatchIsCleanAgainAfterReset) {
  values_.acts = {{"b", Act::Reject}};
  fill({"a", "b"});
  EXPECT_TRUE(pipeline_->run_source(batch_).has_value());
  fill({"a"});
  EXPECT_FALSE(batch_.has_errors());
  EXPECT_EQ(pipeline_->run_source(batch_), std::nullopt);
}

TEST_F(PipelineTest, AnEmptyBatchCallsNothing) {
  fill({});
  EXPECT_EQ(pipeline_->run_sink(batch_), std::nullopt);
  EXPECT_THAT(headers_.calls, IsEmpty());
}

}  // namespace
}  // namespace millrace

#include "runtime/pipeline/error_handling.h"

#include "tests/unit/pipeline/pipeline_fixture.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Act = Script::Act;
using ErrorHandlingTest = PipelineFixture;

TEST_F(ErrorHandlingTest, TheDefaultRetriesNothing) {
  values_.acts = {{"b", Act::Retriable}};
  fill({"a", "b"});
  ASSERT_EQ(pipeline_->run_source(batch_), 1U);
  EXPECT_THAT(values_.calls, ElementsAre("VALUE a,b"));
  EXPECT_THAT(clock_.waits, IsEmpty());
  // Kafka 4.1.1 takes the tolerance for these too; versions before it skipped the row.
  EXPECT_EQ(
      trace(1),
      "org.apache.kafka.connect.errors.ConnectException: Tolerance exceeded in error handler\n"
      "\tat VALUE_CONVERTER(test.Value) of topic t partition 0 offset 1\n"
      "Caused by: org.apache.kafka.connect.errors.RetriableException: not now");
}

TEST_F(ErrorHandlingTest, RetriesGoOnForTheWholeWindow) {
  make({{"errors.retry.timeout", "2000"}, {"errors.tolerance", "all"}});
  values_.acts = {{"b", Act::Retriable}};
  fill({"a", "b", "c"});
  EXPECT_EQ(pipeline_->run_source(batch_), std::nullopt);
  EXPECT_THAT(clock_.waits, ElementsAre(300, 600, 1100))
      << "doubling, cut at the end of the window";
  EXPECT_THAT(values_.calls, ElementsAre("VALUE a,b,c", "VALUE b", "VALUE b", "VALUE b"))
      << "only the failed row is tried again";
  EXPECT_EQ(states(), "LRL");
  EXPECT_THAT(reports_, ElementsAre("1 VALUE_CONVERTER test.Value not now"));
  EXPECT_EQ(handler_->counts().retries, 3U);
  EXPECT_EQ(handler_->counts().record_failures, 5U) << "four attempts and the final failure";
  EXPECT_EQ(handler_->counts().record_errors, 1U);
  EXPECT_EQ(handler_->counts().records_skipped, 1U);
}

TEST_F(ErrorHandlingTest, ARetryThatSucceedsLeavesNoTrace) {
  make({{"errors.retry.timeout", "1000"}});
  values_.acts = {{"b", Act::RejectOnce}};
  fill({"a", "b"});
  EXPECT_EQ(pipeline_->run_source(batch_), std::nullopt);
  EXPECT_EQ(states(), "LL");
  EXPECT_EQ(batch_[1].value_wire.text(), "b");
  EXPECT_THAT(reports_, IsEmpty());
  EXPECT_THAT(clock_.waits, ElementsAre(300));
  EXPECT_EQ(handler_->counts().retries, 1U);
  EXPECT_EQ(handler_->counts().record_errors, 0U);
}

TEST_F(ErrorHandlingTest, ARetriedRowMayFailForGood) {
  make({{"errors.retry.timeout", "1000"}, {"errors.tolerance", "all"}});
  values_.acts = {{"b", Act::RejectOnce}};
  clock_.on_wait = [this] { values_.acts = {{"b", Act::Reject}}; };
  fill({"b"});
  EXPECT_EQ(pipeline_->run_source(batch_), std::nullopt);
  EXPECT_THAT(clock_.waits, ElementsAre(300)) << "an error that is not retriable ends the retries";
  EXPECT_THAT(reports_, ElementsAre("0 VALUE_CONVERTER test.Value bad row"));
}

TEST_F(ErrorHandlingTest, AThrownRetriableExceptionIsRetriedRowByRow) {
  make({{"errors.retry.timeout", "1000"}});
  values_.acts = {{"b", Act::ThrowRetriableOnce}};
  fill({"a", "b"});
  EXPECT_EQ(pipeline_->run_source(batch_), std::nullopt);
  EXPECT_EQ(batch_[1].value_wire.text(), "b");
}

TEST_F(ErrorHandlingTest, EveryStageHasItsOwnWindow) {
  make({{"errors.retry.timeout", "300"}, {"errors.tolerance", "all"}});
  keys_.acts = {{"a", Act::Retriable}};
  values_.acts = {{"b", Act::Retriable}};
  fill({"a", "b"});
  pipeline_->run_source(batch_);
  EXPECT_THAT(clock_.waits, ElementsAre(300, 300));
}

TEST_F(ErrorHandlingTest, AWindowWithoutEndIsEndedByAStop) {
  make({{"errors.retry.timeout", "-1"}, {"errors.tolerance", "all"}});
  values_.acts = {{"b", Act::Retriable}};
  clock_.on_wait = [this] {
    if (clock_.waits.size() == 50) stop_.request_stop();
  };
  fill({"a", "b"});
  // Interrupted, not given up: the row must come again, so it is neither skipped nor reported.
  EXPECT_EQ(pipeline_->run_sink(batch_), 1U);
  EXPECT_EQ(clock_.waits.size(), 50U);
  for (const int64_t wait : clock_.waits) EXPECT_LE(wait, 60'000);
  EXPECT_THAT(reports_, IsEmpty());
  EXPECT_EQ(handler_->counts().records_skipped, 0U);
}

TEST_F(ErrorHandlingTest, AStopBeforeTheFirstRetryWaitsForNothing) {
  make({{"errors.retry.timeout", "-1"}});
  stop_.request_stop();
  values_.acts = {{"b", Act::Retriable}};
  fill({"b"});
  EXPECT_EQ(pipeline_->run_source(batch_), 0U);
  EXPECT_THAT(clock_.waits, IsEmpty());
}

TEST_F(ErrorHandlingTest, RowsThatFailForGoodAreSkippedDuringAStopToo) {
  make({{"errors.tolerance", "all"}});
  stop_.request_stop();
  values_.acts = {{"b", Act::Reject}};
  fill({"a", "b"});
  EXPECT_EQ(pipeline_->run_source(batch_), std::nullopt);
  EXPECT_EQ(reports_.size(), 1U);
}

TEST_F(ErrorHandlingTest, ManyRetriesOfARowKeepOneError) {
  RecordBatch batch;
  batch.add();
  batch.add();
  batch.reject(0, {ErrorKind::Data, {}, "other", {}});
  for (int i = 0; i < 3; ++i) {
    batch.reject(1, {ErrorKind::Retriable, {}, "try " + std::to_string(i), {}});
    EXPECT_EQ(batch[1].error_index, 1U);
  }
  EXPECT_EQ(batch.error(1).message, "try 2");
  EXPECT_EQ(batch.error(0).message, "other");
}

TEST(RetryDelayTest, DoublesFrom300MsAndIsRandomAboveTheLimit) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const int64_t expected[] = {300, 600, 1200, 2400, 4800, 9600, 19200, 38400};
  for (int attempt = 1; attempt <= 8; ++attempt) {
    EXPECT_EQ(retry_delay_ms(attempt, 60'000, random), expected[attempt - 1]);
  }
  std::set<int64_t> seen;
  for (const int attempt : {9, 20, 63, 64, 65, 1'000'000}) {
    for (int i = 0; i < 100; ++i) {
      const int64_t delay = retry_delay_ms(attempt, 60'000, random);
      EXPECT_GE(delay, 0);
      EXPECT_LT(delay, 60'000);
      seen.insert(delay);
    }
  }
  EXPECT_GT(seen.size(), 100U);
  EXPECT_LT(retry_delay_ms(1, 299, random), 299);
  EXPECT_EQ(retry_delay_ms(1, 300, random), 300);
  EXPECT_EQ(retry_delay_ms(1, 1, random), 0);
  EXPECT_EQ(retry_delay_ms(1, 0, random), 0);
  EXPECT_EQ(retry_delay_ms(1, -1, random), 0);
}

TEST(RetryClockTest, AStopEndsASystemWait) {
  std::stop_source stop;
  stop.request_stop();
  const auto before = RetryClock::system().now();
  RetryClock::system().wait(std::chrono::hours(1), stop.get_token());
  EXPECT_LT(RetryClock::system().now() - before, std::chrono::minutes(1));
  RetryClock::system().wait(std::chrono::milliseconds(5), {});
  EXPECT_GE(RetryClock::system().now() - before, std::chrono::milliseconds(4));
}

TEST(ErrorConfigTest, DefaultsAndValues) {
  const auto defaults = ErrorHandlingConfig::parse({});
  EXPECT_EQ(defaults.retry_timeout_ms, 0);
  EXPECT_EQ(defaults.retry_delay_max_ms, 60'000);
  EXPECT_FALSE(defaults.tolerates_all());
  EXPECT_FALSE(defaults.log_enable);
  EXPECT_FALSE(defaults.log_include_messages);
  const auto set = ErrorHandlingConfig::parse({{"errors.retry.timeout", "-1"},
                                               {"errors.retry.delay.max.ms", "5"},
                                               {"errors.tolerance", "all"},
                                               {"errors.log.enable", "TRUE"},
                                               {"errors.log.include.messages", "true"}});
  EXPECT_EQ(set.retry_timeout_ms, -1);
  EXPECT_EQ(set.retry_delay_max_ms, 5);
  EXPECT_TRUE(set.tolerates_all());
  EXPECT_TRUE(set.log_enable);
  EXPECT_TRUE(set.log_include_messages);
}

TEST(ErrorConfigTest, AWrongToleranceIsRefusedNotTakenForNone) {
  try {
    ErrorHandlingConfig::parse({{"errors.tolerance", "ALL"}});
    ADD_FAILURE() << "no exception";
  } catch (const ConfigException& error) {
    EXPECT_STREQ(error.what(),
                 "Invalid value ALL for configuration errors.tolerance: String must be one of: "
                 "none, all");
  }
}

}  // namespace
}  // namespace millrace

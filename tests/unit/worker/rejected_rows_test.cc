// Rows that fail at random stages: the others arrive all and in order, offsets move past the failed
// ones, and nothing is counted or written twice.

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "tests/unit/worker/worker_fixture.h"

namespace millrace {
namespace {

constexpr int kRepetitions = 4;
constexpr int kRows = 2000;

class RejectedRowsTest : public NativeWorkerTest, public testing::WithParamInterface<int> {
 protected:
  RejectedRowsTest() : seed_(std::random_device{}()), trace_(__FILE__, __LINE__, seed_) {
    random_.seed(seed_);
    settings_["value.converter"] = "test.PickyConverter";
    script_.reject = "P!";
    script_.report = "E!";
  }
  int below(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }

  /// Values that are mostly good, else begin with one of `heads`.
  void make_values(const std::vector<std::string>& heads) {
    const int share = 2 + below(30);
    for (int i = 0; i < kRows; ++i) {
      const bool good = below(share) != 0;
      const std::string head =
          good ? "ok" : heads[static_cast<size_t>(below(static_cast<int>(heads.size())))];
      values_.push_back(head + std::to_string(i));
    }
  }
  static bool is_good(const std::string& value) { return value.starts_with("ok"); }
  static bool is_dropped(const std::string& value) { return value.starts_with("F!"); }
  static bool is_bad(const std::string& value) { return !is_good(value) && !is_dropped(value); }

  int first_bad() const {
    const auto at = std::find_if(values_.begin(), values_.end(), is_bad);
    return static_cast<int>(at - values_.begin());
  }
  std::vector<std::string> chosen(bool (*keep)(const std::string&), int end = kRows) const {
    std::vector<std::string> out;
    std::copy_if(values_.begin(), values_.begin() + end, std::back_inserter(out), keep);
    return out;
  }
  std::vector<std::string> letters() {
    const std::lock_guard lock(log_.mutex);
    std::vector<std::string> out;
    for (const FakeLetter& letter : log_.letters) out.push_back(letter.value);
    return out;
  }
  int64_t committed() {
    const std::lock_guard lock(log_.mutex);
    const auto at = log_.committed.find(FakeConsumer::partition());
    return at == log_.committed.end() ? 0 : raw(at->second);
  }
  Properties config(const std::string& tolerance, const std::string& prefix = "") {
    return {{"errors.tolerance", tolerance},
            {prefix + "errors.deadletterqueue.topic.name", "dlq"},
            {"transforms", "t"},
            {"transforms.t.type", "test.PickyTransformation"}};
  }
  void start_sink(const std::string& tolerance) {
    log_.to_consume.assign(values_.begin(), values_.end());
    log_.max_poll_rows = static_cast<uint32_t>(1 + below(300));
    start_task("Sink", config(tolerance));
  }
  void start_source(const Properties& settings) {
    script_.values = values_;
    script_.records = kRows;
    script_.partitions = 1 + below(3);
    script_.poll_rows = static_cast<uint32_t>(1 + below(300));
    start_task("Source", settings);
  }
  /// The offset that must be stored for `partition` when rows that `advance` below `end` are done.
  std::optional<std::string> expected_offset(int64_t partition, bool (*advance)(const std::string&),
                                             int end = kRows) const {
    for (int i = end - 1; i >= 0; --i) {
      if (i % script_.partitions == partition && advance(values_[static_cast<size_t>(i)])) {
        return "{\"o\":" + std::to_string(i) + "}";
      }
    }
    return std::nullopt;
  }
  bool offsets_are(bool (*advance)(const std::string&), int end = kRows) {
    for (int64_t p = 0; p < script_.partitions; ++p) {
      const std::string key = "[\"c\",{\"p\":" + std::to_string(p) + "}]";
      if (offsets_.get(key) != expected_offset(p, advance, end)) return false;
    }
    return true;
  }

  const uint32_t seed_;
  testing::ScopedTrace trace_;
  std::mt19937 random_;
  std::vector<std::string> values_;
};

INSTANTIATE_TEST_SUITE_P(Random, RejectedRowsTest, testing::Range(0, kRepetitions));

TEST_P(RejectedRowsTest, ASinkDeliversTheOthersInOrder) {
  make_values({"V!", "T!", "P!", "E!", "F!"});
  start_sink("all");
  ASSERT_TRUE(control_.run_until([&] { return committed() == kRows; }));
  stop();
  EXPECT_EQ(put(), chosen(is_good));
  // One batch reports its rows stage by stage.
  EXPECT_THAT(letters(), testing::UnorderedElementsAreArray(chosen(is_bad)));
}

TEST_P(RejectedRowsTest, ASinkWithoutToleranceStopsExactlyAtTheFirst) {
  make_values({"V!", "T!", "F!"});
  script_.put_failures = below(3);  // what comes before the bad row may have to be put again
  start_sink("none");
  ASSERT_TRUE(reaches(State::Failed));
  stop();
  EXPECT_EQ(put(), chosen(is_good, first_bad()));
  EXPECT_EQ(committed(), first_bad());
  EXPECT_EQ(letters(), std::vector<std::string>{values_[static_cast<size_t>(first_bad())]});
  EXPECT_NE(listener_.task->trace.find("offset " + std::to_string(first_bad()) + "\n"),
            std::string::npos)
      << listener_.task->trace;
}

std::string letter_of(const std::string& value) {
  // What the log refused has its bytes already.
  return value.starts_with("K!") ? value : R"({"schema":null,"payload":")" + value + "\"}";
}

TEST_P(RejectedRowsTest, ASourceDeliversTheOthersInOrder) {
  make_values({"V!", "T!", "P!", "E!", "F!", "K!"});
  log_.fail_value = "K!";
  start_source(config("all", "millrace."));
  constexpr auto kAdvance = [](const std::string& value) { return !is_dropped(value); };
  ASSERT_TRUE(control_.run_until([&] { return offsets_are(kAdvance); }));
  stop();
  EXPECT_TRUE(offsets_are(kAdvance));
  EXPECT_EQ(log_.written_now(), chosen(is_good));
  std::vector<std::string> expected;
  for (const std::string& value : chosen(is_bad)) expected.push_back(letter_of(value));
  EXPECT_THAT(letters(), testing::UnorderedElementsAreArray(expected));
}

TEST_P(RejectedRowsTest, ASourceWithoutAQueueAdvancesAsInJava) {
  make_values({"V!", "T!", "P!", "F!", "K!"});
  log_.fail_value = "K!";
  Properties settings = config("all");  // the plain keys are a sink's
  start_source(settings);
  constexpr auto kAdvance = [](const std::string& value) {
    return is_good(value) || value.starts_with("K!");
  };
  ASSERT_TRUE(control_.run_until([&] { return offsets_are(kAdvance); }));
  stop();
  EXPECT_TRUE(offsets_are(kAdvance));
  EXPECT_EQ(log_.written_now(), chosen(is_good));
  EXPECT_TRUE(letters().empty());
  EXPECT_TRUE(log_.created.empty());
}

TEST_P(RejectedRowsTest, ASourceWithoutToleranceStopsExactlyAtTheFirst) {
  make_values({"V!", "T!", "P!", "E!", "F!"});
  start_source(config("none", "millrace."));
  ASSERT_TRUE(reaches(State::Failed));
  stop();
  EXPECT_EQ(log_.written_now(), chosen(is_good, first_bad()));
  EXPECT_TRUE(offsets_are(is_good, first_bad()));
  EXPECT_EQ(letters(),
            std::vector<std::string>{letter_of(values_[static_cast<size_t>(first_bad())])});
}

}  // namespace
}  // namespace millrace

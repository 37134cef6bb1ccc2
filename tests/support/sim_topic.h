#pragma once
// A topic in memory, and the TopicLog of each worker on it. How long things take, and what fails, is
// the test's choice.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "millrace/errors.h"
#include "runtime/core/executor.h"
#include "runtime/storage/topic_log.h"

namespace millrace::testing {

struct SimRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;
};

/// One partition. A compacted record keeps its place, empty.
struct SimTopic {
  std::vector<std::optional<SimRecord>> records;
  std::vector<std::function<void()>> watchers;  // called after each append

  /// Drops all but the newest record of each key.
  void compact() {
    for (size_t i = 0; i < records.size(); ++i) {
      for (size_t later = i + 1; records[i] && later < records.size(); ++later) {
        if (records[later] && records[later]->key == records[i]->key) records[i].reset();
      }
    }
  }
};

class SimTopicLog final : public TopicLog {
 public:
  using Delay = std::function<std::chrono::milliseconds()>;

  SimTopicLog(Executor& control, SimTopic& topic, Delay delay = [] { return kNone; })
      : control_(control), topic_(topic), delay_(std::move(delay)) {}

  void start(Consumer consumer, Callback<Done> caught_up) override {
    consumer_ = std::move(consumer);
    start_reading(std::move(caught_up));
  }
  void append(std::string key, std::optional<std::string> value, Callback<Done> done) override {
    if (fail_next_append) {
      fail_next_append = false;
      return later(std::move(done), std::make_exception_ptr(TimeoutException("append failed")));
    }
    if (lose_appends) return;
    if (refuse_appends) {
      return after(kAgain, [done = std::move(done)] {
        done(std::make_exception_ptr(TimeoutException("the topic cannot be reached")));
      });
    }
    topic_.records.push_back(SimRecord{std::move(key), std::move(value)});
    for (const auto& watcher : topic_.watchers) watcher();
    if (lose_answers) return;
    later(std::move(done), Done{});
  }
  void abandon_writes() noexcept override { ++abandoned; }
  void read_to_end(Callback<Done> done) override {
    if (unreachable) return;
    const size_t end = topic_.records.size();
    after(delay_(), [this, end, done = std::move(done)] {
      consume_to(end);
      done(Done{});
    });
  }
  void stop() noexcept override { *alive_ = false; }
  /// What the tail reader does between calls.
  void tail() {
    if (consumer_) consume_to(topic_.records.size());
  }

  bool fail_next_append = false;
  bool lose_appends = false;  // no answer ever
  bool refuse_appends = false;  // an error, some time later
  bool lose_answers = false;  // the record is there, and nobody is told
  bool unreachable = false;   // for reads
  int abandoned = 0;          // how often writes were given up; what is here is durable

 private:
  static constexpr std::chrono::milliseconds kNone{0};
  static constexpr std::chrono::milliseconds kAgain{500};

  /// Goes on until the topic can be read.
  void start_reading(Callback<Done> caught_up) {
    if (!unreachable) return read_to_end(std::move(caught_up));
    after(kAgain, [this, caught_up = std::move(caught_up)] { start_reading(caught_up); });
  }
  void after(std::chrono::milliseconds delay, std::function<void()> task) {
    auto guarded = [alive = alive_, task = std::move(task)] {
      if (*alive) task();
    };
    delay == kNone ? control_.post(std::move(guarded)) : control_.post_after(delay, guarded);
  }
  void later(Callback<Done> done, Outcome<Done> outcome) {
    after(delay_(), [done = std::move(done), outcome = std::move(outcome)] { done(outcome); });
  }
  void consume_to(size_t end) {
    for (; position_ < end; ++position_) {
      const auto& record = topic_.records[position_];
      if (!record) continue;
      TopicLogRecord read{0, static_cast<int64_t>(position_), {}, {}};
      if (record->key) read.key = *record->key;
      if (record->value) read.value = *record->value;
      consumer_(read);
    }
  }

  Executor& control_;
  SimTopic& topic_;
  Delay delay_;
  Consumer consumer_;
  size_t position_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace millrace::testing

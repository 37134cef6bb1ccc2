#pragma once
// What the tests of BrokerTopicLog share: an embedded log as the broker, an admin client that fails
// on demand, and a topic log whose answers can be waited for.

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/broker/embedded/embedded_broker.h"
#include "runtime/storage/internal_topics.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/thread_executor.h"

namespace millrace::testing {

using Text = std::optional<std::string>;
inline constexpr std::chrono::seconds kPatience{20};

/// Passes calls on to a real one, after what a test wants to go wrong.
class FaultyAdmin final : public BrokerAdmin {
 public:
  explicit FaultyAdmin(std::unique_ptr<BrokerAdmin> real) : real_(std::move(real)) {}

  struct Faults {
    std::vector<Error> create = {};  // thrown one after another
    std::vector<Error> config = {};
    std::vector<Error> describe = {};
    std::vector<Error> ends = {};
    bool no_ends = false;  // the topic is gone
  };
  void set(Faults faults) {
    const std::lock_guard lock(mutex_);
    faults_ = std::move(faults);
  }

  std::map<std::string, int32_t> describe_topics(std::span<const std::string> topics,
                                                 Millis timeout) override {
    next(&Faults::describe);
    return real_->describe_topics(topics, timeout);
  }
  bool create_topic(const NewTopic& topic, Millis timeout) override {
    next(&Faults::create);
    return real_->create_topic(topic, timeout);
  }
  std::optional<Properties> topic_config(const std::string& topic, Millis timeout) override {
    next(&Faults::config);
    return real_->topic_config(topic, timeout);
  }
  OffsetMap end_offsets(const std::string& topic, Millis timeout) override {
    next(&Faults::ends);
    const std::lock_guard lock(mutex_);
    return faults_.no_ends ? OffsetMap() : real_->end_offsets(topic, timeout);
  }
  OffsetMap begin_offsets(const std::string& topic, Millis timeout) override {
    return real_->begin_offsets(topic, timeout);
  }
  OffsetMap group_offsets(const std::string&, Millis) override { return {}; }
  void alter_group_offsets(const std::string&, const OffsetMap&, Millis) override {}
  void delete_group_offsets(const std::string&, std::span<const TopicPartition>,
                            Millis) override {}
  void delete_group(const std::string&, Millis) override {}

 private:
  void next(std::vector<Error> Faults::*of) {
    const std::lock_guard lock(mutex_);
    std::vector<Error>& errors = faults_.*of;
    if (errors.empty()) return;
    const Error error = errors.front();
    errors.erase(errors.begin());
    throw error;
  }

  std::unique_ptr<BrokerAdmin> real_;
  std::mutex mutex_;
  Faults faults_;
};

/// `error` as text; empty for none.
inline std::string text_of(const std::exception_ptr& error) {
  return error ? describe(error) : "";
}

/// A log on a control thread of its own, or on that of the logs it shares its clients with.
class LogUnderTest {
 public:
  LogUnderTest(Broker& broker, std::shared_ptr<BrokerAdmin> admin, InternalTopic topic,
               InternalTopicLimits limits = {})
      : log(std::make_unique<BrokerTopicLog>(
            control, broker, std::move(admin), std::move(topic),
            BrokerTopicLog::Clients{{{"linger.ms", "0"}}, {{"group.id", "workers"}}}, limits)) {}
  LogUnderTest(std::shared_ptr<ThreadExecutor> of, std::unique_ptr<BrokerTopicLog> made)
      : thread(std::move(of)), log(std::move(made)) {}
  ~LogUnderTest() {
    control.call([this] { log->stop(); });
    log.reset();
  }

  using Answer = std::future<std::string>;  // of what went wrong; empty: nothing

  Answer start() {
    return ask([this](auto done) {
      log->start(
          [this](const TopicLogRecord& record) {
            const auto text = [](auto view) { return view ? Text(*view) : Text(); };
            records.push_back({record.partition, record.offset, text(record.key),
                               text(record.value)});
          },
          done);
    });
  }
  Answer append(const std::string& key, const Text& value) {
    return ask([=, this](auto done) { log->append(key, value, done); });
  }
  Answer read_to_end() {
    return ask([this](auto done) { log->read_to_end(done); });
  }
  static std::string wait(Answer answer) {
    if (answer.wait_for(kPatience) != std::future_status::ready) return "no answer";
    return answer.get();
  }

  struct Read {
    int32_t partition;
    int64_t offset;
    Text key;
    Text value;
  };
  /// As consumed so far.
  std::vector<Read> read() {
    std::vector<Read> copy;
    control.call([&] { copy = records; });
    return copy;
  }

  const std::shared_ptr<ThreadExecutor> thread = std::make_shared<ThreadExecutor>();
  ThreadExecutor& control = *thread;
  std::vector<Read> records;  // control thread
  std::unique_ptr<BrokerTopicLog> log;

 private:
  Answer ask(const std::function<void(Callback<Done>)>& call) {
    auto promise = std::make_shared<std::promise<std::string>>();
    auto answer = promise->get_future();
    control.post([call, promise] {
      auto inside = std::make_shared<bool>(true);
      call([promise, inside](const Outcome<Done>& outcome) {
        promise->set_value(*inside ? "answered inside the call" : text_of(outcome.error()));
      });
      *inside = false;
    });
    return answer;
  }
};

class TopicLogTest : public ::testing::Test {
 protected:
  static InternalTopic topic(const std::string& name, int32_t partitions) {
    InternalTopic wanted;
    wanted.name = name;
    wanted.property = "offset.storage.topic";
    wanted.purpose = "source connector offsets";
    wanted.partitions = partitions;
    return wanted;
  }
  std::unique_ptr<LogUnderTest> open(InternalTopic wanted, InternalTopicLimits limits = {}) {
    return std::make_unique<LogUnderTest>(*broker, admin, std::move(wanted), limits);
  }

  testing_support::TemporaryFolder folder;
  std::unique_ptr<Broker> broker = embedded::open_embedded_broker(
      {{"embedded.log.dir", (folder.path() / "log").string()}});
  std::shared_ptr<FaultyAdmin> admin = std::make_shared<FaultyAdmin>(broker->make_admin({}));
};

}  // namespace millrace::testing

#pragma once
// A log in memory whose acknowledgements and failures a test decides.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/broker/broker.h"

namespace millrace {

/// What the producer of dead letters wrote.
struct FakeLetter {
  std::string topic;
  std::string value;
  int64_t timestamp;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Shared by a test and the clients of a fake broker. Thread-safe.
struct FakeLog {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> written;      // acknowledged values, in order
  std::deque<std::string> to_consume;    // values of partition topic-0
  int64_t next_offset = 0;
  OffsetMap committed;
  std::vector<OffsetMap> commits;
  std::vector<Offset> seeks;
  std::vector<std::string> subscribed;   // topics, or the pattern
  bool hold_acks = false;
  bool fail_sends = false;
  std::string fail_value;                // sends of values that begin with this fail
  std::string refuse_value;              // send() refuses values that begin with this
  uint32_t max_poll_rows = UINT32_MAX;   // most that a consumer's poll brings
  bool deliver_while_paused = false;     // rows that a client had fetched before
  std::vector<FakeLetter> letters;       // acknowledged
  bool hold_letters = false;
  bool fail_letters = false;
  int abandoned = 0;
  std::atomic<int> waits_for_letters = 0;
  std::map<std::string, NewTopic> topics;  // that exist
  std::vector<NewTopic> created;
  int describe_timeouts = 0;             // describe_topics() times out so often
  std::optional<ErrorKind> create_error;
  std::map<std::string, Properties> clients;  // settings by client.id

  std::vector<std::string> written_now() {
    const std::lock_guard lock(mutex);
    return written;
  }
};

class FakeProducer final : public RecordProducer {
 public:
  FakeProducer(FakeLog& log, DeliveryListener& listener, bool of_letters)
      : log_(log), listener_(listener), of_letters_(of_letters) {}

  SendResult send(RecordBatch& batch, std::span<const uint32_t> rows) override {
    for (size_t i = 0; i < rows.size(); ++i) {
      const std::string_view value = batch[rows[i]].value_wire.text();
      if (!of_letters_ && !log_.refuse_value.empty() && value.starts_with(log_.refuse_value)) {
        return {i, RowError{ErrorKind::RecordTooLarge, Stage::KafkaProduce, "too large", {}}};
      }
      pending_.emplace_back(&batch, rows[i]);
    }
    return {rows.size(), std::nullopt};
  }
  size_t poll(Millis timeout) override {
    std::vector<Delivery> deliveries;
    if (of_letters_ && timeout > Millis{0}) ++log_.waits_for_letters;
    const RowError failure{ErrorKind::Kafka, Stage::KafkaProduce, "the log said no", {}};
    {
      std::unique_lock lock(log_.mutex);
      log_.changed.wait_for(lock, timeout, [this] { return woken_ || ready(); });
      woken_ = false;
      while (ready()) {
        const auto [batch, row] = pending_.front();
        pending_.pop_front();
        const bool failed = of_letters_ ? log_.fail_letters : fails((*batch)[row]);
        if (!failed) write((*batch)[row]);
        deliveries.push_back({batch, row, 0, 0, failed ? &failure : nullptr});
      }
    }
    if (!deliveries.empty()) listener_.on_delivery(deliveries);
    return deliveries.size();
  }
  void wakeup() noexcept override {
    const std::lock_guard lock(log_.mutex);
    woken_ = true;
    log_.changed.notify_all();
  }
  size_t in_flight() const noexcept override { return pending_.size(); }
  void close(Millis) noexcept override { pending_.clear(); }
  void abandon() noexcept override {
    const std::lock_guard lock(log_.mutex);
    ++log_.abandoned;
    abandoned_ = true;
    log_.changed.notify_all();
  }

 private:
  bool ready() const {
    return !abandoned_ && !pending_.empty() && !(of_letters_ ? log_.hold_letters : log_.hold_acks);
  }
  bool fails(const Record& record) const {
    return log_.fail_sends || (!log_.fail_value.empty() &&
                               record.value_wire.text().starts_with(log_.fail_value));
  }
  void write(const Record& record) {
    const std::string value(record.value_wire.text());
    if (!of_letters_) {
      log_.written.push_back(value);
      return;
    }
    FakeLetter letter{std::string(record.topic), value, record.timestamp, {}};
    for (const Header& header : record.header_span()) {
      letter.headers.emplace_back(header.key, header.wire.text());
    }
    log_.letters.push_back(std::move(letter));
  }
  FakeLog& log_;
  DeliveryListener& listener_;
  const bool of_letters_;
  std::deque<std::pair<RecordBatch*, uint32_t>> pending_;
  bool woken_ = false;
  bool abandoned_ = false;
};

class FakeConsumer final : public RecordConsumer {
 public:
  explicit FakeConsumer(FakeLog& log) : log_(log) {}

  void subscribe(const std::vector<std::string>& topics, RebalanceListener& listener) override {
    note_subscription(topics);
    listener_ = &listener;
  }
  void subscribe_pattern(const std::string& pattern, RebalanceListener& listener) override {
    note_subscription({pattern});
    listener_ = &listener;
  }
  void assign(std::span<const TopicPartition>, const OffsetMap&) override {}
  std::optional<Offset> position(const TopicPartition&) const override { return std::nullopt; }
  void poll(RecordBatch& out, Millis timeout) override {
    if (!assigned_) {
      assigned_ = true;
      listener_->on_assigned({{partition(), Offset{0}}});
    }
    std::unique_lock lock(log_.mutex);
    log_.changed.wait_for(lock, timeout, [this] {
      return woken_ || (!paused_ && !log_.to_consume.empty());
    });
    woken_ = false;
    while ((!paused_ || log_.deliver_while_paused) && !out.full() && out.size() < log_.max_poll_rows &&
           !log_.to_consume.empty()) {
      Record& record = out.add();
      record.topic = record.original_topic = "topic";
      record.partition = record.original_partition = 0;
      record.offset = log_.next_offset++;
      record.timestamp = 1000 + record.offset;
      record.timestamp_type = TimestampType::Create;
      record.value_wire = WireBytes::of(out.arena().copy(log_.to_consume.front()));
      log_.to_consume.pop_front();
    }
  }
  void wakeup() noexcept override {
    const std::lock_guard lock(log_.mutex);
    woken_ = true;
    log_.changed.notify_all();
  }
  void seek(const TopicPartition&, Offset offset) override {
    const std::lock_guard lock(log_.mutex);
    log_.seeks.push_back(offset);
  }
  void pause(std::span<const TopicPartition> partitions) override {
    paused_ = paused_ || !partitions.empty();
  }
  void resume(std::span<const TopicPartition> partitions) override {
    if (!partitions.empty()) paused_ = false;
  }
  std::optional<Offset> known_end(const TopicPartition&) const override {
    const std::lock_guard lock(log_.mutex);
    return Offset{log_.next_offset + static_cast<int64_t>(log_.to_consume.size())};
  }
  void commit_async(const OffsetMap& offsets, CommitCallback done) override {
    commit_sync(offsets, {});
    done(std::nullopt);
  }
  void commit_sync(const OffsetMap& offsets, Millis) override {
    const std::lock_guard lock(log_.mutex);
    log_.commits.push_back(offsets);
    for (const auto& [tp, offset] : offsets) log_.committed[tp] = offset;
  }
  void close(Millis) noexcept override {
    const TopicPartition mine[] = {partition()};
    if (assigned_) listener_->on_revoked(mine);
  }
  static TopicPartition partition() { return {"topic", 0}; }

 private:
  void note_subscription(const std::vector<std::string>& topics) {
    const std::lock_guard lock(log_.mutex);
    log_.subscribed = topics;
  }
  FakeLog& log_;
  RebalanceListener* listener_ = nullptr;
  bool assigned_ = false;
  bool paused_ = false;
  bool woken_ = false;
};

class FakeAdmin final : public BrokerAdmin {
 public:
  explicit FakeAdmin(FakeLog& log) : log_(log) {}
  std::map<std::string, int32_t> describe_topics(std::span<const std::string> topics,
                                                 Millis) override {
    const std::lock_guard lock(log_.mutex);
    if (log_.describe_timeouts > 0) {
      --log_.describe_timeouts;
      throw TimeoutException("no answer");
    }
    std::map<std::string, int32_t> found;
    for (const std::string& topic : topics) {
      const auto at = log_.topics.find(topic);
      if (at != log_.topics.end()) found[topic] = at->second.partitions;
    }
    return found;
  }
  bool create_topic(const NewTopic& topic, Millis) override {
    const std::lock_guard lock(log_.mutex);
    if (log_.create_error) throw Error(*log_.create_error, "the log said no");
    log_.created.push_back(topic);
    return log_.topics.emplace(topic.name, topic).second;
  }
  OffsetMap group_offsets(const std::string&, Millis) override { return {}; }
  void alter_group_offsets(const std::string&, const OffsetMap&, Millis) override {}
  void delete_group_offsets(const std::string&, std::span<const TopicPartition>,
                            Millis) override {}
  void delete_group(const std::string&, Millis) override {}
  std::optional<Properties> topic_config(const std::string&, Millis) override {
    return Properties();
  }
  OffsetMap end_offsets(const std::string&, Millis) override { return {}; }
  OffsetMap begin_offsets(const std::string&, Millis) override { return {}; }

 private:
  FakeLog& log_;
};

class FakeBroker final : public Broker {
 public:
  explicit FakeBroker(FakeLog& log) : log_(log) {}
  std::string cluster_id() override { return "fake"; }
  std::unique_ptr<RecordProducer> make_producer(const Properties& config,
                                                DeliveryListener& listener) override {
    note_client(config);
    const bool of_letters = config.at("client.id").starts_with("connector-dlq-producer-");
    return std::make_unique<FakeProducer>(log_, listener, of_letters);
  }
  std::unique_ptr<RecordConsumer> make_consumer(const Properties& config) override {
    note_client(config);
    return std::make_unique<FakeConsumer>(log_);
  }
  std::unique_ptr<BrokerAdmin> make_admin(const Properties& config) override {
    note_client(config);
    return std::make_unique<FakeAdmin>(log_);
  }

 private:
  void note_client(const Properties& config) {
    const std::lock_guard lock(log_.mutex);
    log_.clients[config.at("client.id")] = config;
  }
  FakeLog& log_;
};

}  // namespace millrace

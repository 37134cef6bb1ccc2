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
  bool hold_acks = false;
  bool fail_sends = false;

  std::vector<std::string> written_now() {
    const std::lock_guard lock(mutex);
    return written;
  }
};

class FakeProducer final : public RecordProducer {
 public:
  FakeProducer(FakeLog& log, DeliveryListener& listener) : log_(log), listener_(listener) {}

  SendResult send(RecordBatch& batch, std::span<const uint32_t> rows) override {
    for (const uint32_t row : rows) pending_.emplace_back(&batch, row);
    return {rows.size(), std::nullopt};
  }
  size_t poll(Millis timeout) override {
    std::vector<Delivery> deliveries;
    const RowError failure{ErrorKind::Kafka, Stage::KafkaProduce, "the log said no", {}};
    {
      std::unique_lock lock(log_.mutex);
      log_.changed.wait_for(lock, timeout, [this] { return woken_ || ready(); });
      woken_ = false;
      while (ready()) {
        const auto [batch, row] = pending_.front();
        pending_.pop_front();
        if (!log_.fail_sends) log_.written.emplace_back((*batch)[row].value_wire.text());
        deliveries.push_back({batch, row, 0, 0, log_.fail_sends ? &failure : nullptr});
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

 private:
  bool ready() const { return !pending_.empty() && !log_.hold_acks; }
  FakeLog& log_;
  DeliveryListener& listener_;
  std::deque<std::pair<RecordBatch*, uint32_t>> pending_;
  bool woken_ = false;
};

class FakeConsumer final : public RecordConsumer {
 public:
  explicit FakeConsumer(FakeLog& log) : log_(log) {}

  void subscribe(const std::vector<std::string>&, RebalanceListener& listener) override {
    listener_ = &listener;
  }
  void subscribe_pattern(const std::string&, RebalanceListener& listener) override {
    listener_ = &listener;
  }
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
    while (!paused_ && !out.full() && !log_.to_consume.empty()) {
      Record& record = out.add();
      record.topic = record.original_topic = "topic";
      record.partition = record.original_partition = 0;
      record.offset = log_.next_offset++;
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
  FakeLog& log_;
  RebalanceListener* listener_ = nullptr;
  bool assigned_ = false;
  bool paused_ = false;
  bool woken_ = false;
};

class FakeBroker final : public Broker {
 public:
  explicit FakeBroker(FakeLog& log) : log_(log) {}
  std::string cluster_id() override { return "fake"; }
  std::unique_ptr<RecordProducer> make_producer(const Properties&,
                                                DeliveryListener& listener) override {
    return std::make_unique<FakeProducer>(log_, listener);
  }
  std::unique_ptr<RecordConsumer> make_consumer(const Properties&) override {
    return std::make_unique<FakeConsumer>(log_);
  }
  std::unique_ptr<BrokerAdmin> make_admin(const Properties&) override { return nullptr; }

 private:
  FakeLog& log_;
};

}  // namespace millrace

#pragma once
// A broker that counts the clients made of it, and whose consumers fail on demand.

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/broker/broker.h"

namespace millrace::testing {

class ClientSpy final : public Broker {
 public:
  explicit ClientSpy(Broker& real) : real_(real) {}

  /// `client.id` of those made so far, sorted.
  std::vector<std::string> consumers() const { return ids(consumers_); }
  std::vector<std::string> producers() const { return ids(producers_); }
  /// The next poll throws it.
  void fail_poll(TopicErrors error) {
    const std::lock_guard lock(state_->mutex);
    state_->failure = std::move(error);
  }

  std::string cluster_id() override { return real_.cluster_id(); }
  std::unique_ptr<RecordProducer> make_producer(const Properties& config,
                                                DeliveryListener& listener) override {
    note(producers_, config);
    return real_.make_producer(config, listener);
  }
  std::unique_ptr<RecordConsumer> make_consumer(const Properties& config) override {
    note(consumers_, config);
    return std::make_unique<Consumer>(real_.make_consumer(config), state_);
  }
  std::unique_ptr<BrokerAdmin> make_admin(const Properties& config) override {
    return real_.make_admin(config);
  }

 private:
  struct State {
    std::mutex mutex;
    std::optional<TopicErrors> failure;
  };

  class Consumer final : public RecordConsumer {
   public:
    Consumer(std::unique_ptr<RecordConsumer> real, std::shared_ptr<State> state)
        : real_(std::move(real)), state_(std::move(state)) {}
    void subscribe(const std::vector<std::string>& topics, RebalanceListener& listener) override {
      real_->subscribe(topics, listener);
    }
    void subscribe_pattern(const std::string& pattern, RebalanceListener& listener) override {
      real_->subscribe_pattern(pattern, listener);
    }
    void assign(std::span<const TopicPartition> partitions, const OffsetMap& begins) override {
      real_->assign(partitions, begins);
    }
    std::optional<Offset> position(const TopicPartition& partition) const override {
      return real_->position(partition);
    }
    void poll(RecordBatch& out, Millis timeout) override {
      {
        const std::lock_guard lock(state_->mutex);
        if (const auto failure = std::exchange(state_->failure, std::nullopt)) throw *failure;
      }
      real_->poll(out, timeout);
    }
    void wakeup() noexcept override { real_->wakeup(); }
    void seek(const TopicPartition& partition, Offset offset) override {
      real_->seek(partition, offset);
    }
    void pause(std::span<const TopicPartition> partitions) override { real_->pause(partitions); }
    void resume(std::span<const TopicPartition> partitions) override { real_->resume(partitions); }
    std::optional<Offset> known_end(const TopicPartition& partition) const override {
      return real_->known_end(partition);
    }
    void commit_async(const OffsetMap& offsets, CommitCallback done) override {
      real_->commit_async(offsets, std::move(done));
    }
    void commit_sync(const OffsetMap& offsets, Millis timeout) override {
      real_->commit_sync(offsets, timeout);
    }
    void close(Millis timeout) noexcept override { real_->close(timeout); }

   private:
    std::unique_ptr<RecordConsumer> real_;
    std::shared_ptr<State> state_;
  };

  void note(std::vector<std::string>& made, const Properties& config) {
    const std::lock_guard lock(mutex_);
    const auto id = config.find("client.id");
    made.push_back(id == config.end() ? "" : id->second);
  }
  std::vector<std::string> ids(const std::vector<std::string>& made) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> sorted = made;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }

  Broker& real_;
  const std::shared_ptr<State> state_ = std::make_shared<State>();
  mutable std::mutex mutex_;
  std::vector<std::string> consumers_;
  std::vector<std::string> producers_;
};

}  // namespace millrace::testing

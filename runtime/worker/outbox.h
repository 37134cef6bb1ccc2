#pragma once
// Records that a task of the worker writes beside its work, dead letters or what a sink tells others:
// copied, with a limit on those that wait, and known to be durable before offsets move past them.

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "runtime/broker/broker.h"
#include "runtime/metrics/log.h"

namespace millrace {

/// How messages speak of the records of an outbox.
struct OutboxWords {
  std::string failure;      // begins what is said of one that could not be written
  std::string destination;  // "... could be written to DESTINATION"
  std::string contents;     // "CONTENTS were not acknowledged"
};

/// Task thread only. A record that cannot be written fails the task: passing over it would lose it.
class Outbox final : private DeliveryListener {
 public:
  /// Records, and bytes of records, that may wait for acknowledgement; send() waits beyond them.
  static constexpr uint32_t kMaxRecords = 1000;
  static constexpr size_t kMaxBytes = size_t{16} * 1024 * 1024;

  /// `logger` and `broker` outlive this. `on_failure` hears of each record that could not be written.
  Outbox(Broker& broker, const Properties& producer, OutboxWords words, spdlog::logger& logger,
         std::stop_token stop, std::function<void()> on_failure = [] {});
  ~Outbox() override { close(Millis{0}); }

  /// Calls `fill(batch)`, which adds one row and makes it independent of others, when there is room,
  /// and sends that. Throws ConnectException when this or an earlier record cannot be written, or a stop
  /// is asked while there is no room.
  template <class Fill>
  void send(const Fill& fill) {
    make_room();
    const uint32_t row = records_.size();
    fill(records_);
    hand_over(row);
  }
  /// Serves acknowledgements without waiting. Throws ConnectException when a record failed.
  void serve();
  /// Waits until all records are durable. False when `timeout` ends first; throws ConnectException
  /// when one failed, now or earlier.
  bool await(Millis timeout);
  /// await() before a commit of the offsets of `task`: says in the log why there can be none.
  /// `closing`: a record that failed is no reason to throw, since the task ends anyway.
  bool await_for_commit(const std::string& task, Millis timeout, bool closing);
  bool all_durable() const noexcept {
    return !failure_ && producer_ != nullptr && producer_->in_flight() == 0;
  }
  bool closed() const noexcept { return producer_ == nullptr; }
  void throw_if_failed() const;
  /// Waits for outstanding records and frees the client. May be called twice.
  void close(Millis timeout) noexcept;

 private:
  void on_delivery(std::span<const Delivery> deliveries) override;
  void make_room();
  void hand_over(uint32_t row);
  void wait_for_room();
  void fail(const RowError& error, std::string_view topic);

  const OutboxWords words_;
  spdlog::logger& logger_;
  std::stop_token stop_;
  const std::function<void()> on_failure_;
  RecordBatch records_{kMaxRecords};
  std::optional<RowError> failure_;  // the first one
  std::string failed_topic_;
  std::unique_ptr<RecordProducer> producer_;
};

/// Those of one task: of dead letters and of its own records. Null ones are passed over.
class OutboxList {
 public:
  OutboxList(Outbox* letters, Outbox* own) {
    for (Outbox* outbox : {letters, own}) {
      if (outbox != nullptr) all_[count_++] = outbox;
    }
  }
  Outbox* const* begin() const noexcept { return all_; }
  Outbox* const* end() const noexcept { return all_ + count_; }

 private:
  Outbox* all_[2] = {};
  size_t count_ = 0;
};

}  // namespace millrace

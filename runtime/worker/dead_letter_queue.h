#pragma once
// Sends the dead letters of one task to their topic, and knows when they are durable.

#include <optional>
#include <stop_token>
#include <string>

#include "runtime/pipeline/dead_letter.h"
#include "runtime/pipeline/error_reporter.h"
#include "runtime/worker/services.h"

namespace millrace {

/// Task thread only. Other than in Java a letter that cannot be written fails the task: passing
/// over it would lose the record.
class DeadLetterQueue final : public ErrorReporter, private DeliveryListener {
 public:
  /// Letters, and bytes of letters, that may wait for acknowledgement; report() waits beyond them.
  static constexpr uint32_t kMaxLetters = 1000;
  static constexpr size_t kMaxLetterBytes = size_t{16} * 1024 * 1024;

  /// Makes the topic if it does not exist, with one partition. Throws ConnectException `Could not
  /// initialize dead letter queue with topic=...`. `services` and `spec` outlive this.
  DeadLetterQueue(const WorkerServices& services, const TaskSpec& spec, DeadLetterConfig config,
                  std::unique_ptr<LetterForms> forms, std::stop_token stop);
  ~DeadLetterQueue() override { close(Millis{0}); }

  /// Call for every batch before its conversion and transformation.
  void remember(RecordBatch& batch) { forms_->remember(batch); }
  /// Throws ConnectException when this or an earlier letter cannot be written, or a stop is asked
  /// while there is no room for it.
  void report(const RecordBatch& batch, uint32_t row, const RowError& error,
              ErrorCounts& counts) override;
  /// Serves acknowledgements without waiting. Throws ConnectException when a letter failed.
  void serve();
  /// Waits until all letters are durable. False when `timeout` ends first; throws ConnectException
  /// when one failed, now or earlier.
  bool await(Millis timeout);
  /// await() before a commit of offsets: says in the log why there can be none. `closing`: a letter
  /// that failed is no reason to throw, since the task ends anyway.
  bool await_for_commit(Millis timeout, bool closing);
  bool all_durable() const noexcept {
    return !failure_ && producer_ != nullptr && producer_->in_flight() == 0;
  }
  /// Waits for outstanding letters and frees the client. May be called twice.
  void close(Millis timeout) noexcept;

 private:
  void on_delivery(std::span<const Delivery> deliveries) override;
  void create_topic(BrokerAdmin& admin) const;
  void make_room();
  void send(uint32_t row);
  void wait_for_room();
  void throw_if_failed() const;

  const ConnectorTaskId& id_;
  const DeadLetterConfig config_;
  std::stop_token stop_;
  std::unique_ptr<RecordProducer> producer_;
  std::unique_ptr<LetterForms> forms_;
  RecordBatch letters_{kMaxLetters};
  ErrorCounts* counts_ = nullptr;  // known from the first report on
  std::optional<RowError> failure_;
};

}  // namespace millrace

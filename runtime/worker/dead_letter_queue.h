#pragma once
// Sends the dead letters of one task to their topic, and knows when they are durable.

#include <memory>
#include <stop_token>

#include "runtime/pipeline/dead_letter.h"
#include "runtime/pipeline/error_reporter.h"
#include "runtime/worker/outbox.h"
#include "runtime/worker/services.h"

namespace millrace {

/// Task thread only. Other than in Java a letter that cannot be written fails the task: passing
/// over it would lose the record.
class DeadLetterQueue final : public ErrorReporter {
 public:
  /// Makes the topic if it does not exist, with one partition. Throws ConnectException `Could not
  /// initialize dead letter queue with topic=...`. `services` and `spec` outlive this.
  DeadLetterQueue(const WorkerServices& services, const TaskSpec& spec, DeadLetterConfig config,
                  std::unique_ptr<LetterForms> forms, std::stop_token stop);

  /// Call for every batch before its conversion and transformation.
  void remember(RecordBatch& batch) { forms_->remember(batch); }
  /// Throws ConnectException when this or an earlier letter cannot be written, or a stop is asked
  /// while there is no room for it.
  void report(const RecordBatch& batch, uint32_t row, const RowError& error,
              ErrorCounts& counts) override;
  /// Where the letters go.
  Outbox& outbox() noexcept { return *outbox_; }

 private:
  void create_topic(BrokerAdmin& admin) const;

  const ConnectorTaskId& id_;
  const DeadLetterConfig config_;
  std::unique_ptr<LetterForms> forms_;
  ErrorCounts* counts_ = nullptr;  // known from the first report on
  std::unique_ptr<Outbox> outbox_;
};

}  // namespace millrace

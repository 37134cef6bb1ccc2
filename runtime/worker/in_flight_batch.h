#pragma once
// A source batch between poll() and the acknowledgement of its last row.

#include <cstdint>
#include <memory>
#include <vector>

#include "millrace/record.h"

namespace millrace {

enum class RowProgress : uint8_t {
  Pending,       // handed to the producer, or about to be
  Acknowledged,  // durable, or given up with errors.tolerance=all, or a dead letter
  NotSubmitted,  // filtered or rejected: never holds an offset back, never advances one
};

struct InFlightBatch : RecordBatch {
  using RecordBatch::RecordBatch;
  std::vector<RowProgress> progress;
  uint32_t pending_rows = 0;
  uint32_t open_runs = 0;  // runs in SubmittedRecords that still point here
  uint32_t written_rows = 0;  // submitted and not given up; for the metrics, as the next
  int64_t wire_bytes = 0;     // keys and values of the submitted rows

  bool finished() const noexcept { return pending_rows == 0 && open_runs == 0; }
  void recycle() noexcept {
    reset();
    progress.clear();
    pending_rows = open_runs = written_rows = 0;
    wire_bytes = 0;
  }
};

/// Bounded set of reusable batches; running out of them is the back-pressure on poll().
class BatchPool {
 public:
  BatchPool(size_t limit, uint32_t batch_rows) : limit_(limit), batch_rows_(batch_rows) {}
  /// Null when all batches are in flight.
  InFlightBatch* acquire();
  void release(InFlightBatch* batch);
  size_t in_use() const noexcept { return all_.size() - free_.size(); }

 private:
  size_t limit_;
  uint32_t batch_rows_;
  std::vector<std::unique_ptr<InFlightBatch>> all_;
  std::vector<InFlightBatch*> free_;
};

}  // namespace millrace

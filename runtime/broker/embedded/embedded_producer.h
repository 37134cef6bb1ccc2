#pragma once
// RecordProducer of the embedded log.

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/broker/embedded/chunk.h"
#include "runtime/broker/embedded/log_store.h"

namespace millrace::embedded {

class EmbeddedProducer final : public RecordProducer {
 public:
  EmbeddedProducer(std::shared_ptr<LogStore> store, DeliveryListener& listener)
      : store_(std::move(store)), listener_(listener), mailbox_(std::make_shared<Mailbox>()) {}

  SendResult send(RecordBatch& batch, std::span<const uint32_t> rows) override;
  size_t poll(Millis timeout) override;
  void wakeup() noexcept override;
  size_t in_flight() const noexcept override { return in_flight_; }
  void close(Millis timeout) noexcept override;

 private:
  /// Rows of one chunk, in order, and what became of them.
  struct Sent {
    RecordBatch* batch;
    int32_t partition;
    std::vector<uint32_t> rows;
    int64_t base_offset = -1;
    std::string error;
  };
  /// Where the writer's thread leaves results; outlives the producer if it must.
  struct Mailbox {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Sent> done;
    bool woken = false;
  };
  struct Building {
    ChunkWriter chunk;
    std::vector<uint32_t> rows;
  };

  int32_t choose_partition(const Record& record, int32_t partitions);
  void append(RecordBatch& batch, const TopicPartition& partition, Building& building);
  void report(const Sent& sent);

  std::shared_ptr<LogStore> store_;
  DeliveryListener& listener_;
  std::shared_ptr<Mailbox> mailbox_;
  std::map<std::string, int32_t, std::less<>> partitions_;  // counts of topics used
  uint32_t round_ = 0;  // rows without a key go to one partition per send
  size_t in_flight_ = 0;
  std::vector<Delivery> deliveries_;
};

}  // namespace millrace::embedded

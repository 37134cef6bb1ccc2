#pragma once
// RecordProducer of the embedded log.

#include <atomic>
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
  /// `config`: Java's names. Throws ConfigException.
  EmbeddedProducer(std::shared_ptr<LogStore> store, const Properties& config,
                   DeliveryListener& listener);

  SendResult send(RecordBatch& batch, std::span<const uint32_t> rows) override;
  size_t poll(Millis timeout) override;
  void wakeup() noexcept override;
  size_t in_flight() const noexcept override { return in_flight_; }
  void close(Millis timeout) noexcept override;
  /// What was handed to the log's writer is written all the same.
  void abandon() noexcept override { abandoned_ = true; }

 private:
  /// Rows of one chunk, in order, and what became of them.
  struct Sent {
    RecordBatch* batch;
    int32_t partition;
    std::vector<uint32_t> rows;
    int64_t base_offset = -1;
    ErrorKind kind = ErrorKind::Timeout;
    std::string error = {};
  };
  /// Where the writer's thread leaves results; outlives the producer if it must.
  struct Mailbox {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Sent> done;
    bool woken = false;

    void put(Sent sent);
  };
  struct Building {
    ChunkWriter chunk;
    std::vector<uint32_t> rows;
  };
  struct Topic {
    std::string name;
    std::vector<Building> partitions;
  };

  Topic& topic(std::string_view name);
  int32_t choose_partition(const Record& record, int32_t partitions) const;
  /// Takes the row; its error is reported like that of a failed append.
  void refuse(RecordBatch& batch, uint32_t row, int32_t partition, ErrorKind kind,
              std::string error);
  void append(RecordBatch& batch, Topic& topic, int32_t partition);
  void report(const Sent& sent);

  std::shared_ptr<LogStore> store_;
  DeliveryListener& listener_;
  EmbeddedProducerOptions options_;
  std::shared_ptr<Mailbox> mailbox_;
  std::map<std::string, Topic, std::less<>> topics_;  // those used
  std::vector<std::pair<Topic*, int32_t>> touched_;   // by the send() that runs
  std::atomic<bool> abandoned_ = false;
  uint32_t round_ = 0;  // rows without a key go to one partition per send
  size_t in_flight_ = 0;
  std::vector<Delivery> deliveries_;
};

}  // namespace millrace::embedded

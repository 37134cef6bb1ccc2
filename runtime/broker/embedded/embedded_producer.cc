#include "runtime/broker/embedded/embedded_producer.h"

#include <chrono>

#include "runtime/broker/embedded/partitioner.h"

namespace millrace::embedded {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxChunkBytes = size_t{1} * 1024 * 1024;

int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

int32_t EmbeddedProducer::choose_partition(const Record& record, int32_t partitions) {
  if (record.partition != kNoPartition) return record.partition;
  if (!record.key_wire.is_null()) return partition_of_key(record.key_wire.text(), partitions);
  return static_cast<int32_t>(round_ % static_cast<uint32_t>(partitions));
}

void EmbeddedProducer::append(RecordBatch& batch, const TopicPartition& partition,
                              Building& building) {
  if (building.rows.empty()) return;
  Append append;
  append.partition = partition;
  append.count = building.chunk.count();
  append.chunk = building.chunk.finish();
  auto sent = std::make_shared<Sent>();
  sent->batch = &batch;
  sent->partition = partition.partition;
  sent->rows = std::exchange(building.rows, {});
  append.done = [mailbox = mailbox_, sent](int64_t base, const std::string& error) {
    sent->base_offset = base;
    sent->error = error;
    const std::lock_guard lock(mailbox->mutex);
    mailbox->done.push_back(std::move(*sent));
    mailbox->changed.notify_all();
  };
  // The queue was asked before the rows were taken; what was taken is always appended.
  while (!store_->append(append)) {
    std::unique_lock lock(mailbox_->mutex);
    mailbox_->changed.wait_for(lock, Millis{10});
  }
}

SendResult EmbeddedProducer::send(RecordBatch& batch, std::span<const uint32_t> rows) {
  SendResult result;
  ++round_;
  const int64_t now = now_ms();
  std::map<TopicPartition, Building> building;
  const char* last_topic = nullptr;
  int32_t last_partition = -1;
  Building* current = nullptr;
  int32_t partitions = 0;
  for (const uint32_t row : rows) {
    const Record& record = batch[row];
    if (record.topic.data() != last_topic) {
      auto known = partitions_.find(record.topic);
      if (known == partitions_.end()) {
        const std::string name(record.topic);
        known = partitions_.emplace(name, store_->ensure_topic(name)).first;
      }
      partitions = known->second;
      last_topic = record.topic.data();
      current = nullptr;
    }
    const int32_t partition = choose_partition(record, partitions);
    if (partition < 0 || partition >= partitions) {
      result.error = RowError{ErrorKind::IllegalArgument, Stage::KafkaProduce,
                              "Invalid partition given with record: " + std::to_string(partition) +
                                  " is not in the range [0..." + std::to_string(partitions) + ").",
                              {}};
      break;
    }
    if (current == nullptr || partition != last_partition) {
      current = &building[{std::string(record.topic), partition}];
      last_partition = partition;
    }
    current->chunk.add(record, now);
    current->rows.push_back(row);
    ++result.accepted;
    if (current->chunk.size() >= kMaxChunkBytes) {
      append(batch, {std::string(record.topic), partition}, *current);
    }
  }
  for (auto& [partition, one] : building) append(batch, partition, one);
  in_flight_ += result.accepted;
  return result;
}

void EmbeddedProducer::report(const Sent& sent) {
  deliveries_.clear();
  const RowError error{ErrorKind::Timeout, Stage::KafkaProduce, sent.error, {}};
  const bool ok = sent.base_offset >= 0;
  for (size_t i = 0; i < sent.rows.size(); ++i) {
    deliveries_.push_back({sent.batch, sent.rows[i], sent.partition,
                           ok ? sent.base_offset + static_cast<int64_t>(i) : -1,
                           ok ? nullptr : &error});
  }
  in_flight_ -= sent.rows.size();
  listener_.on_delivery(deliveries_);
}

size_t EmbeddedProducer::poll(Millis timeout) {
  std::vector<Sent> done;
  {
    std::unique_lock lock(mailbox_->mutex);
    mailbox_->changed.wait_for(lock, timeout,
                               [this] { return mailbox_->woken || !mailbox_->done.empty(); });
    mailbox_->woken = false;
    done = std::exchange(mailbox_->done, {});
  }
  size_t rows = 0;
  for (const Sent& sent : done) {
    rows += sent.rows.size();
    report(sent);
  }
  return rows;
}

void EmbeddedProducer::wakeup() noexcept {
  const std::lock_guard lock(mailbox_->mutex);
  mailbox_->woken = true;
  mailbox_->changed.notify_all();
}

void EmbeddedProducer::close(Millis timeout) noexcept {
  const auto deadline = Clock::now() + timeout;
  while (in_flight_ > 0 && Clock::now() < deadline) {
    std::unique_lock lock(mailbox_->mutex);
    mailbox_->changed.wait_until(lock, deadline, [this] { return !mailbox_->done.empty(); });
    for (const Sent& sent : std::exchange(mailbox_->done, {})) in_flight_ -= sent.rows.size();
  }
}

}  // namespace millrace::embedded

#include "runtime/broker/embedded/embedded_producer.h"

#include <chrono>

#include "millrace/clock.h"
#include "runtime/broker/embedded/partitioner.h"
#include "runtime/broker/embedded/record_size.h"

namespace millrace::embedded {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxChunkBytes = size_t{1} * 1024 * 1024;

/// What Java's client throws at once, instead of reporting it.
std::optional<RowError> illegal(const Record& record, int32_t partition, int32_t partitions) {
  const auto error = [](std::string text) {
    return RowError{ErrorKind::IllegalArgument, Stage::KafkaProduce, std::move(text), {}};
  };
  if (partition < 0 || partition >= partitions) {
    return error("Invalid partition given with record: " + std::to_string(partition) +
                 " is not in the range [0..." + std::to_string(partitions) + ").");
  }
  if (record.timestamp < 0 && record.timestamp != kNoTimestamp) {
    return error("Invalid timestamp: " + std::to_string(record.timestamp) +
                 ". Timestamp should always be non-negative or null.");
  }
  return std::nullopt;
}

}  // namespace

EmbeddedProducer::EmbeddedProducer(std::shared_ptr<LogStore> store, const Properties& config,
                                   DeliveryListener& listener)
    : store_(std::move(store)),
      listener_(listener),
      options_(EmbeddedProducerOptions::def().parse(config)),
      mailbox_(std::make_shared<Mailbox>()) {}

void EmbeddedProducer::Mailbox::put(Sent sent) {
  const std::lock_guard lock(mutex);
  done.push_back(std::move(sent));
  changed.notify_all();
}

EmbeddedProducer::Topic& EmbeddedProducer::topic(std::string_view name) {
  const auto known = topics_.find(name);
  if (known != topics_.end()) return known->second;
  std::string owned(name);
  const auto partitions = static_cast<size_t>(store_->ensure_topic(owned));
  Topic& added = topics_[owned];
  added.name = std::move(owned);
  added.partitions.resize(partitions);
  return added;
}

int32_t EmbeddedProducer::choose_partition(const Record& record, int32_t partitions) const {
  if (record.partition != kNoPartition) return record.partition;
  if (!record.key_wire.is_null() && !options_.ignore_keys) {
    return partition_of_key(record.key_wire.text(), partitions);
  }
  return static_cast<int32_t>(round_ % static_cast<uint32_t>(partitions));
}

void EmbeddedProducer::refuse(RecordBatch& batch, uint32_t row, int32_t partition, ErrorKind kind,
                              std::string error) {
  ++in_flight_;
  mailbox_->put({.batch = &batch,
                 .partition = partition,
                 .rows = {row},
                 .kind = kind,
                 .error = std::move(error)});
}

void EmbeddedProducer::append(RecordBatch& batch, Topic& topic, int32_t partition) {
  Building& building = topic.partitions[static_cast<size_t>(partition)];
  if (building.rows.empty()) return;
  auto sent = std::make_shared<Sent>();
  sent->batch = &batch;
  sent->partition = partition;
  sent->rows = std::exchange(building.rows, {});
  in_flight_ += sent->rows.size();
  Append append;
  append.partition = {topic.name, partition};
  append.count = building.chunk.count();
  append.chunk = building.chunk.finish();
  append.done = [mailbox = mailbox_, sent](int64_t base, const std::string& error) {
    sent->base_offset = base;
    sent->error = error;
    mailbox->put(std::move(*sent));
  };
  store_->append(std::move(append));
}

SendResult EmbeddedProducer::send(RecordBatch& batch, std::span<const uint32_t> rows) {
  SendResult result;
  if (abandoned_) return result;
  ++round_;
  const int64_t now = wall_clock_ms();
  Topic* current = nullptr;
  for (const uint32_t row : rows) {
    // Looked at before every row, so the queue grows by little more than a chunk per partition.
    if (!store_->has_room()) break;
    const Record& record = batch[row];
    if (current == nullptr || record.topic != current->name) {
      try {
        current = &topic(record.topic);
      } catch (const Error& error) {
        current = nullptr;
        if (error.retriable()) {
          result.error = RowError{error.kind(), Stage::KafkaProduce, error.what(), {}};
          break;
        }
        refuse(batch, row, record.partition, error.kind(), error.what());
        ++result.accepted;
        continue;
      }
    }
    const auto partitions = static_cast<int32_t>(current->partitions.size());
    const int32_t partition = choose_partition(record, partitions);
    if ((result.error = illegal(record, partition, partitions))) break;
    ++result.accepted;
    const size_t size = kafka_size(record);
    if (size > static_cast<size_t>(options_.max_request_size)) {
      refuse(batch, row, partition, ErrorKind::RecordTooLarge,
             "The message is " + std::to_string(size) +
                 " bytes when serialized which is larger than " +
                 std::to_string(options_.max_request_size) +
                 ", which is the value of the max.request.size configuration.");
      continue;
    }
    Building& building = current->partitions[static_cast<size_t>(partition)];
    if (building.rows.empty()) touched_.emplace_back(current, partition);
    building.chunk.add(record, now);
    building.rows.push_back(row);
    if (building.chunk.size() >= kMaxChunkBytes) append(batch, *current, partition);
  }
  for (const auto& [topic, partition] : touched_) append(batch, *topic, partition);
  touched_.clear();
  return result;
}

void EmbeddedProducer::report(const Sent& sent) {
  deliveries_.clear();
  const RowError error{sent.kind, Stage::KafkaProduce, sent.error, {}};
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
  std::unique_lock lock(mailbox_->mutex);
  while (true) {
    for (const Sent& sent : std::exchange(mailbox_->done, {})) in_flight_ -= sent.rows.size();
    if (in_flight_ == 0 || Clock::now() >= deadline) break;
    mailbox_->changed.wait_until(lock, deadline, [this] { return !mailbox_->done.empty(); });
  }
  in_flight_ = 0;
}

}  // namespace millrace::embedded

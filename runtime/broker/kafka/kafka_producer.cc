#include "runtime/broker/kafka/kafka_producer.h"

#include <array>
#include <chrono>

#include "runtime/metrics/log.h"

namespace millrace::kafka {
namespace {

// A message carries slot and row of its record in the opaque pointer.
constexpr unsigned kSlotShift = 32;

void* pack(uint32_t slot, uint32_t row) noexcept {
  return reinterpret_cast<void*>(uint64_t{slot} << kSlotShift | row);
}

rd_kafka_headers_t* copy_headers(const Record& record) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(record.header_count);
  for (const Header& header : record.header_span()) {
    rd_kafka_header_add(headers, header.key.data(), static_cast<ssize_t>(header.key.size()),
                        header.wire.data, header.wire.is_null() ? 0 : header.wire.size);
  }
  return headers;
}

/// Arguments of rd_kafka_produceva, filled front to back.
class Arguments {
 public:
  rd_kafka_vu_t& add(rd_kafka_vtype_t type) noexcept {
    all_[count_].vtype = type;
    return all_[count_++];
  }
  const rd_kafka_vu_t* data() const noexcept { return all_.data(); }
  size_t size() const noexcept { return count_; }

 private:
  std::array<rd_kafka_vu_t, 8> all_;
  size_t count_ = 0;
};

}  // namespace

KafkaProducer::KafkaProducer(const ClientConfig& config, DeliveryListener& listener)
    : listener_(listener) {
  Conf conf = make_conf(config);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), on_report);
  rd_kafka_conf_set_opaque(conf.get(), this);
  client_ = make_client(RD_KAFKA_PRODUCER, std::move(conf));
  main_queue_.reset(rd_kafka_queue_get_main(client_));
}

KafkaProducer::~KafkaProducer() { close(Millis{0}); }

uint32_t KafkaProducer::slot_of(RecordBatch& batch) {
  uint32_t free = static_cast<uint32_t>(slots_.size());
  for (uint32_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].batch == &batch) return i;
    if (slots_[i].batch == nullptr) free = i;
  }
  if (free == slots_.size()) slots_.emplace_back();
  slots_[free].batch = &batch;
  return free;
}

rd_kafka_topic_t* KafkaProducer::topic(std::string_view name) {
  if (name.data() == last_name_) return last_topic_;
  last_name_ = name.data();
  for (const NamedTopic& known : topics_) {
    if (known.name == name) return last_topic_ = known.handle.get();
  }
  std::string owned(name);
  rd_kafka_topic_t* handle = rd_kafka_topic_new(client_, owned.c_str(), nullptr);
  if (handle == nullptr) throw_error("opening topic " + owned, rd_kafka_last_error());
  topics_.push_back({std::move(owned), Topic(handle)});
  return last_topic_ = handle;
}

rd_kafka_resp_err_t KafkaProducer::produce(const Record& record, void* opaque) {
  Arguments args;
  args.add(RD_KAFKA_VTYPE_RKT).u.rkt = topic(record.topic);
  args.add(RD_KAFKA_VTYPE_MSGFLAGS).u.i = RD_KAFKA_MSG_F_COPY;
  args.add(RD_KAFKA_VTYPE_OPAQUE).u.ptr = opaque;
  if (!record.value_wire.is_null()) {
    auto& value = args.add(RD_KAFKA_VTYPE_VALUE).u.mem;
    value.ptr = const_cast<uint8_t*>(record.value_wire.data);
    value.size = record.value_wire.size;
  }
  if (!record.key_wire.is_null()) {
    auto& key = args.add(RD_KAFKA_VTYPE_KEY).u.mem;
    key.ptr = const_cast<uint8_t*>(record.key_wire.data);
    key.size = record.key_wire.size;
  }
  if (record.partition != kNoPartition) {
    args.add(RD_KAFKA_VTYPE_PARTITION).u.i32 = record.partition;
  }
  if (record.timestamp != kNoTimestamp) {
    args.add(RD_KAFKA_VTYPE_TIMESTAMP).u.i64 = record.timestamp;
  }
  rd_kafka_headers_t* headers = nullptr;
  if (record.header_count != 0) {
    headers = copy_headers(record);
    args.add(RD_KAFKA_VTYPE_HEADERS).u.headers = headers;
  }
  const KafkaError error(rd_kafka_produceva(client_, args.data(), args.size()));
  if (!error) return RD_KAFKA_RESP_ERR_NO_ERROR;
  if (headers != nullptr) rd_kafka_headers_destroy(headers);  // taken over only on success
  return rd_kafka_error_code(error.get());
}

SendResult KafkaProducer::send(RecordBatch& batch, std::span<const uint32_t> rows) {
  SendResult result;
  last_name_ = nullptr;  // names may live in a batch that is gone
  const uint32_t slot = slot_of(batch);
  for (const uint32_t row : rows) {
    const rd_kafka_resp_err_t code = produce(batch[row], pack(slot, row));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      ++result.accepted;
      continue;
    }
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) result.error = row_error(code, rd_kafka_err2str(code));
    break;
  }
  slots_[slot].pending += result.accepted;
  in_flight_ += result.accepted;
  if (slots_[slot].pending == 0) slots_[slot].batch = nullptr;
  return result;
}

void KafkaProducer::on_report(rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
  static_cast<KafkaProducer*>(self)->report(*message);
}

void KafkaProducer::report(const rd_kafka_message_t& message) {
  const auto packed = reinterpret_cast<uint64_t>(message._private);
  Slot& slot = slots_[packed >> kSlotShift];
  Delivery& delivery = deliveries_.emplace_back();
  delivery.batch = slot.batch;
  delivery.row = static_cast<uint32_t>(packed);
  delivery.partition = message.partition;
  delivery.offset = message.err == RD_KAFKA_RESP_ERR_NO_ERROR ? message.offset : -1;
  delivery.error = nullptr;
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    errors_.push_back(row_error(message.err, rd_kafka_err2str(message.err)));
    delivery.error = &errors_.back();
  }
  --in_flight_;
  if (--slot.pending == 0) slot.batch = nullptr;
}

void KafkaProducer::deliver_reports() {
  if (deliveries_.empty()) return;
  listener_.on_delivery(deliveries_);
  deliveries_.clear();
  errors_.clear();
}

size_t KafkaProducer::poll(Millis timeout) {
  if (client_ == nullptr) return 0;
  rd_kafka_poll(client_, static_cast<int>(timeout.count()));
  const size_t count = deliveries_.size();
  deliver_reports();
  return count;
}

void KafkaProducer::wakeup() noexcept {
  if (main_queue_) rd_kafka_queue_yield(main_queue_.get());
}

void KafkaProducer::close(Millis timeout) noexcept {
  if (client_ == nullptr) return;
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (in_flight_ > 0 && std::chrono::steady_clock::now() < deadline) {
    constexpr int kSliceMs = 100;
    rd_kafka_poll(client_, kSliceMs);
  }
  deliveries_.clear();
  errors_.clear();
  rd_kafka_purge(client_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                              RD_KAFKA_PURGE_F_NON_BLOCKING);
  topics_.clear();
  main_queue_.reset();
  rd_kafka_destroy(client_);
  client_ = nullptr;
}

}  // namespace millrace::kafka

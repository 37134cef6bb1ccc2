#include "runtime/broker/kafka/kafka_producer.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "runtime/metrics/log.h"

namespace millrace::kafka {
namespace {

constexpr auto kResendPause = std::chrono::milliseconds{100};

// A message carries slot and row of its record in the opaque pointer.
constexpr unsigned kSlotShift = 32;

void* pack(uint32_t slot, uint32_t row) noexcept {
  return reinterpret_cast<void*>(uint64_t{slot} << kSlotShift | row);
}
uint32_t slot_in(const void* packed) noexcept {
  return static_cast<uint32_t>(reinterpret_cast<uint64_t>(packed) >> kSlotShift);
}
uint32_t row_in(const void* packed) noexcept {
  return static_cast<uint32_t>(reinterpret_cast<uint64_t>(packed));
}

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.clients.producer.KafkaProducer");
  return instance;
}

rd_kafka_headers_t* copy_headers(const Record& record) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(record.header_count);
  for (const Header& header : record.header_span()) {
    rd_kafka_header_add(headers, header.key.empty() ? "" : header.key.data(),
                        static_cast<ssize_t>(header.key.size()), header.wire.data,
                        header.wire.is_null() ? 0 : header.wire.size);
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
  void add_bytes(rd_kafka_vtype_t type, const WireBytes& bytes) noexcept {
    if (bytes.is_null()) return;
    auto& memory = add(type).u.mem;
    memory.ptr = const_cast<uint8_t*>(bytes.data);
    memory.size = bytes.size;
  }
  const rd_kafka_vu_t* data() const noexcept { return all_.data(); }
  size_t size() const noexcept { return count_; }

 private:
  std::array<rd_kafka_vu_t, 8> all_;
  size_t count_ = 0;
};

/// Small values are copied next to the message. Large ones stay in the batch, which outlives the
/// delivery.
int flags_for(const WireBytes& value) noexcept {
  constexpr uint32_t kPinnedSize = 16'384;
  return value.size < kPinnedSize ? RD_KAFKA_MSG_F_COPY : 0;
}

}  // namespace

KafkaProducer::KafkaProducer(const ClientConfig& config, DeliveryListener& listener)
    : listener_(listener), retries_without_limit_(config.retries_without_limit) {
  Conf conf = make_conf(config);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), on_report);
  rd_kafka_conf_set_error_cb(conf.get(), on_error);
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
  for (const NamedTopic& known : topics_) {
    if (known.name == name) {
      last_name_ = name.data();
      return last_topic_ = known.handle.get();
    }
  }
  std::string owned(name);
  rd_kafka_topic_t* handle = rd_kafka_topic_new(client_, owned.c_str(), nullptr);
  if (handle == nullptr) return nullptr;
  topics_.push_back({std::move(owned), Topic(handle)});
  last_name_ = name.data();
  return last_topic_ = handle;
}

void KafkaProducer::limit_delivery(const std::string& name, Millis timeout) {
  const std::string action = "setting the delivery timeout of topic " + name;
  rd_kafka_topic_conf_t* conf = rd_kafka_default_topic_conf_dup(client_);
  char text[256];
  if (rd_kafka_topic_conf_set(conf, "message.timeout.ms", std::to_string(timeout.count()).c_str(),
                              text, sizeof text) != RD_KAFKA_CONF_OK) {
    rd_kafka_topic_conf_destroy(conf);
    throw ConfigException(action + ": " + text);
  }
  rd_kafka_topic_t* handle = rd_kafka_topic_new(client_, name.c_str(), conf);  // takes it over
  if (handle == nullptr) throw_error(action, rd_kafka_last_error());
  topics_.push_back({name, Topic(handle)});
  limited_.insert(name);
}

rd_kafka_resp_err_t KafkaProducer::produce(const Record& record, void* opaque) {
  if (record.timestamp < kNoTimestamp) return RD_KAFKA_RESP_ERR__INVALID_ARG;
  Arguments args;
  rd_kafka_topic_t* handle = topic(record.topic);
  if (handle == nullptr) return rd_kafka_last_error();
  args.add(RD_KAFKA_VTYPE_RKT).u.rkt = handle;
  args.add(RD_KAFKA_VTYPE_MSGFLAGS).u.i = flags_for(record.value_wire);
  args.add(RD_KAFKA_VTYPE_OPAQUE).u.ptr = opaque;
  args.add_bytes(RD_KAFKA_VTYPE_VALUE, record.value_wire);
  args.add_bytes(RD_KAFKA_VTYPE_KEY, record.key_wire);
  if (record.partition != kNoPartition) {
    args.add(RD_KAFKA_VTYPE_PARTITION).u.i32 = record.partition;
  }
  if (record.timestamp != kNoTimestamp) {
    // The library takes 0 for "now"; a millisecond off is nearer.
    args.add(RD_KAFKA_VTYPE_TIMESTAMP).u.i64 = std::max<int64_t>(record.timestamp, 1);
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

RowError KafkaProducer::refusal(const Record& record, rd_kafka_resp_err_t code) {
  if (record.timestamp < kNoTimestamp) {
    return {ErrorKind::IllegalArgument, Stage::KafkaProduce,
            "Invalid timestamp: " + std::to_string(record.timestamp) +
                ". Timestamp should always be non-negative or null.",
            {}};
  }
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    char text[512];
    const auto original = rd_kafka_fatal_error(client_, text, sizeof text);
    return row_error(original, text);
  }
  std::string message = rd_kafka_err2str(code);
  if (code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) {
    message = "Partition " + std::to_string(record.partition) + " of topic " +
              std::string(record.topic) + " does not exist";
  } else if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
    message = "The message is " +
              std::to_string(record.value_wire.size + record.key_wire.size) +
              " bytes when serialized which is larger than the maximum request size you have "
              "configured with the max.request.size configuration.";
  }
  return row_error(code, std::move(message));
}

SendResult KafkaProducer::send(RecordBatch& batch, std::span<const uint32_t> rows) {
  SendResult result;
  if (abandoned_) return result;
  if (broken_) {
    result.error = broken_;
    return result;
  }
  last_name_ = nullptr;  // names may live in a batch that is gone
  resend();
  if (rows.empty()) return result;
  const std::set<std::string_view> missing = missing_topics();
  const uint32_t slot = slot_of(batch);
  for (const uint32_t row : rows) {
    const Record& record = batch[row];
    if (!missing.empty() && missing.contains(record.topic)) break;
    const rd_kafka_resp_err_t code = produce(record, pack(slot, row));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      ++result.accepted;
      continue;
    }
    const bool later = code == RD_KAFKA_RESP_ERR__QUEUE_FULL ||
                       (code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC && waits_for(record.topic));
    if (!later) result.error = refusal(record, code);
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

void KafkaProducer::on_error(rd_kafka_t*, int code, const char* reason, void* self) {
  static_cast<KafkaProducer*>(self)->note_error(static_cast<rd_kafka_resp_err_t>(code), reason);
}

void KafkaProducer::note_error(rd_kafka_resp_err_t code, const char* reason) {
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    char text[512];
    const auto original = rd_kafka_fatal_error(client_, text, sizeof text);
    broken_ = row_error(original, text);
  } else if (is_refusal(code, reason) && ++refusals_ >= kMaxRefusals) {
    broken_ = row_error(RD_KAFKA_RESP_ERR__AUTHENTICATION, explain(client_, reason));
  }
  logger().warn("[{}] {} ({})", rd_kafka_name(client_), explain(client_, reason),
                rd_kafka_err2name(code));
}

// Java's producer holds records of a missing topic back until it appears.
bool KafkaProducer::waits_for(std::string_view topic) const {
  return retries_without_limit_ && !limited_.contains(topic);
}

bool KafkaProducer::waits_for_topic(const rd_kafka_message_t& message) const {
  return (message.err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
          message.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) &&
         waits_for(rd_kafka_topic_name(message.rkt));
}

std::set<std::string_view> KafkaProducer::missing_topics() const {
  std::set<std::string_view> missing;
  for (void* const packed : resend_) {
    missing.insert((*slots_[slot_in(packed)].batch)[row_in(packed)].topic);
  }
  return missing;
}

void KafkaProducer::report(const rd_kafka_message_t& message) {
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR && waits_for_topic(message)) {
    if (resend_.empty()) next_resend_ = Clock::now() + kResendPause;
    resend_.push_back(message._private);
    return;
  }
  Slot& slot = slots_[slot_in(message._private)];
  Delivery& delivery = deliveries_.emplace_back();
  delivery.batch = slot.batch;
  delivery.row = row_in(message._private);
  delivery.partition = message.partition;
  delivery.offset = message.err == RD_KAFKA_RESP_ERR_NO_ERROR ? message.offset : -1;
  delivery.error = nullptr;
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const bool purged = message.err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
                        message.err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
    errors_.push_back(purged && broken_ ? *broken_
                                        : refusal((*slot.batch)[delivery.row], message.err));
    delivery.error = &errors_.back();
  } else {
    refusals_ = 0;
  }
  --in_flight_;
  if (--slot.pending == 0) slot.batch = nullptr;
}

void KafkaProducer::resend() {
  if (resend_.empty() || abandoned_ || Clock::now() < next_resend_) return;
  last_name_ = nullptr;
  std::set<std::string_view> missing;
  std::deque<void*> rest;
  for (void* const packed : resend_) {
    const Record& record = (*slots_[slot_in(packed)].batch)[row_in(packed)];
    if (!missing.contains(record.topic) &&
        produce(record, packed) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      continue;
    }
    missing.insert(record.topic);
    rest.push_back(packed);
  }
  resend_ = std::move(rest);
  next_resend_ = Clock::now() + kResendPause;
}

void KafkaProducer::deliver_reports() {
  if (deliveries_.empty()) return;
  struct Clear {
    KafkaProducer& self;
    ~Clear() {
      self.deliveries_.clear();
      self.errors_.clear();
    }
  } const clear{*this};
  listener_.on_delivery(deliveries_);
}

size_t KafkaProducer::poll(Millis timeout) {
  if (client_ == nullptr) return 0;
  resend();
  if (!resend_.empty()) timeout = std::min<Millis>(timeout, kResendPause);
  rd_kafka_poll(client_, static_cast<int>(std::min<int64_t>(
                             timeout.count(), std::numeric_limits<int>::max())));
  // What waits would wait for ever: its sender shall know now.
  if (broken_ && in_flight_ > 0) {
    rd_kafka_purge(client_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                RD_KAFKA_PURGE_F_NON_BLOCKING);
  }
  const size_t count = deliveries_.size();
  deliver_reports();
  return count;
}

void KafkaProducer::wakeup() noexcept {
  const std::lock_guard lock(end_mutex_);
  if (main_queue_) rd_kafka_queue_yield(main_queue_.get());
}

void KafkaProducer::abandon() noexcept {
  abandoned_ = true;
  const std::lock_guard lock(end_mutex_);
  if (client_ == nullptr) return;
  rd_kafka_purge(client_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                              RD_KAFKA_PURGE_F_NON_BLOCKING);
  rd_kafka_queue_yield(main_queue_.get());
}

void KafkaProducer::close(Millis timeout) noexcept {
  if (client_ == nullptr) return;
  const auto deadline = Clock::now() + timeout;
  try {
    while (in_flight_ > 0 && !abandoned_ && Clock::now() < deadline) {
      constexpr int kSliceMs = 50;
      resend();
      rd_kafka_flush(client_, kSliceMs);  // sends at once, whatever linger.ms says
      deliver_reports();
    }
  } catch (const std::exception& error) {
    logger().warn("[{}] closing: {}", rd_kafka_name(client_), error.what());
  }
  rd_kafka_purge(client_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                              RD_KAFKA_PURGE_F_NON_BLOCKING);
  topics_.clear();
  rd_kafka_t* client = nullptr;
  {
    const std::lock_guard lock(end_mutex_);
    main_queue_.reset();
    client = std::exchange(client_, nullptr);
  }
  rd_kafka_destroy(client);
  in_flight_ = 0;
}

}  // namespace millrace::kafka

#include "runtime/broker/kafka/kafka_consumer.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "runtime/broker/kafka/message_records.h"
#include "runtime/metrics/log.h"

namespace millrace::kafka {
namespace {

constexpr int kMaxAuthenticationFailures = 3;  // then the task fails, as Java's consumer does

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.clients.consumer.KafkaConsumer");
  return instance;
}

const std::string& setting(const Properties& all, const std::string& key,
                           const std::string& fallback) {
  const std::string* value = find(all, key);
  return value != nullptr ? *value : fallback;
}

}  // namespace

KafkaConsumer::KafkaConsumer(const ClientConfig& config)
    : api_timeout_ms_(config.api_timeout_ms),
      reset_policy_(setting(config.topic, "auto.offset.reset", "latest")),
      pattern_refresh_(std::max<long>(
          1000, std::stol(setting(config.rdkafka, "topic.metadata.refresh.interval.ms", "300000")))) {
  Conf conf = make_conf(config);
  rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT |
                                           RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_FETCH);
  client_ = make_client(RD_KAFKA_CONSUMER, std::move(conf));
  rd_kafka_poll_set_consumer(client_);
  events_.reset(rd_kafka_queue_get_consumer(client_));
  data_.reset(rd_kafka_queue_new(client_));
  wake_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  static constexpr uint64_t kOne = 1;
  rd_kafka_queue_io_event_enable(events_.get(), wake_fd_, &kOne, sizeof kOne);
  rd_kafka_queue_io_event_enable(data_.get(), wake_fd_, &kOne, sizeof kOne);
}

KafkaConsumer::~KafkaConsumer() { close(Millis{0}); }

void KafkaConsumer::subscribe(const std::vector<std::string>& topics,
                              RebalanceListener& listener) {
  listener_ = &listener;
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(topics.size())));
  for (const std::string& topic : topics) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  const auto code = rd_kafka_subscribe(client_, list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw_error("subscribing to topics", code);
}

void KafkaConsumer::wakeup() noexcept {
  woken_.store(true);
  const uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(wake_fd_, &one, sizeof one);
}

void KafkaConsumer::wait_for_work(Clock::time_point deadline) {
  const auto rest = std::chrono::ceil<Millis>(deadline - Clock::now());
  if (rest.count() <= 0) return;
  // Bounded, so that the pattern and max.poll.interval.ms are looked after.
  constexpr long kLongestWaitMs = 10'000;
  pollfd wait{wake_fd_, POLLIN, 0};
  ::poll(&wait, 1, static_cast<int>(std::min<long>(rest.count(), kLongestWaitMs)));
  uint64_t drained = 0;
  [[maybe_unused]] const auto n = ::read(wake_fd_, &drained, sizeof drained);
}

void KafkaConsumer::poll(RecordBatch& out, Millis timeout) {
  const auto deadline = Clock::now() + timeout;
  while (true) {
    refresh_pattern();
    serve_events();
    if (take_records(out) || woken_.exchange(false) || Clock::now() >= deadline) return;
    wait_for_work(deadline);
  }
}

bool KafkaConsumer::take_records(RecordBatch& out) {
  if (out.full()) return true;
  messages_.resize(out.limit() - out.size());
  const ssize_t n =
      rd_kafka_consume_batch_queue(data_.get(), 0, messages_.data(), messages_.size());
  if (n <= 0) return false;
  const std::span<rd_kafka_message_t*> taken(messages_.data(), static_cast<size_t>(n));
  add_records(out, taken, [this](const rd_kafka_message_t& message) {
    handle_error(message.err, rd_kafka_message_errstr(&message));
  });
  return !out.empty();
}

void KafkaConsumer::serve_events() {
  while (const Event event{rd_kafka_queue_poll(events_.get(), 0)}) handle(event.get());
}

void KafkaConsumer::handle(rd_kafka_event_t* event) {
  switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_REBALANCE: return handle_rebalance(event);
    case RD_KAFKA_EVENT_OFFSET_COMMIT: return finish_commit(event);
    case RD_KAFKA_EVENT_ERROR:
      return handle_error(rd_kafka_event_error(event), rd_kafka_event_error_string(event));
    case RD_KAFKA_EVENT_FETCH:
      while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event)) {
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
          handle_error(message->err, rd_kafka_message_errstr(message));
        }
      }
      return;
    default: return;
  }
}

void KafkaConsumer::handle_error(rd_kafka_resp_err_t code, const std::string& text) {
  char fatal[512];
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    const auto original = rd_kafka_fatal_error(client_, fatal, sizeof fatal);
    throw_error("consuming", original, fatal);
  }
  if (code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
      code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
      code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) {
    throw_error("consuming", code, text);
  }
  if (kind_of(code) == ErrorKind::Authentication &&
      ++authentication_failures_ >= kMaxAuthenticationFailures) {
    throw_error("connecting to the brokers", code, text);
  }
  logger().warn("[{}] {} ({})", rd_kafka_name(client_), text, rd_kafka_err2name(code));
}

void KafkaConsumer::seek(const TopicPartition& partition, Offset offset) {
  const PartitionList list = make_list({{partition, offset}});
  const KafkaError error(
      rd_kafka_seek_partitions(client_, list.get(), static_cast<int>(api_timeout_ms_)));
  if (error) {
    throw_error("seeking in " + partition.to_string(), rd_kafka_error_code(error.get()),
                rd_kafka_error_string(error.get()));
  }
  const auto code = list->elems[0].err;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw_error("seeking in " + partition.to_string(), code);
}

void KafkaConsumer::pause(std::span<const TopicPartition> partitions) {
  if (partitions.empty()) return;
  rd_kafka_pause_partitions(client_, make_list_of(partitions).get());
}

void KafkaConsumer::resume(std::span<const TopicPartition> partitions) {
  if (partitions.empty()) return;
  rd_kafka_resume_partitions(client_, make_list_of(partitions).get());
}

void KafkaConsumer::commit_async(const OffsetMap& offsets, CommitCallback done) {
  auto pending = std::make_unique<CommitCallback>(std::move(done));
  const auto code = rd_kafka_commit_queue(client_, make_list(offsets).get(), events_.get(), nullptr,
                                          pending.get());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    static_cast<void>(pending.release());  // comes back with the event
  } else {
    (*pending)(row_error(code, rd_kafka_err2str(code)));
  }
}

void KafkaConsumer::finish_commit(rd_kafka_event_t* event) {
  const std::unique_ptr<CommitCallback> done(
      static_cast<CommitCallback*>(rd_kafka_event_opaque(event)));
  if (!done) return;
  const auto code = rd_kafka_event_error(event);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return (*done)(std::nullopt);
  (*done)(row_error(code, rd_kafka_event_error_string(event)));
}

void KafkaConsumer::commit_sync(const OffsetMap& offsets, Millis) {
  const auto code = rd_kafka_commit(client_, make_list(offsets).get(), 0);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw_error("committing offsets", code);
}

void KafkaConsumer::close(Millis timeout) noexcept {
  if (client_ == nullptr) return;
  try {
    const KafkaError error(rd_kafka_consumer_close_queue(client_, events_.get()));
    const auto deadline = Clock::now() + timeout;
    while (!error && rd_kafka_consumer_closed(client_) == 0 && Clock::now() < deadline) {
      constexpr int kSliceMs = 100;
      if (const Event event{rd_kafka_queue_poll(events_.get(), kSliceMs)}) handle(event.get());
    }
  } catch (const std::exception& error) {
    logger().warn("[{}] closing: {}", rd_kafka_name(client_), error.what());
  }
  rd_kafka_queue_io_event_enable(events_.get(), -1, nullptr, 0);
  rd_kafka_queue_io_event_enable(data_.get(), -1, nullptr, 0);
  events_.reset();
  data_.reset();
  rd_kafka_destroy_flags(client_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  client_ = nullptr;
  ::close(wake_fd_);
}

}  // namespace millrace::kafka

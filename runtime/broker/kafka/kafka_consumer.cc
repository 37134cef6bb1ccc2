#include "runtime/broker/kafka/kafka_consumer.h"

#include <algorithm>
#include <utility>

#include "runtime/broker/kafka/message_records.h"
#include "runtime/metrics/log.h"

namespace millrace::kafka {
namespace {

constexpr Millis kLongestWait{10'000};         // the pattern is looked after at least this often

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.clients.consumer.KafkaConsumer");
  return instance;
}

Millis longest_wait(const ClientConfig& config) {
  const std::string* interval = find(config.rdkafka, "max.poll.interval.ms");
  if (interval == nullptr) return kLongestWait;
  return std::clamp(Millis{std::stoll(*interval) / 3}, Millis{1}, kLongestWait);
}

bool is_about_topic(rd_kafka_resp_err_t code) noexcept {
  return code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
         code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
}

}  // namespace

KafkaConsumer::KafkaConsumer(ClientConfig config) : config_(std::move(config)) {
  make_conf(config_);  // refuse bad settings now; the client is made by subscribe()
}

KafkaConsumer::~KafkaConsumer() { close(Millis{0}); }

void KafkaConsumer::open(Use use) {
  ClientConfig config = config_;
  // A pattern only looks at topics; asking for a deleted one by name would create it again, as it
  // would one whose settings matter to whom names its partitions.
  if (use != Use::Topics) config.rdkafka["allow.auto.create.topics"] = "false";
  if (use == Use::Partitions) {
    config.rdkafka["enable.partition.eof"] = "true";
    config.topic["auto.offset.reset"] = "earliest";  // of what is gone, see assign()
  }
  Conf conf = make_conf(config);
  rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT |
                                           RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_FETCH);
  client_ = Client(make_client(RD_KAFKA_CONSUMER, std::move(conf)), [](rd_kafka_t* client) {
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  });
  rd_kafka_poll_set_consumer(client_.get());
  events_.reset(rd_kafka_queue_get_consumer(client_.get()));
  data_.reset(rd_kafka_queue_new(client_.get()));
  for (const Queue* queue : {&events_, &data_}) {
    rd_kafka_queue_io_event_enable(queue->get(), wake_.fd(), &WakeEvent::kOne,
                                   sizeof WakeEvent::kOne);
  }
}

void KafkaConsumer::subscribe(const std::vector<std::string>& topics,
                              RebalanceListener& listener) {
  listener_ = &listener;
  if (!client_) open(Use::Topics);
  set_subscription(topics);
}

void KafkaConsumer::set_subscription(const std::vector<std::string>& topics) {
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(topics.size())));
  for (const std::string& topic : topics) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  const auto code = topics.empty() ? rd_kafka_unsubscribe(client_.get())
                                   : rd_kafka_subscribe(client_.get(), list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw_error("subscribing to topics", code);
}

void KafkaConsumer::assign(std::span<const TopicPartition> partitions, const OffsetMap& begins) {
  const std::string action = "assigning partitions";
  if (listener_ != nullptr) throw KafkaException(action + ": the consumer is in use already");
  for (const TopicPartition& partition : partitions) {
    if (!assigned_.contains(partition)) continue;
    throw KafkaException(action + ": " + partition.to_string() + " is in use already");
  }
  if (!client_) open(Use::Partitions);
  const PartitionList list = make_list_of(partitions);
  // Not RD_KAFKA_OFFSET_BEGINNING: the library would ask for it before it knows the leader, and ask
  // again half a second later.
  for (int i = 0; i < list->cnt; ++i) {
    const auto begin = begins.find(partitions[static_cast<size_t>(i)]);
    list->elems[i].offset = begin == begins.end() ? 0 : raw(begin->second);
  }
  forward(list.get());
  const KafkaError error(rd_kafka_incremental_assign(client_.get(), list.get()));
  if (error) {
    throw_error(action, rd_kafka_error_code(error.get()), rd_kafka_error_string(error.get()));
  }
  assigned_.insert(partitions.begin(), partitions.end());
}

std::optional<Offset> KafkaConsumer::position(const TopicPartition& partition) const {
  const auto at = read_to_.find(partition);
  return at == read_to_.end() ? std::nullopt : std::optional(at->second);
}

// The library's own position stays at the last record, whatever follows that is none.
void KafkaConsumer::note_position(const rd_kafka_message_t& message) {
  const bool is_record = message.err == RD_KAFKA_RESP_ERR_NO_ERROR;
  if (!is_record && message.err != RD_KAFKA_RESP_ERR__PARTITION_EOF) return;
  read_to_.insert_or_assign({rd_kafka_topic_name(message.rkt), message.partition},
                            Offset{message.offset + (is_record ? 1 : 0)});
}

void KafkaConsumer::wakeup() noexcept {
  woken_.store(true);
  wake_.set();
}

void KafkaConsumer::wait_for_work(Clock::time_point deadline) {
  const auto rest = std::chrono::ceil<Millis>(deadline - Clock::now());
  if (rest.count() > 0) wake_.wait(std::min(rest, longest_wait(config_)));
}

void KafkaConsumer::poll(RecordBatch& out, Millis timeout) {
  if (!client_) throw KafkaException("polling a consumer that reads nothing");
  // Far deadlines would overflow the clock.
  const auto deadline = Clock::now() + std::min<Millis>(timeout, std::chrono::hours{24 * 365});
  while (true) {
    refresh_pattern(std::min<Millis>(kLongestWait, longest_wait(config_)));
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
  refusals_ = 0;
  const uint32_t before = out.size();
  const std::span<rd_kafka_message_t*> taken(messages_.data(), static_cast<size_t>(n));
  if (listener_ == nullptr) {
    for (const rd_kafka_message_t* message : taken) note_position(*message);
  }
  bool at_end = false;
  // Told when all records are in `out`: one who goes on after an error has missed none.
  std::vector<const rd_kafka_message_t*> errors;
  add_records(out, client_, taken, [&](const rd_kafka_message_t& message) {
    if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      at_end = true;
    } else {
      errors.push_back(&message);
    }
  });
  if (!errors.empty()) handle_errors(errors);
  return at_end || out.size() > before;
}

// Errors of single topics come last, and together.
void KafkaConsumer::handle_errors(std::span<const rd_kafka_message_t* const> messages) {
  TopicErrors::ByTopic failed;
  std::optional<Error> first;
  for (const rd_kafka_message_t* message : messages) {
    try {
      handle_error(message->err, rd_kafka_message_errstr(message));
    } catch (const Error& error) {
      if (!is_about_topic(message->err) || message->rkt == nullptr) throw;
      if (!first) first = error;
      failed.emplace(rd_kafka_topic_name(message->rkt), error);
    }
  }
  if (first) throw TopicErrors(*first, std::move(failed));
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
      // Partitions are forwarded to the data queue before they are assigned: only errors come
      // here. A record would otherwise be lost in silence.
      while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event)) {
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
          throw KafkaException("consuming: a record arrived outside its partition's queue");
        }
        handle_errors(std::span(&message, 1));
      }
      return;
    default: return;
  }
}

void KafkaConsumer::handle_error(rd_kafka_resp_err_t code, const std::string& text) {
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    char fatal[512];
    const auto original = rd_kafka_fatal_error(client_.get(), fatal, sizeof fatal);
    throw_error("consuming", original, fatal);
  }
  // The library looks for the group's coordinator even when partitions are named: no matter of who
  // reads them, and who joins the group says it with the group's name.
  if (listener_ == nullptr && code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) return;
  if (is_about_topic(code) || kind_of(code) == ErrorKind::Authorization) {
    throw_error("consuming", code, text);
  }
  const std::string reason = explain(client_.get(), text);
  if (is_refusal(code, text) && ++refusals_ >= kMaxRefusals) {
    throw_error("connecting to the brokers", RD_KAFKA_RESP_ERR__AUTHENTICATION, reason);
  }
  logger().warn("[{}] {} ({})", rd_kafka_name(client_.get()), reason, rd_kafka_err2name(code));
}

void KafkaConsumer::seek(const TopicPartition& partition, Offset offset) {
  if (auto* element = being_assigned(partition)) {
    element->offset = raw(offset);
    return;
  }
  const std::string action = "seeking in " + partition.to_string();
  const PartitionList list = make_list({{partition, offset}});
  const KafkaError error(rd_kafka_seek_partitions(client_.get(), list.get(),
                                                  static_cast<int>(config_.api_timeout_ms)));
  if (error) throw_error(action, rd_kafka_error_code(error.get()), rd_kafka_error_string(error.get()));
  if (const auto code = list->elems[0].err; code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw_error(action, code);
  }
}

void KafkaConsumer::pause(std::span<const TopicPartition> partitions) {
  std::vector<TopicPartition> now;
  for (const TopicPartition& partition : partitions) {
    if (being_assigned(partition) != nullptr) assignment_->paused.insert(partition);
    else now.push_back(partition);
  }
  if (!now.empty()) rd_kafka_pause_partitions(client_.get(), make_list_of(now).get());
}

void KafkaConsumer::resume(std::span<const TopicPartition> partitions) {
  std::vector<TopicPartition> now;
  for (const TopicPartition& partition : partitions) {
    if (being_assigned(partition) != nullptr) assignment_->paused.erase(partition);
    else now.push_back(partition);
  }
  if (!now.empty()) rd_kafka_resume_partitions(client_.get(), make_list_of(now).get());
}

std::optional<Offset> KafkaConsumer::known_end(const TopicPartition& partition) const {
  if (!client_) return std::nullopt;
  int64_t low = RD_KAFKA_OFFSET_INVALID;
  int64_t high = RD_KAFKA_OFFSET_INVALID;
  const auto code = rd_kafka_get_watermark_offsets(client_.get(), partition.topic.c_str(),
                                                   partition.partition, &low, &high);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR || high < 0) return std::nullopt;
  return Offset{high};
}

void KafkaConsumer::commit_async(const OffsetMap& offsets, CommitCallback done) {
  const uint64_t id = ++last_commit_;
  commits_.emplace(id, std::move(done));
  const auto code = rd_kafka_commit_queue(client_.get(), make_list(offsets).get(), events_.get(),
                                          nullptr, reinterpret_cast<void*>(id));
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const auto failed = commits_.extract(id);
  failed.mapped()(row_error(code, rd_kafka_err2str(code)));
}

void KafkaConsumer::finish_commit(rd_kafka_event_t* event) {
  const auto done = commits_.extract(reinterpret_cast<uint64_t>(rd_kafka_event_opaque(event)));
  if (!done) return;
  const auto code = rd_kafka_event_error(event);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return done.mapped()(std::nullopt);
  done.mapped()(row_error(code, rd_kafka_event_error_string(event)));
}

void KafkaConsumer::commit_sync(const OffsetMap& offsets, Millis timeout) {
  if (offsets.empty()) return;
  const std::string action = "committing offsets";
  const Queue reply(rd_kafka_queue_new(client_.get()));
  auto code = rd_kafka_commit_queue(client_.get(), make_list(offsets).get(), reply.get(), nullptr,
                                    nullptr);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw_error(action, code);
  const Event event(rd_kafka_queue_poll(reply.get(), static_cast<int>(timeout.count())));
  if (!event) {
    throw TimeoutException(action + ": no answer within " + std::to_string(timeout.count()) +
                           " ms");
  }
  code = rd_kafka_event_error(event.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw_error(action, code, rd_kafka_event_error_string(event.get()));
  }
}

void KafkaConsumer::leave_group(Clock::time_point deadline) {
  const auto serve = [&] {
    constexpr int kSliceMs = 100;
    const Event event{rd_kafka_queue_poll(events_.get(), kSliceMs)};
    if (!event) return;
    try {
      handle(event.get());
    } catch (const std::exception& error) {
      logger().warn("[{}] closing: {}", rd_kafka_name(client_.get()), error.what());
    }
  };
  while (!commits_.empty() && Clock::now() < deadline) serve();
  const KafkaError error(rd_kafka_consumer_close_queue(client_.get(), events_.get()));
  while (!error && rd_kafka_consumer_closed(client_.get()) == 0 && Clock::now() < deadline) {
    serve();
  }
}

void KafkaConsumer::close(Millis timeout) noexcept {
  if (!client_) return;
  try {
    if (listener_ != nullptr) leave_group(Clock::now() + timeout);
  } catch (const std::exception& error) {
    logger().warn("[{}] closing: {}", rd_kafka_name(client_.get()), error.what());
  }
  for (const Queue* queue : {&events_, &data_}) {
    rd_kafka_queue_io_event_enable(queue->get(), -1, nullptr, 0);
  }
  events_.reset();
  data_.reset();
  commits_.clear();
  client_.reset();  // the library goes with the last batch that holds its buffers
}

}  // namespace millrace::kafka

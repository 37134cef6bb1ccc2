#include "runtime/storage/topic_writer.h"

#include <algorithm>

#include "runtime/core/thread_name.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

constexpr Millis kPollWait{1'000};   // append() wakes it
constexpr Millis kRoomWait{100};     // while the producer's queue is full
constexpr Millis kRetryWait{1'000};  // before a producer that broke is replaced

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.util.KafkaBasedLog");
  return instance;
}

WireBytes to_wire(const std::optional<std::string>& text, Arena& arena) {
  return text ? WireBytes::of(arena.copy(*text)) : WireBytes{};
}

}  // namespace

TopicWriter::TopicWriter(Broker& broker, const InternalTopic& topic, Properties client,
                         std::shared_ptr<LogAnswers> answers)
    : broker_(broker), topic_(topic), client_(std::move(client)), answers_(std::move(answers)) {}

TopicWriter::~TopicWriter() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void TopicWriter::append(LogOperation operation, std::string key,
                         std::optional<std::string> value) {
  std::exception_ptr refusal;
  {
    const std::lock_guard lock(mutex_);
    if (failure_) {
      refusal = failure_;
    } else if (waiting_.size() >= kMaxWaiting) {
      refusal = std::make_exception_ptr(RetriableException(
          "writing to " + topic_.label() + ": " + std::to_string(kMaxWaiting) +
          " records wait already; the brokers may be unreachable"));
    } else {
      waiting_.push_back({operation, std::move(key), std::move(value)});
      if (producer_) producer_->wakeup();
    }
  }
  if (refusal) return answers_->post(operation, refusal);
  changed_.notify_all();
}

void TopicWriter::open() {
  const std::lock_guard lock(mutex_);
  if (!stopping_) thread_ = std::thread([this] { run(); });
}

void TopicWriter::fail(std::exception_ptr error) {
  LogOutcomes outcomes;
  {
    const std::lock_guard lock(mutex_);
    failure_ = error;
    for (const Append& append : waiting_) outcomes.emplace_back(append.operation, error);
    waiting_.clear();
  }
  answers_->post(std::move(outcomes));
}

void TopicWriter::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) close_by_ = std::chrono::steady_clock::now() + kCloseWait;
    stopping_ = true;
    if (producer_) producer_->wakeup();
  }
  changed_.notify_all();
}

void TopicWriter::abandon() noexcept {
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    dropped_ = waiting_.size();
    if (producer_) {
      producer_->abandon();
      producer_->wakeup();
    }
  }
  changed_.notify_all();
}

void TopicWriter::run() {
  set_thread_name("write-" + topic_.name);
  while (take()) {
    try {
      if (drop_abandoned()) continue;
      make_producer();
      send_rest();
      serve();
    } catch (...) {
      logger().error("Writing to {}: {}", topic_.label(), describe_current_exception());
      give_up(std::current_exception());
    }
  }
  close();
}

// False when there is nothing to do any more.
bool TopicWriter::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] {
    return stopping_ || abandoned_ || !waiting_.empty() || !sending_.empty();
  });
  if (abandoned_) return true;
  if (stopping_) {
    const bool is_late = std::chrono::steady_clock::now() > close_by_;
    if (is_late || (waiting_.empty() && rest_ == nullptr)) return false;
  }
  if (rest_ != nullptr || waiting_.empty() || sending_.size() >= kMaxBatches) return true;
  auto next = std::make_unique<Sending>();
  RecordBatch& batch = next->batch;
  while (!waiting_.empty() && !batch.full()) {
    Append& append = waiting_.front();
    Record& record = batch.add();
    record.topic = topic_.name;
    record.key_wire = WireBytes::of(batch.arena().copy(append.key));
    record.value_wire = to_wire(append.value, batch.arena());
    next->operations.push_back(append.operation);
    waiting_.pop_front();
  }
  next->open = batch.size();
  rest_ = next.get();
  sending_.emplace(&batch, std::move(next));
  return true;
}

bool TopicWriter::drop_abandoned() {
  const auto error = std::make_exception_ptr(
      ConnectException("writing to " + topic_.label() +
                       ": given up, since another worker may write these keys by now"));
  LogOutcomes outcomes;
  std::unique_ptr<RecordProducer> producer;
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(abandoned_, false)) return false;
    for (; dropped_ > 0; --dropped_) {
      outcomes.emplace_back(waiting_.front().operation, error);
      waiting_.pop_front();
    }
    producer = std::move(producer_);
  }
  if (producer) producer->close(Millis{0});  // reports what has become durable all the same
  producer.reset();
  for (const auto& [batch, sending] : sending_) {  // a second answer of a row does not count
    for (const LogOperation operation : sending->operations) outcomes.emplace_back(operation, error);
  }
  sending_.clear();
  rest_ = nullptr;
  broken_ = false;
  answers_->post(std::move(outcomes));
  return true;
}

void TopicWriter::make_producer() {
  if (broken_ && producer_ && producer_->in_flight() == 0) {
    std::unique_ptr<RecordProducer> gone;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kRetryWait, [this] { return stopping_; });
    gone = std::move(producer_);
    lock.unlock();
    broken_ = false;
  }
  if (producer_) return;
  auto made = broker_.make_producer(client_, *this);
  const std::lock_guard lock(mutex_);
  producer_ = std::move(made);
  if (abandoned_) producer_->abandon();
}

void TopicWriter::send_rest() {
  LogOutcomes refused;
  while (rest_ != nullptr) {
    std::vector<uint32_t> rows;
    for (size_t row = rest_->sent; row < rest_->batch.size(); ++row) {
      rows.push_back(static_cast<uint32_t>(row));
    }
    const SendResult result = producer_->send(rest_->batch, rows);
    rest_->sent += result.accepted;
    if (result.error) {
      broken_ = broken_ || result.error->kind == ErrorKind::Authentication;
      refused.emplace_back(rest_->operations[rest_->sent++], error_of(*result.error));
      --rest_->open;
    } else if (result.accepted < rows.size()) {
      break;  // serve() makes room
    }
    if (rest_->sent < rest_->batch.size()) continue;
    if (rest_->open == 0) sending_.erase(&rest_->batch);
    rest_ = nullptr;
  }
  answers_->post(std::move(refused));
}

void TopicWriter::serve() {
  if (sending_.empty()) return;
  producer_->poll(rest_ != nullptr ? kRoomWait : kPollWait);
}

void TopicWriter::on_delivery(std::span<const Delivery> deliveries) {
  LogOutcomes outcomes;
  for (const Delivery& delivery : deliveries) {
    const auto at = sending_.find(delivery.batch);
    if (at == sending_.end()) continue;
    Sending& sending = *at->second;
    outcomes.emplace_back(sending.operations[delivery.row],
                          delivery.error != nullptr ? error_of(*delivery.error) : nullptr);
    if (delivery.error != nullptr) {
      broken_ = broken_ || delivery.error->kind == ErrorKind::Authentication;
    }
    if (--sending.open == 0 && &sending != rest_) sending_.erase(at);
  }
  answers_->post(std::move(outcomes));
}

std::exception_ptr TopicWriter::error_of(const RowError& error) const {
  return std::make_exception_ptr(
      Error(error.kind, "writing to " + topic_.label() + ": " + error.message));
}

// No producer could be made: what was taken goes back to who asked for it.
void TopicWriter::give_up(std::exception_ptr error) {
  LogOutcomes outcomes;
  if (rest_ != nullptr) {
    for (size_t row = rest_->sent; row < rest_->batch.size(); ++row) {
      outcomes.emplace_back(rest_->operations[row], error);
      --rest_->open;
    }
    if (rest_->open == 0) sending_.erase(&rest_->batch);
    rest_ = nullptr;
  }
  answers_->post(std::move(outcomes));
}

void TopicWriter::close() noexcept {
  std::unique_ptr<RecordProducer> producer;
  {
    const std::lock_guard lock(mutex_);
    producer = std::move(producer_);  // nobody waits for its end under the mutex
  }
  const auto rest = close_by_ - std::chrono::steady_clock::now();
  if (producer) producer->close(std::max(Millis{0}, std::chrono::ceil<Millis>(rest)));
  producer.reset();
  sending_.clear();
}

}  // namespace millrace

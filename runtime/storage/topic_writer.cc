#include "runtime/storage/topic_writer.h"

#include <algorithm>
#include <utility>

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

}  // namespace

void TopicWriter::Answers::add(WriteQueue& queue, LogOperation operation,
                               std::exception_ptr error) {
  if (operation == WriteBatch::kAnswered) return;
  outcomes_[&queue].emplace_back(operation, std::move(error));
}

TopicWriter::Answers::~Answers() {
  for (auto& [queue, outcomes] : outcomes_) queue->answers->post(std::move(outcomes));
}

TopicWriter::TopicWriter(Broker& broker, Properties client)
    : broker_(broker), client_(std::move(client)) {}

TopicWriter::~TopicWriter() {
  for (const Queue& queue : queues_) stop(queue);
  if (thread_.joinable()) thread_.join();
}

TopicWriter::Queue TopicWriter::enroll(InternalTopic topic, std::shared_ptr<LogAnswers> answers,
                                       std::optional<Millis> delivery_timeout) {
  auto queue =
      std::make_shared<WriteQueue>(std::move(topic), std::move(answers), delivery_timeout);
  const std::lock_guard lock(mutex_);
  queues_.push_back(queue);
  return queue;
}

void TopicWriter::append(const Queue& queue, LogOperation operation, std::string key,
                         std::optional<std::string> value) {
  std::exception_ptr refusal;
  {
    const std::lock_guard lock(mutex_);
    refusal = queue->push(operation, std::move(key), std::move(value));
    if (!refusal) wake();
  }
  if (refusal) return queue->answers->post(operation, refusal);
  changed_.notify_all();
}

void TopicWriter::wake() {
  const bool can_send = std::any_of(queues_.begin(), queues_.end(),
                                    [](const Queue& one) { return one->can_send(); });
  if (can_send && !stopping_ && !thread_.joinable()) thread_ = std::thread([this] { run(); });
  if (producer_) producer_->wakeup();
}

void TopicWriter::open(const Queue& queue) {
  {
    const std::lock_guard lock(mutex_);
    queue->is_open = true;
    wake();
  }
  changed_.notify_all();
}

void TopicWriter::fail(const Queue& queue, const std::exception_ptr& error) {
  LogOutcomes outcomes;
  {
    const std::lock_guard lock(mutex_);
    queue->failure = error;
    outcomes = queue->drop_waiting(error);
  }
  queue->answers->post(std::move(outcomes));
}

void TopicWriter::stop(const Queue& queue) noexcept {
  {
    const std::lock_guard lock(mutex_);
    queue->is_stopped = true;
    const bool all = std::all_of(queues_.begin(), queues_.end(),
                                 [](const Queue& one) { return one->is_stopped; });
    if (!all || stopping_) return;
    close_by_ = std::chrono::steady_clock::now() + kCloseWait;
    stopping_ = true;
    if (producer_) producer_->wakeup();
  }
  changed_.notify_all();
}

void TopicWriter::abandon(const Queue& queue) noexcept {
  LogOutcomes outcomes;
  {
    const std::lock_guard lock(mutex_);
    outcomes = queue->drop_waiting(queue->given_up());
    if (thread_.joinable()) abandoned_ = queue->abandoned = true;
    if (producer_) {
      producer_->abandon();
      producer_->wakeup();
    }
  }
  queue->answers->post(std::move(outcomes));
  changed_.notify_all();
}

void TopicWriter::run() {
  set_thread_name("topic-writer");
  while (take()) {
    try {
      if (drop_abandoned()) continue;
      make_producer();
      send_unsent();
      serve();
    } catch (...) {
      logger().error("Writing to internal topics: {}", describe_current_exception());
      give_up(std::current_exception());
    }
  }
  close();
}

// False when there is nothing to do any more.
bool TopicWriter::take() {
  std::unique_lock lock(mutex_);
  const auto can_send = [this] {
    return std::any_of(queues_.begin(), queues_.end(),
                       [](const Queue& one) { return one->can_send(); });
  };
  changed_.wait(lock, [&] { return stopping_ || abandoned_ || !places_.empty() || can_send(); });
  serving_ = queues_;
  if (abandoned_) return true;
  if (stopping_) {
    const bool is_late = std::chrono::steady_clock::now() > close_by_;
    if (is_late || (!can_send() && !has_unsent())) return false;
  }
  for (const Queue& queue : serving_) {
    WriteBatch* next = queue->fill();
    if (next != nullptr) places_.emplace(&next->batch, Place{queue.get(), next});
  }
  return true;
}

bool TopicWriter::has_unsent() const noexcept {
  return std::any_of(serving_.begin(), serving_.end(),
                     [](const Queue& one) { return one->has_unsent(); });
}

// What the producer had of logs that go on is sent again: nobody knows how far it came.
bool TopicWriter::drop_abandoned() {
  std::unique_ptr<RecordProducer> producer;
  std::vector<Queue> given_up;
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(abandoned_, false)) return false;
    for (const Queue& queue : serving_) {
      if (std::exchange(queue->abandoned, false)) given_up.push_back(queue);
    }
    producer = std::move(producer_);
  }
  is_dropping_ = true;
  if (producer) producer->close(Millis{0});  // reports what has become durable all the same
  producer.reset();
  is_dropping_ = broken_ = false;
  for (const Queue& queue : given_up) {
    for (const auto& one : queue->batches()) places_.erase(&one->batch);
    queue->answers->post(queue->answer_all(queue->given_up()));
  }
  for (const Queue& queue : serving_) {
    for (const auto& one : queue->batches()) one->take_back();
  }
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
  for (const Queue& queue : serving_) queue->is_limited = false;
  const std::lock_guard lock(mutex_);
  producer_ = std::move(made);
  if (abandoned_) producer_->abandon();
}

void TopicWriter::send_unsent() {
  Answers answers;
  for (const Queue& queue : serving_) {
    std::vector<WriteBatch*> batches;
    for (const auto& one : queue->batches()) batches.push_back(one.get());
    for (WriteBatch* batch : batches) {
      if (!send(*queue, *batch, answers)) break;  // serve() makes room
    }
  }
}

// False when the producer did not take all.
bool TopicWriter::send(WriteQueue& queue, WriteBatch& batch, Answers& answers) {
  std::vector<uint32_t>& rows = batch.unsent;
  if (rows.empty()) return true;
  if (queue.delivery_timeout && !std::exchange(queue.is_limited, true)) {
    producer_->limit_delivery(queue.topic.name, *queue.delivery_timeout);
  }
  while (!rows.empty()) {
    const SendResult result = producer_->send(batch.batch, rows);
    rows.erase(rows.begin(), rows.begin() + static_cast<ptrdiff_t>(result.accepted));
    if (result.error) {
      broken_ = broken_ || result.error->kind == ErrorKind::Authentication;
      answers.add(queue, batch.close(rows.front()), queue.error_of(*result.error));
      rows.erase(rows.begin());
    } else if (!rows.empty()) {
      return false;
    }
  }
  finish(queue, batch);
  return true;
}

void TopicWriter::finish(WriteQueue& queue, WriteBatch& batch) {
  if (batch.open > 0 || !batch.unsent.empty()) return;
  places_.erase(&batch.batch);
  queue.erase(batch);
}

void TopicWriter::serve() {
  if (!places_.empty()) producer_->poll(has_unsent() ? kRoomWait : kPollWait);
}

void TopicWriter::on_delivery(std::span<const Delivery> deliveries) {
  Answers answers;
  bool ignores_errors = is_dropping_;  // of rows that nobody wants, or that are sent again
  {
    const std::lock_guard lock(mutex_);
    ignores_errors = ignores_errors || abandoned_;
  }
  for (const Delivery& delivery : deliveries) {
    const auto at = places_.find(delivery.batch);
    if (at == places_.end() || (delivery.error != nullptr && ignores_errors)) continue;
    const auto [queue, batch] = at->second;
    std::exception_ptr error;
    if (delivery.error != nullptr) {
      error = queue->error_of(*delivery.error);
      broken_ = broken_ || delivery.error->kind == ErrorKind::Authentication;
    }
    answers.add(*queue, batch->close(delivery.row), error);
    finish(*queue, *batch);
  }
}

// No producer could be made: what was taken goes back to who asked for it.
void TopicWriter::give_up(const std::exception_ptr& error) {
  Answers answers;
  for (const Queue& queue : serving_) {
    std::vector<WriteBatch*> batches;
    for (const auto& one : queue->batches()) batches.push_back(one.get());
    for (WriteBatch* batch : batches) {
      for (const uint32_t row : std::exchange(batch->unsent, {})) {
        answers.add(*queue, batch->close(row), error);
      }
      finish(*queue, *batch);
    }
  }
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
  places_.clear();
  for (const Queue& queue : serving_) queue->batches().clear();
}

}  // namespace millrace

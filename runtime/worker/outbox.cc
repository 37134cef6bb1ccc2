#include "runtime/worker/outbox.h"

#include "millrace/errors.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Millis kRoomWait{100};  // between looks at whether a stop was asked

}  // namespace

Outbox::Outbox(Broker& broker, const Properties& producer, OutboxWords words,
               spdlog::logger& logger, std::stop_token stop, std::function<void()> on_failure)
    : words_(std::move(words)),
      logger_(logger),
      stop_(std::move(stop)),
      on_failure_(std::move(on_failure)),
      producer_(broker.make_producer(producer, *this)) {}

void Outbox::make_room() {
  throw_if_failed();
  while (producer_->in_flight() > 0) {
    if (!records_.full() && records_.arena().used() < kMaxBytes) return;
    wait_for_room();
  }
  records_.reset();
}

void Outbox::hand_over(uint32_t row) {
  for (;;) {
    const SendResult result = producer_->send(records_, std::span(&row, 1));
    if (result.accepted == 1) return;
    if (result.error && result.error->kind != ErrorKind::Retriable &&
        result.error->kind != ErrorKind::Timeout) {
      fail(*result.error, records_[row].topic);
    }
    wait_for_room();
  }
}

void Outbox::wait_for_room() {
  throw_if_failed();
  if (stop_.stop_requested()) {
    throw ConnectException("The task was stopped before a record could be written to " +
                           words_.destination + "; the record will be read again");
  }
  producer_->poll(kRoomWait);
}

void Outbox::serve() {
  producer_->poll(Millis{0});
  throw_if_failed();
}

bool Outbox::await(Millis timeout) {
  const auto deadline = Clock::now() + timeout;
  while (!failure_ && producer_->in_flight() > 0) {
    const auto rest = std::chrono::ceil<Millis>(deadline - Clock::now());
    if (rest <= Millis{0}) return false;
    producer_->poll(rest);
  }
  throw_if_failed();
  return true;
}

bool Outbox::await_for_commit(const std::string& task, Millis timeout, bool closing) {
  try {
    if (await(timeout)) return true;
    logger_.error("{} Not committing offsets: {} were not acknowledged within {} ms", task,
                  words_.contents, timeout.count());
  } catch (const Error& error) {
    if (!closing) throw;
    logger_.error("{} Not committing offsets: {}", task, describe(error));
  }
  return false;
}

void Outbox::close(Millis timeout) noexcept {
  if (!producer_) return;
  producer_->close(timeout);
  producer_.reset();
}

void Outbox::on_delivery(std::span<const Delivery> deliveries) {
  for (const Delivery& delivery : deliveries) {
    if (delivery.error == nullptr) continue;
    const std::string_view topic = (*delivery.batch)[delivery.row].topic;
    logger_.error("{}. topic={}: {}: {}", words_.failure, topic,
                  java_class_name(delivery.error->kind), delivery.error->message);
    fail(*delivery.error, topic);
  }
}

void Outbox::fail(const RowError& error, std::string_view topic) {
  on_failure_();
  if (failure_) return;
  failure_ = error;
  failed_topic_ = topic;
}

void Outbox::throw_if_failed() const {
  if (!failure_) return;
  try {
    throw_with_cause(failure_->kind, failure_->message, failure_->cause.get());
  } catch (...) {
    std::throw_with_nested(ConnectException(words_.failure + ". topic=" + failed_topic_));
  }
}

}  // namespace millrace

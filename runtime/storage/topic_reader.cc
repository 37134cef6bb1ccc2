#include "runtime/storage/topic_reader.h"

#include <utility>

#include "runtime/core/thread_name.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

constexpr Millis kMissingLimit{3'000};  // a broker that has just started may not know it yet

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.util.KafkaBasedLog");
  return instance;
}

}  // namespace

TopicReader::TopicReader(Parts parts, InternalTopic topic, std::shared_ptr<LogAnswers> answers)
    : parts_(std::move(parts)),
      reads_(std::make_shared<LogReads>(std::move(topic), std::move(answers))) {
  parts_.poller->enroll();
}

TopicReader::~TopicReader() { stop(); }

void TopicReader::read_to_end(LogOperation operation) {
  reads_->ask(operation);
  {
    const std::lock_guard lock(mutex_);
    if (running_ || stopped_) return changed_.notify_all();
    running_ = true;
  }
  // One that was here before has ended, or is about to.
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void TopicReader::stop() noexcept {
  if (std::exchange(stopped_, true)) return;
  thread_.request_stop();
  parts_.poller->leave(reads_);
}

void TopicReader::run(const std::stop_token& stop) {
  const InternalTopic& topic = reads_->topic();
  set_thread_name("ask-" + topic.name);
  try {
    if (partitions_ == 0) {
      open(stop);
      parts_.prepared(nullptr);
    }
    look_up_until_idle(stop);
  } catch (...) {
    if (!stop.stop_requested()) {
      logger().error("Failed to start reading {}: {}", topic.label(), describe_current_exception());
    }
    const std::exception_ptr error = reads_->about(std::current_exception());
    reads_->fail(error);
    parts_.prepared(error);
  }
}

void TopicReader::open(const std::stop_token& stop) {
  const int32_t count = prepare_topic(*parts_.admin, reads_->topic(), parts_.limits, stop);
  parts_.poller->add(reads_, count, stop);
  partitions_ = count;
  first_ends_by_ = Clock::now() + parts_.limits.first_ends;
}

void TopicReader::look_up_until_idle(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (reads_->start_look_up()) {
      look_up_ends(stop);
      continue;
    }
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, stop, kLinger, [this] { return reads_->is_asked(); })) continue;
    running_ = false;
    return;
  }
}

void TopicReader::look_up_ends(const std::stop_token& stop) {
  const std::string label = reads_->topic().label();
  try {
    reads_->looked_up(ends_of_topic());
    parts_.poller->wakeup();
    is_trying_ = false;
    first_ends_by_ = Clock::time_point::max();
    return;
  } catch (const Error& error) {
    if (Clock::now() > first_ends_by_) throw;
    if (!error.retriable()) {
      logger().error("Reading {} to its end: {}", label, describe(error));
      return reads_->fail_open(std::current_exception());
    }
    const auto level = std::exchange(is_trying_, true) ? spdlog::level::debug : spdlog::level::warn;
    logger().log(level, "Reading {} to its end: {}; trying again until it succeeds", label,
                 error.what());
  }
  wait_unless_stopped(parts_.limits.retry_wait, stop);
}

OffsetMap TopicReader::ends_of_topic() {
  const InternalTopic& topic = reads_->topic();
  OffsetMap ends = parts_.admin->end_offsets(topic.name, InternalTopicLimits::kCall);
  const auto count = static_cast<size_t>(partitions_);
  if (ends.size() >= count) {
    is_missing_ = false;
    // Partitions that were added since are not read, as in Kafka, until the worker starts anew.
    ends.erase(std::next(ends.begin(), static_cast<ptrdiff_t>(count)), ends.end());
    return ends;
  }
  if (!std::exchange(is_missing_, true)) missing_since_ = Clock::now();
  const std::string what = topic.label() + " does not exist any more, or has fewer partitions than "
                           "at the start";
  if (Clock::now() - missing_since_ < kMissingLimit) throw RetriableException(what);
  throw ConnectException(what + ": somebody deleted it; restart all workers to make it anew, "
                                "without the " + topic.purpose + " it held");
}

}  // namespace millrace

#include "runtime/storage/topic_reader.h"

#include <algorithm>

#include "runtime/core/thread_name.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

constexpr Millis kIdleWait{10'000};     // requests wake it
constexpr Millis kErrorWait{1'000};     // after a poll that failed
constexpr Millis kMissingLimit{3'000};  // a broker that has just started may not know it yet

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.util.KafkaBasedLog");
  return instance;
}

/// Records by value: what the client holds of them may be given back at once.
struct Rows {
  struct Row {
    int32_t partition;
    int64_t offset;
    int64_t key_size;  // -1: null
    int64_t value_size;
  };
  std::string bytes;
  std::vector<Row> rows;

  explicit Rows(const RecordBatch& batch) {
    for (const Record& record : batch.records()) {
      rows.push_back({record.partition, record.offset, put(record.key_wire),
                      put(record.value_wire)});
    }
  }
  void consume(LogAnswers& answers) const {
    std::string_view rest(bytes);
    for (const Row& row : rows) {
      TopicLogRecord record{row.partition, row.offset, {}, {}};
      record.key = take(rest, row.key_size);
      record.value = take(rest, row.value_size);
      answers.consume(record);
    }
  }

 private:
  int64_t put(const WireBytes& wire) {
    if (wire.is_null()) return -1;
    bytes += wire.text();
    return wire.size;
  }
  static std::optional<std::string_view> take(std::string_view& rest, int64_t size) {
    if (size < 0) return std::nullopt;
    const std::string_view text = rest.substr(0, static_cast<size_t>(size));
    rest.remove_prefix(text.size());
    return text;
  }
};

/// The exception being handled, with the topic's name around it where it does not tell.
std::exception_ptr about(const InternalTopic& topic) {
  try {
    throw;
  } catch (const ConfigException&) {
    return std::current_exception();
  } catch (const ConnectException&) {
    return std::current_exception();
  } catch (...) {
    try {
      std::throw_with_nested(ConnectException("Error while using " + topic.label() +
                                              ": check the permissions on it and the worker's "
                                              "connection to the brokers"));
    } catch (...) {
      return std::current_exception();
    }
  }
}

}  // namespace

TopicReader::TopicReader(Parts parts, std::shared_ptr<LogAnswers> answers)
    : parts_(std::move(parts)), answers_(std::move(answers)) {}

TopicReader::~TopicReader() { stop(); }

void TopicReader::start(LogOperation caught_up) {
  requests_.push_back(caught_up);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void TopicReader::read_to_end(LogOperation operation) {
  std::exception_ptr refusal;
  {
    const std::lock_guard lock(mutex_);
    if (failure_) {
      refusal = failure_;
    } else if (requests_.size() >= kMaxWaiting) {
      refusal = std::make_exception_ptr(RetriableException(
          "reading " + parts_.topic.label() + " to its end: " + std::to_string(kMaxWaiting) +
          " calls wait already; the brokers may be unreachable"));
    } else {
      requests_.push_back(operation);
      if (consumer_) consumer_->wakeup();
    }
  }
  if (refusal) answers_->post(operation, refusal);
}

void TopicReader::stop() noexcept {
  thread_.request_stop();
  const std::lock_guard lock(mutex_);
  if (consumer_) consumer_->wakeup();
}

void TopicReader::run(const std::stop_token& stop) {
  set_thread_name("read-" + parts_.topic.name);
  try {
    open(stop);
    parts_.prepared(nullptr);
    read(stop);
  } catch (...) {
    if (!stop.stop_requested()) {
      logger().error("Failed to start reading {}: {}", parts_.topic.label(),
                     describe_current_exception());
    }
    const std::exception_ptr error = about(parts_.topic);
    fail(error);
    parts_.prepared(error);
  }
  batch_.reset();
  std::unique_ptr<RecordConsumer> consumer;
  {
    const std::lock_guard lock(mutex_);
    consumer = std::move(consumer_);
  }
  if (consumer) consumer->close(Millis{0});  // nobody waits for it under the mutex
}

void TopicReader::open(const std::stop_token& stop) {
  const std::string& name = parts_.topic.name;
  const int32_t count = prepare_topic(parts_.admin, parts_.topic, parts_.limits, stop);
  for (int32_t i = 0; i < count; ++i) partitions_.push_back({name, i});
  auto consumer = parts_.broker.make_consumer(parts_.client);
  consumer->assign(partitions_);
  first_ends_by_ = Clock::now() + parts_.limits.first_ends;
  const std::lock_guard lock(mutex_);
  consumer_ = std::move(consumer);
}

void TopicReader::read(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    take_requests();
    const Millis wait = look_up_ends();
    try {
      poll(wait, stop);
    } catch (const std::exception& error) {
      logger().error("Error polling {}: {}", parts_.topic.label(), describe(error));
      fail_open(about(parts_.topic));
      wait_unless_stopped(kErrorWait, stop);
    }
    answer_reached();
  }
}

void TopicReader::take_requests() {
  const std::lock_guard lock(mutex_);
  asking_.insert(asking_.end(), requests_.begin(), requests_.end());
  requests_.clear();
}

// How long to read before the next look.
Millis TopicReader::look_up_ends() {
  if (asking_.empty()) return kIdleWait;
  if (const auto rest = next_look_up_ - Clock::now(); rest > Clock::duration::zero()) {
    return std::chrono::ceil<Millis>(rest);
  }
  try {
    OffsetMap ends = ends_of_topic();
    is_trying_ = false;
    first_ends_by_ = Clock::time_point::max();
    rounds_.push_back({std::move(ends), std::exchange(asking_, {})});
    answer_reached();
    return rounds_.empty() ? Millis{0} : kIdleWait;
  } catch (const Error& error) {
    if (Clock::now() > first_ends_by_) throw;
    if (!error.retriable()) {
      logger().error("Reading {} to its end: {}", parts_.topic.label(), describe(error));
      fail_open(about(parts_.topic));
      return Millis{0};
    }
    const auto level = std::exchange(is_trying_, true) ? spdlog::level::debug : spdlog::level::warn;
    logger().log(level, "Reading {} to its end: {}; trying again until it succeeds",
                 parts_.topic.label(), error.what());
  }
  next_look_up_ = Clock::now() + parts_.limits.retry_wait;
  return parts_.limits.retry_wait;
}

OffsetMap TopicReader::ends_of_topic() {
  OffsetMap ends = parts_.admin.end_offsets(parts_.topic.name, InternalTopicLimits::kCall);
  if (ends.size() >= partitions_.size()) {
    is_missing_ = false;
    // Partitions that were added since are not read, as in Kafka, until the worker starts anew.
    ends.erase(std::next(ends.begin(), static_cast<ptrdiff_t>(partitions_.size())), ends.end());
    return ends;
  }
  if (!std::exchange(is_missing_, true)) missing_since_ = Clock::now();
  const std::string what = parts_.topic.label() + " does not exist any more, or has fewer "
                           "partitions than at the start";
  if (Clock::now() - missing_since_ < kMissingLimit) throw RetriableException(what);
  throw ConnectException(what + ": somebody deleted it; restart all workers to make it anew, "
                                "without the " + parts_.topic.purpose + " it held");
}

void TopicReader::poll(Millis wait, const std::stop_token& stop) {
  try {
    consumer_->poll(batch_, wait);
  } catch (...) {
    deliver(stop);
    throw;
  }
  deliver(stop);
}

void TopicReader::deliver(const std::stop_token& stop) {
  if (batch_.empty()) return batch_.reset();
  {
    std::unique_lock lock(credit_->mutex);
    credit_->changed.wait(lock, stop, [this] { return credit_->used < kMaxBatches; });
    if (stop.stop_requested()) return batch_.reset();
    ++credit_->used;
  }
  auto rows = std::make_shared<const Rows>(batch_);
  batch_.reset();
  answers_->control().post([rows, answers = answers_, credit = credit_] {
    rows->consume(*answers);
    {
      const std::lock_guard lock(credit->mutex);
      --credit->used;
    }
    credit->changed.notify_all();
  });
}

bool TopicReader::reached(const OffsetMap& ends) const {
  return std::all_of(ends.begin(), ends.end(), [this](const auto& end) {
    if (raw(end.second) == 0) return true;
    const auto position = consumer_->position(end.first);
    return position && raw(*position) >= raw(end.second);
  });
}

// Their records were posted before, so they are consumed before the answer.
void TopicReader::answer_reached() {
  while (!rounds_.empty() && reached(rounds_.front().ends)) {
    LogOutcomes outcomes;
    for (const LogOperation operation : rounds_.front().operations) {
      outcomes.emplace_back(operation, nullptr);
    }
    rounds_.pop_front();
    answers_->post(std::move(outcomes));
  }
}

void TopicReader::fail_open(const std::exception_ptr& error) {
  LogOutcomes outcomes;
  for (const LogOperation operation : std::exchange(asking_, {})) {
    outcomes.emplace_back(operation, error);
  }
  for (const Round& round : std::exchange(rounds_, {})) {
    for (const LogOperation operation : round.operations) outcomes.emplace_back(operation, error);
  }
  answers_->post(std::move(outcomes));
}

void TopicReader::fail(std::exception_ptr error) {
  {
    const std::lock_guard lock(mutex_);
    failure_ = error;
  }
  take_requests();
  fail_open(error);
}

}  // namespace millrace

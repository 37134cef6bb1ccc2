#include "runtime/storage/topic_poller.h"

#include <algorithm>
#include <utility>

#include "runtime/core/thread_name.h"
#include "runtime/metrics/log.h"
#include "runtime/storage/polled_rows.h"

namespace millrace {
namespace {

constexpr Millis kIdleWait{10'000};  // changes wake it
constexpr Millis kErrorWait{1'000};  // after a poll that failed

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.util.KafkaBasedLog");
  return instance;
}

}  // namespace

TopicPoller::TopicPoller(Executor& control, Broker& broker, Properties client)
    : control_(control), broker_(broker), client_(std::move(client)) {}

TopicPoller::~TopicPoller() {
  end_.request_stop();
  wakeup();
}

void TopicPoller::enroll() {
  const std::lock_guard lock(mutex_);
  ++enrolled_;
}

void TopicPoller::add(const std::shared_ptr<LogReads>& log, int32_t partitions,
                      const std::stop_token& stop) {
  const auto joining = std::make_shared<Joining>();
  joining->topic.log = log;
  for (int32_t i = 0; i < partitions; ++i) {
    joining->topic.partitions.push_back({log->topic().name, i});
  }
  std::unique_lock lock(mutex_);
  if (!stop.stop_requested()) {
    joining_.push_back(joining);
    if (!thread_.joinable()) thread_ = std::jthread([this] { run(end_.get_token()); });
    if (consumer_) consumer_->wakeup();
    changed_.notify_all();
  }
  if (!changed_.wait(lock, stop, [&] { return joining->is_done; })) {
    throw ConnectException("reading " + log->topic().label() + ": the worker is stopping");
  }
  if (joining->error) std::rethrow_exception(joining->error);
}

void TopicPoller::wakeup() noexcept {
  const std::lock_guard lock(mutex_);
  if (consumer_) consumer_->wakeup();
}

void TopicPoller::leave(const std::shared_ptr<LogReads>& log) noexcept {
  {
    const std::lock_guard lock(mutex_);
    leaving_.push_back(log);
    if (--enrolled_ == 0) end_.request_stop();
    if (consumer_) consumer_->wakeup();
  }
  changed_.notify_all();
}

void TopicPoller::run(const std::stop_token& stop) {
  set_thread_name("topic-reader");
  while (wait_for_topics(stop)) {
    take_changes();
    if (topics_.empty()) continue;
    try {
      poll(stop);
    } catch (...) {
      fail(std::current_exception(), stop);
    }
    answer_reached();
  }
  close();
}

bool TopicPoller::wait_for_topics(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [this] {
    return !topics_.empty() || !joining_.empty() || !leaving_.empty();
  });
  return !stop.stop_requested();
}

void TopicPoller::take_changes() {
  std::vector<std::shared_ptr<Joining>> joining;
  std::vector<std::shared_ptr<LogReads>> leaving;
  {
    const std::lock_guard lock(mutex_);
    joining.swap(joining_);
    leaving.swap(leaving_);
  }
  for (const auto& one : joining) {
    std::exception_ptr error;
    try {
      take(one->topic);
    } catch (...) {
      error = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    one->error = error;
    one->is_done = true;
  }
  if (!joining.empty()) changed_.notify_all();
  for (const auto& log : leaving) give_up(*log);
}

void TopicPoller::take(Topic topic) {
  if (!consumer_) {
    auto made = broker_.make_consumer(client_);
    const std::lock_guard lock(mutex_);
    consumer_ = std::move(made);
  }
  consumer_->assign(topic.partitions);
  std::string name = topic.log->topic().name;
  topics_.insert_or_assign(std::move(name), std::move(topic));
}

void TopicPoller::give_up(const LogReads& log) {
  const auto at = topics_.find(log.topic().name);
  if (at == topics_.end() || at->second.log.get() != &log) return;
  consumer_->pause(at->second.partitions);
  topics_.erase(at);
}

void TopicPoller::poll(const std::stop_token& stop) {
  try {
    consumer_->poll(batch_, kIdleWait);
  } catch (...) {
    deliver(stop);
    throw;
  }
  deliver(stop);
}

void TopicPoller::deliver(const std::stop_token& stop) {
  if (batch_.empty()) return batch_.reset();
  {
    std::unique_lock lock(credit_->mutex);
    credit_->changed.wait(lock, stop, [this] { return credit_->used < kMaxBatches; });
    if (stop.stop_requested()) return batch_.reset();
    ++credit_->used;
  }
  const auto rows = std::make_shared<PolledRows>();
  auto at = topics_.end();
  for (const Record& record : batch_.records()) {
    if (at == topics_.end() || at->first != record.topic) at = topics_.find(record.topic);
    if (at != topics_.end()) rows->add(record, at->second.log->answers());
  }
  batch_.reset();
  control_.post([rows = std::shared_ptr<const PolledRows>(rows), credit = credit_] {
    rows->consume();
    {
      const std::lock_guard lock(credit->mutex);
      --credit->used;
    }
    credit->changed.notify_all();
  });
}

// What concerns some topics is told to their logs alone.
void TopicPoller::fail(const std::exception_ptr& error, const std::stop_token& stop) {
  const auto tell = [](const Topic& topic, const std::exception_ptr& what) {
    logger().error("Error polling {}: {}", topic.log->topic().label(), describe(what));
    topic.log->fail_open(what);
  };
  try {
    std::rethrow_exception(error);
  } catch (const TopicErrors& errors) {
    for (const auto& [name, one] : errors.all()) {
      const auto at = topics_.find(name);
      if (at != topics_.end()) tell(at->second, std::make_exception_ptr(one));
    }
  } catch (...) {
    for (const auto& [name, topic] : topics_) tell(topic, error);
    wait_unless_stopped(kErrorWait, stop);
  }
}

void TopicPoller::answer_reached() {
  for (const auto& [name, topic] : topics_) {
    topic.log->answer_reached([this](const OffsetMap& ends) { return reached(ends); });
  }
}

bool TopicPoller::reached(const OffsetMap& ends) const {
  return std::all_of(ends.begin(), ends.end(), [this](const auto& end) {
    if (raw(end.second) == 0) return true;
    const auto position = consumer_->position(end.first);
    return position && raw(*position) >= raw(end.second);
  });
}

void TopicPoller::close() {
  batch_.reset();
  std::unique_ptr<RecordConsumer> consumer;
  {
    const std::lock_guard lock(mutex_);
    consumer = std::move(consumer_);
  }
  if (consumer) consumer->close(Millis{0});  // nobody waits for it under the mutex
}

}  // namespace millrace

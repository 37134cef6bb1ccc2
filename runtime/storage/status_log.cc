#include "runtime/storage/status_log.h"

#include "millrace/errors.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

namespace record = status_record;

constexpr int32_t kConnector = -1;  // task number of a connector

spdlog::logger& logger() {
  static auto& instance =
      logging::get("org.apache.kafka.connect.storage.KafkaStatusBackingStore");
  return instance;
}

std::string key_of(const std::string& connector) { return record::connector_key(connector); }
std::string key_of(const ConnectorTaskId& id) { return record::task_key(id); }

bool is_retriable(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    return known.retriable();
  } catch (...) {
    return false;
  }
}

}  // namespace

template <>
std::map<std::string, StatusLog::Entry>& StatusLog::entries<std::string>() {
  return connectors_;
}
template <>
std::map<ConnectorTaskId, StatusLog::Entry>& StatusLog::entries<ConnectorTaskId>() {
  return tasks_;
}

void StatusLog::start(Callback<Done> done, Observer observer) {
  observer_ = std::move(observer);
  topic_.start([this](const TopicLogRecord& record) { consume(record); }, std::move(done));
}

// Writing.

template <class Id>
void StatusLog::write(const Id& id, const Status& status, bool safely) {
  Entry& entry = entries<Id>()[id];
  generation_ = status.generation;
  if (safely && !entry.may_be_replaced_by(status)) return;
  ++open_;
  send(id, status, safely, ++entry.sequence);
}

template void StatusLog::write(const std::string&, const Status&, bool);
template void StatusLog::write(const ConnectorTaskId&, const Status&, bool);

template <class Id>
void StatusLog::send(const Id& id, const Status& status, bool safely, uint64_t sequence) {
  std::optional<std::string> value;
  if (status.state != State::Destroyed) value = record::status_value(status);
  topic_.append(key_of(id), std::move(value), [=, this](const Outcome<Done>& outcome) {
    if (outcome.ok()) return answered();
    if (!is_retriable(outcome.error())) {
      logger().error("Failed to write the status {} of {}: {}", state_name(status.state),
                     key_of(id), describe(outcome.error()));
      return answered();
    }
    control_.post_after(kRetryWait, [=, this] {
      const auto at = entries<Id>().find(id);
      const bool outdated =
          at == entries<Id>().end() || status.generation != generation_ ||
          (safely &&
           (!at->second.may_be_replaced_by(status) || at->second.sequence != sequence));
      if (outdated) return answered();
      send(id, status, safely, sequence);
    });
  });
}

void StatusLog::answered() {
  if (--open_ > 0) return;
  for (const Callback<Done>& done : std::exchange(flushes_, {})) done(Done{});
}

void StatusLog::flush(Callback<Done> done) {
  if (open_ == 0) return control_.post([done = std::move(done)] { done(Done{}); });
  flushes_.push_back(std::move(done));
}

void StatusLog::put_topic(const TopicStatus& status) {
  ++open_;
  send_topic(record::topic_key(status.topic, status.connector), record::topic_value(status));
}

void StatusLog::remove_topic(const std::string& topic, const std::string& connector) {
  ++open_;
  send_topic(record::topic_key(topic, connector), std::nullopt);
}

void StatusLog::send_topic(std::string key, std::optional<std::string> value) {
  topic_.append(key, value, [=, this](const Outcome<Done>& outcome) {
    if (outcome.ok()) return answered();
    if (!is_retriable(outcome.error())) {
      logger().error("Failed to write {}: {}", key, describe(outcome.error()));
      return answered();
    }
    control_.post_after(kRetryWait, [=, this] { send_topic(key, value); });
  });
}

// Reading.

void StatusLog::consume(const TopicLogRecord& record) {
  if (record.key && consume_status(record)) return;
  const auto level = skipped_++ == 0 ? spdlog::level::warn : spdlog::level::debug;
  logger().log(level,
               "Skipping the record at offset {} of partition {} of the status topic, which is no "
               "status (key {}); further ones are counted and logged at DEBUG",
               record.offset, record.partition, record.key.value_or("null"));
}

bool StatusLog::consume_status(const TopicLogRecord& log_record) {
  const record::Key key = record::parse_key(*log_record.key);
  if (const auto* topic = std::get_if<record::OfTopic>(&key)) {
    if (!log_record.value) return topics_[topic->connector].erase(topic->topic), true;
    auto status = record::parse_topic(*log_record.value);
    if (!status) return false;
    topics_[topic->connector][topic->topic] = *std::move(status);
    return true;
  }
  const auto* connector = std::get_if<record::OfConnector>(&key);
  const auto* task = std::get_if<record::OfTask>(&key);
  if (connector == nullptr && task == nullptr) return false;
  const ConnectorTaskId id =
      connector != nullptr ? ConnectorTaskId{connector->connector, kConnector} : task->id;
  std::optional<Status> status;
  if (log_record.value) {
    status = record::parse_status(*log_record.value);
    if (!status) return false;
  }
  take_status(id, status);
  if (observer_) observer_(id, status ? &*status : nullptr);
  return true;
}

void StatusLog::take_status(const ConnectorTaskId& id, const std::optional<Status>& status) {
  if (!status) {
    id.task == kConnector ? connectors_.erase(id.connector) : tasks_.erase(id);
    return;
  }
  if (id.task == kConnector) {
    connectors_[id.connector].status = status;
    return;
  }
  Entry& entry = tasks_[id];
  // The task has moved on, and the worker that gave it up was slow to say so.
  const bool late = status->state == State::Unassigned && entry.status &&
                    entry.status->state == State::Running &&
                    entry.status->generation >= status->generation;
  if (!late) entry.status = status;
}

const Status* StatusLog::connector(const std::string& name) const {
  const auto at = connectors_.find(name);
  return at == connectors_.end() || !at->second.status ? nullptr : &*at->second.status;
}

const Status* StatusLog::task(const ConnectorTaskId& id) const {
  const auto at = tasks_.find(id);
  return at == tasks_.end() || !at->second.status ? nullptr : &*at->second.status;
}

std::map<int32_t, Status> StatusLog::tasks(const std::string& connector) const {
  std::map<int32_t, Status> result;
  for (auto at = tasks_.lower_bound({connector, 0});
       at != tasks_.end() && at->first.connector == connector; ++at) {
    if (at->second.status) result.emplace(at->first.task, *at->second.status);
  }
  return result;
}

std::set<std::string> StatusLog::connectors() const {
  std::set<std::string> names;
  for (const auto& [name, entry] : connectors_) {
    if (entry.status) names.insert(name);
  }
  for (const auto& [id, entry] : tasks_) {
    if (entry.status) names.insert(id.connector);
  }
  return names;
}

const TopicStatus* StatusLog::topic(const std::string& topic, const std::string& connector) const {
  const auto known = topics_.find(connector);
  if (known == topics_.end()) return nullptr;
  const auto at = known->second.find(topic);
  return at == known->second.end() ? nullptr : &at->second;
}

std::vector<TopicStatus> StatusLog::topics(const std::string& connector) const {
  std::vector<TopicStatus> result;
  const auto known = topics_.find(connector);
  if (known == topics_.end()) return result;
  for (const auto& [topic, status] : known->second) result.push_back(status);
  return result;
}

}  // namespace millrace

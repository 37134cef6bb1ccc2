#include "runtime/cli/replayer.h"

#include <algorithm>

#include "millrace/errors.h"
#include "runtime/broker/client_layers.h"

namespace millrace {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Millis kAdminTimeout{30'000};
constexpr Millis kPollWait{500};
constexpr Millis kCloseTimeout{10'000};
constexpr const char* kDeliveryTimeout = "120000";  // a worker's producers wait for ever
const ConnectorTaskId kId{"replay", 0};

Properties producer_settings(const Properties& worker) {
  Properties own{{"producer.override.client.id", "millrace-replay-producer"}};
  if (!worker.contains("producer.delivery.timeout.ms")) {
    own["producer.override.delivery.timeout.ms"] = kDeliveryTimeout;
  }
  return source_producer_config(worker, kId, own);
}

Properties consumer_settings(const Properties& worker, const std::string& group) {
  return sink_consumer_config(worker, kId,
                              {{"consumer.override.client.id", "millrace-replay-consumer"},
                               {"consumer.override.group.id", group},
                               {"consumer.override.auto.offset.reset", "earliest"}});
}

}  // namespace

Replayer::Replayer(Broker& broker, const Properties& worker, const ReplayOptions& options,
                   Events events)
    : broker_(broker), worker_(worker), options_(options), events_(std::move(events)) {}

Replayer::~Replayer() {
  if (producer_) producer_->close(Millis{0});  // before the batch it may still send from
  batch_.reset();                               // before the consumer, whose buffers it pins
  if (consumer_) consumer_->close(kCloseTimeout);
}

bool Replayer::run() {
  admin_ = broker_.make_admin(connector_admin_config(worker_, "replay", {}));
  find_places();
  if (begins_.empty()) return true;
  consumer_ = broker_.make_consumer(consumer_settings(worker_, options_.group));
  if (!options_.dry_run) producer_ = broker_.make_producer(producer_settings(worker_), *this);
  std::vector<TopicPartition> partitions;
  for (const auto& [partition, offset] : begins_) partitions.push_back(partition);
  consumer_->assign(partitions, begins_);
  next_commit_ = Clock::now() + kCommitInterval;
  bool ended = false;
  try {
    ended = read_to_end();
  } catch (...) {
    const std::exception_ptr reason = std::current_exception();
    try {
      commit();
    } catch (const std::exception&) {
      // What was acknowledged is written again next time; why it ended matters more.
    }
    std::rethrow_exception(reason);
  }
  commit();
  return ended;
}

void Replayer::find_places() {
  const std::string& topic = options_.letter_topic;
  ends_ = admin_->end_offsets(topic, kAdminTimeout);
  if (ends_.empty()) throw ConnectException("there is no topic " + topic);
  const OffsetMap begins = admin_->begin_offsets(topic, kAdminTimeout);
  const OffsetMap group =
      options_.from_beginning ? OffsetMap{} : admin_->group_offsets(options_.group, kAdminTimeout);
  for (const auto& [partition, end] : ends_) {
    const auto first = begins.find(partition);
    Offset begin = first == begins.end() ? Offset{0} : first->second;
    if (const auto at = group.find(partition); at != group.end()) {
      if (at->second > end) {
        throw ConnectException("group " + options_.group + " has read " + partition.to_string() +
                               " to offset " + std::to_string(raw(at->second)) + ", but it ends at " +
                               std::to_string(raw(end)) +
                               ": the topic was made anew; use --from-beginning");
      }
      begin = std::max(begin, at->second);
    }
    if (begin >= end) continue;
    begins_.emplace(partition, begin);
    counts_.total += raw(end) - raw(begin);
  }
}

bool Replayer::at_end() const {
  return std::all_of(begins_.begin(), begins_.end(), [this](const auto& begin) {
    const auto position = consumer_->position(begin.first);
    return position && *position >= ends_.at(begin.first);
  });
}

bool Replayer::read_to_end() {
  auto last = Clock::now();
  while (!at_end()) {
    if (events_.stop()) return false;
    batch_.reset();
    consumer_->poll(batch_, kPollWait);
    const auto now = Clock::now();
    if (!batch_.empty()) {
      replay(batch_);
      last = Clock::now();
      if (events_.progress) events_.progress(counts_);
    } else if (now - last > kSilence) {
      throw TimeoutException("reading " + options_.letter_topic + ": nothing came for " +
                             std::to_string(kSilence.count() / 1000) + " s before its end");
    }
    if (Clock::now() >= next_commit_) commit();
  }
  return true;
}

void Replayer::replay(RecordBatch& batch) {
  std::vector<uint32_t> rows;
  OffsetMap behind = done_;
  for (uint32_t row = 0; row < batch.size(); ++row) {
    const Record& letter = batch[row];
    const TopicPartition place{std::string(letter.original_topic), letter.original_partition};
    if (letter.offset >= raw(ends_.at(place))) continue;  // came after the start
    behind[place] = Offset{letter.offset + 1};
    ++counts_.read;
    if (prepare(batch, row)) rows.push_back(row);
  }
  if (!options_.dry_run) write(batch, rows);
  for (const uint32_t row : rows) ++counts_.by_topic[std::string(batch[row].topic)];
  counts_.replayed += static_cast<int64_t>(rows.size());
  done_ = std::move(behind);
}

/// False: it is not to be written.
bool Replayer::prepare(RecordBatch& batch, uint32_t row) {
  Record& letter = batch[row];
  const LetterOrigin origin = origin_of(letter);
  if (!is_chosen(letter, origin, options_)) {
    ++counts_.left_out;
    return false;
  }
  if (origin.topic.empty() || origin.of_source) {
    ++counts_.without_origin;
    if (events_.without_origin) events_.without_origin(letter);
    return false;
  }
  if (origin.topic == options_.letter_topic) {
    throw ConnectException("the letter at offset " + std::to_string(letter.offset) + " of " +
                           options_.letter_topic + " came from that topic itself: writing it back "
                           "would never end; leave it out with --topic");
  }
  const int32_t partitions = partitions_of(origin.topic);
  if (events_.chosen) events_.chosen(letter, origin);
  restore(letter, origin, partitions, options_.if_newer, batch.arena());
  return true;
}

int32_t Replayer::partitions_of(std::string_view topic) {
  if (const auto known = partitions_.find(topic); known != partitions_.end()) return known->second;
  const std::string name(topic);
  const auto found = admin_->describe_topics(std::span(&name, 1), kAdminTimeout);
  const auto at = found.find(name);
  if (at == found.end()) {
    throw ConnectException("topic " + name + " of a letter does not exist; make it, or choose others "
                           "with --topic");
  }
  partitions_.emplace(name, at->second);
  return at->second;
}

// All or the run ends: the group's offsets do not move past a record that was not written.
void Replayer::write(RecordBatch& batch, std::span<const uint32_t> rows) {
  auto last = Clock::now();
  while (!rows.empty() || producer_->in_flight() > 0) {
    const SendResult sent = producer_->send(batch, rows);
    rows = rows.subspan(sent.accepted);
    if (sent.error && !rows.empty() && sent.error->kind != ErrorKind::Retriable &&
        sent.error->kind != ErrorKind::Timeout && !failure_) {
      failure_ = *sent.error;
    }
    const bool waits = !rows.empty() || producer_->in_flight() > 0;
    if ((waits && producer_->poll(kPollWait) > 0) || sent.accepted > 0) last = Clock::now();
    if (failure_) break;
    if (Clock::now() - last > kAnswerLimit) {
      throw TimeoutException("writing records back: no answer for " +
                             std::to_string(kAnswerLimit.count() / 1000) + " s");
    }
  }
  if (!failure_) return;
  try {
    throw_with_cause(failure_->kind, failure_->message, failure_->cause.get());
  } catch (...) {
    std::throw_with_nested(ConnectException("a record could not be written back"));
  }
}

void Replayer::on_delivery(std::span<const Delivery> deliveries) {
  for (const Delivery& delivery : deliveries) {
    if (delivery.error != nullptr && !failure_) failure_ = *delivery.error;
  }
}

void Replayer::commit() {
  next_commit_ = Clock::now() + kCommitInterval;
  if (options_.dry_run || done_ == committed_) return;
  admin_->alter_group_offsets(options_.group, done_, kAdminTimeout);
  committed_ = done_;
}

}  // namespace millrace

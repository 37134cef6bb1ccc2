#include "runtime/broker/embedded/embedded_consumer.h"

#include <algorithm>

#include "millrace/log.h"
#include "runtime/broker/embedded/chunk.h"

namespace millrace::embedded {
namespace {

constexpr std::string_view kLogger = "millrace.embedded.consumer";

/// Keeps the bytes of a chunk while rows point into them.
class ChunkHolder final : public BatchResource {
 public:
  explicit ChunkHolder(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}

 private:
  std::shared_ptr<const std::string> bytes_;
};

void check_not_negative(Offset offset, const std::string& action) {
  if (raw(offset) >= 0) return;
  throw Error(ErrorKind::IllegalArgument,
              action + ": offset " + std::to_string(raw(offset)) + " is negative");
}

}  // namespace

EmbeddedConsumer::EmbeddedConsumer(std::shared_ptr<LogStore> store, std::shared_ptr<Groups> groups,
                                   const Properties& config)
    : store_(std::move(store)),
      groups_(std::move(groups)),
      options_(EmbeddedConsumerOptions::def().parse(config)) {}

EmbeddedConsumer::~EmbeddedConsumer() {
  close(Millis{0});
}

void EmbeddedConsumer::subscribe(const std::vector<std::string>& topics,
                                 RebalanceListener& listener) {
  listener_ = &listener;
  pattern_.reset();
  set_topics(topics);
}

void EmbeddedConsumer::subscribe_pattern(const std::string& pattern, RebalanceListener& listener) {
  try {
    pattern_.emplace(pattern);
  } catch (const Error& error) {
    throw ConfigException("subscribing to topics that match " + pattern + ": " + error.what());
  }
  listener_ = &listener;
  matched_.clear();
  pattern_version_ = UINT64_MAX;
  set_topics({});
  refresh_pattern();
}

void EmbeddedConsumer::assign(std::span<const TopicPartition> partitions,
                              const OffsetMap& begins) {
  if (member_ != 0) throw KafkaException("assigning partitions: the consumer is in use already");
  for (const TopicPartition& partition : partitions) {
    if (!positions_.contains(partition)) continue;
    throw KafkaException("assigning partitions: " + partition.to_string() + " is in use already");
  }
  for (const TopicPartition& partition : partitions) {
    const auto begin = begins.find(partition);
    positions_[partition].offset =
        begin == begins.end() ? store_->bounds(partition).first : raw(begin->second);
  }
}

std::optional<Offset> EmbeddedConsumer::position(const TopicPartition& partition) const {
  const auto at = positions_.find(partition);
  return at == positions_.end() ? std::nullopt : std::optional(Offset{at->second.offset});
}

void EmbeddedConsumer::set_topics(const std::vector<std::string>& topics) {
  if (member_ == 0) {
    member_ = groups_->join(options_.group_id, topics, Millis{options_.max_poll_interval_ms});
  } else {
    groups_->resubscribe(options_.group_id, member_, topics);
  }
}

void EmbeddedConsumer::refresh_pattern() {
  if (!pattern_) return;
  const uint64_t version = store_->topics_version();
  if (version == pattern_version_) return;
  pattern_version_ = version;
  std::vector<std::string> found;
  for (const std::string& name : store_->topics()) {
    if (pattern_->matches(name)) found.push_back(name);
  }
  if (found == matched_) return;
  matched_ = std::move(found);
  set_topics(matched_);
}

void EmbeddedConsumer::wakeup() noexcept {
  woken_.store(true);
  store_->announce_change();
}

void EmbeddedConsumer::poll(RecordBatch& out, Millis timeout) {
  if (member_ == 0 && positions_.empty()) {
    throw KafkaException("polling: the consumer is not subscribed to any topics");
  }
  const auto deadline = Clock::now() + timeout;
  // Waiting is being alive; so it is never as long as the silence that others tolerate.
  const Millis alive{std::max(1, options_.max_poll_interval_ms / 3)};
  while (true) {
    const uint64_t seen = store_->version();
    refresh_pattern();
    do_duty();
    if (read_all(out) || woken_.exchange(false) || Clock::now() >= deadline) return;
    store_->wait_for_change(seen, std::min(deadline, Clock::now() + alive), woken_);
  }
}

void EmbeddedConsumer::do_duty() {
  if (member_ == 0) return;
  // A rebalance may take several steps at once when this member is the last to act.
  while (true) {
    const MemberDuty duty = groups_->duty(options_.group_id, member_);
    switch (duty.kind) {
      case MemberDuty::Kind::None:
        return;
      case MemberDuty::Kind::Release:
        give_up(false);
        groups_->released(options_.group_id, member_);
        break;
      case MemberDuty::Kind::Lost:
        give_up(true);
        break;
      case MemberDuty::Kind::Take:
        take(duty);
        break;
    }
  }
}

void EmbeddedConsumer::give_up(bool lost) {
  std::vector<TopicPartition> partitions;
  for (const auto& [partition, position] : positions_) partitions.push_back(partition);
  if (!partitions.empty()) {
    if (lost)
      listener_->on_lost(partitions);
    else
      listener_->on_revoked(partitions);
  }
  positions_.clear();
}

void EmbeddedConsumer::take(const MemberDuty& duty) {
  const OffsetMap committed = store_->group_offsets(options_.group_id);
  OffsetMap starts;
  for (const TopicPartition& partition : duty.partitions) {
    const auto at = committed.find(partition);
    // Without a start the duty stays: the next poll fails alike.
    starts.emplace(partition, at != committed.end()
                                  ? at->second
                                  : Offset{reset_offset(partition, "Undefined offset")});
  }
  for (const auto& [partition, offset] : starts) positions_[partition].offset = raw(offset);
  groups_->taken(options_.group_id, member_, duty.generation);
  listener_->on_assigned(starts);
}

int64_t EmbeddedConsumer::reset_offset(const TopicPartition& partition,
                                       const std::string& problem) const {
  const auto [start, next] = store_->bounds(partition);
  if (options_.reset_policy == "earliest") return start;
  if (options_.reset_policy == "latest") return next;
  throw KafkaException("reading " + partition.to_string() + ": " + problem +
                       " with no reset policy; the log holds offsets " + std::to_string(start) +
                       " to " + std::to_string(next) +
                       ": set auto.offset.reset or the offset of group " + options_.group_id);
}

bool EmbeddedConsumer::read_all(RecordBatch& out) {
  const size_t count = positions_.size();
  for (size_t i = 0; i < count && !out.full(); ++i) {
    auto at = positions_.begin();
    std::advance(at, static_cast<ptrdiff_t>((next_partition_ + i) % count));
    if (!at->second.paused) read(at->first, at->second, out);
  }
  ++next_partition_;
  return !out.empty();
}

// False: the position is gone from the log, removed by retention or never written.
bool EmbeddedConsumer::move_into_bounds(const TopicPartition& partition, Position& position) const {
  const auto [start, next] = store_->bounds(partition);
  if (position.offset >= start && position.offset <= next) return true;
  const std::string problem = "Offset " + std::to_string(position.offset) + " is out of range";
  const int64_t offset = reset_offset(partition, problem);
  log(LogLevel::Info, kLogger,
      "reading " + partition.to_string() + ": " + problem + ", going on at " +
          std::to_string(offset));
  position.offset = offset;
  position.chunk.reset();
  return false;
}

bool EmbeddedConsumer::open_chunk(const TopicPartition& partition, Position& position) {
  auto& chunk = position.chunk;
  const int64_t offset = position.offset;
  if (chunk && offset == position.chunk_offset && offset < position.chunk_end()) return true;
  if (chunk && offset >= chunk->base_offset && offset < position.chunk_end()) {
    chunk->reader = *ChunkReader::open(*chunk->bytes);  // after a seek
  } else {
    chunk = store_->read(partition, offset);
    if (!chunk) return false;
    if (chunk->base_offset > offset) {
      chunk.reset();
      // Retention announces what it removes before it does; else records are missing.
      if (!move_into_bounds(partition, position)) return open_chunk(partition, position);
      store_->fail_damaged("reading " + partition.to_string() + ": the records at offset " +
                           std::to_string(offset) + " are missing");
    }
  }
  for (int64_t at = chunk->base_offset; at < offset; ++at) chunk->reader.skip();
  position.chunk_offset = offset;
  return true;
}

void EmbeddedConsumer::read(const TopicPartition& partition, Position& position, RecordBatch& out) {
  move_into_bounds(partition, position);
  if (!open_chunk(partition, position)) return;
  StoredChunk& chunk = *position.chunk;
  const int64_t end = position.chunk_end();
  out.keep(std::make_unique<ChunkHolder>(chunk.bytes));
  const std::string_view topic = out.arena().copy(partition.topic);
  while (!out.full() && position.offset < end) {
    Record& record = out.add();
    if (!chunk.reader.next(record, out.arena())) {
      store_->fail_damaged("reading " + partition.to_string() + " at offset " +
                           std::to_string(position.offset) + ": the chunk is cut short");
    }
    record.topic = record.original_topic = topic;
    record.partition = record.original_partition = partition.partition;
    record.offset = position.offset++;
  }
  position.chunk_offset = position.offset;
  if (position.offset == end) position.chunk.reset();
}

void EmbeddedConsumer::seek(const TopicPartition& partition, Offset offset) {
  const std::string action = "seeking in " + partition.to_string();
  check_not_negative(offset, action);
  const auto at = positions_.find(partition);
  if (at == positions_.end()) throw KafkaException(action + ": it is not assigned");
  at->second.offset = raw(offset);
}

void EmbeddedConsumer::pause(std::span<const TopicPartition> partitions) {
  for (const TopicPartition& partition : partitions) {
    const auto at = positions_.find(partition);
    if (at != positions_.end()) at->second.paused = true;
  }
}

void EmbeddedConsumer::resume(std::span<const TopicPartition> partitions) {
  for (const TopicPartition& partition : partitions) {
    const auto at = positions_.find(partition);
    if (at != positions_.end()) at->second.paused = false;
  }
}

std::optional<Offset> EmbeddedConsumer::known_end(const TopicPartition& partition) const {
  if (!positions_.contains(partition)) return std::nullopt;
  return Offset{store_->bounds(partition).second};
}

void EmbeddedConsumer::commit(const OffsetMap& offsets) {
  std::map<TopicPartition, std::optional<Offset>> entries;
  for (const auto& [partition, offset] : offsets) {
    const std::string action = "committing " + partition.to_string();
    check_not_negative(offset, action);
    if (!groups_->owns(options_.group_id, member_, partition)) {
      throw KafkaException(action + ": the group has given it to another member");
    }
    entries.emplace(partition, offset);
  }
  store_->put_group_offsets(options_.group_id, entries);
}

void EmbeddedConsumer::commit_async(const OffsetMap& offsets, CommitCallback done) {
  try {
    commit(offsets);
  } catch (const Error& error) {
    return done(RowError{error.kind(), Stage::KafkaConsume, error.what(), {}});
  }
  done(std::nullopt);
}

void EmbeddedConsumer::commit_sync(const OffsetMap& offsets, Millis) {
  commit(offsets);
}

void EmbeddedConsumer::close(Millis) noexcept {
  if (member_ == 0) return;
  try {
    give_up(groups_->is_lost(options_.group_id, member_));
  } catch (const std::exception& error) {
    log(LogLevel::Warn, kLogger, std::string("closing: ") + error.what());
  }
  positions_.clear();
  groups_->leave(options_.group_id, std::exchange(member_, 0));
}

}  // namespace millrace::embedded

#include "runtime/broker/embedded/embedded_consumer.h"

#include <algorithm>
#include <regex>

#include "runtime/broker/embedded/chunk.h"

namespace millrace::embedded {
namespace {

/// Keeps the bytes of a chunk while rows point into them.
class ChunkHolder final : public BatchResource {
 public:
  explicit ChunkHolder(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}

 private:
  std::shared_ptr<const std::string> bytes_;
};

std::string setting(const Properties& config, const char* key, const char* fallback) {
  const std::string* value = find(config, key);
  return value != nullptr ? *value : fallback;
}

}  // namespace

EmbeddedConsumer::EmbeddedConsumer(std::shared_ptr<LogStore> store, std::shared_ptr<Groups> groups,
                                   const Properties& config)
    : store_(std::move(store)),
      groups_(std::move(groups)),
      group_(setting(config, "group.id", "")),
      reset_policy_(setting(config, "auto.offset.reset", "latest")) {
  if (group_.empty()) throw ConfigException("group.id is not set");
}

EmbeddedConsumer::~EmbeddedConsumer() { close(Millis{0}); }

void EmbeddedConsumer::subscribe(const std::vector<std::string>& topics,
                                 RebalanceListener& listener) {
  listener_ = &listener;
  if (member_ == 0) {
    member_ = groups_->join(group_, topics);
  } else {
    groups_->resubscribe(group_, member_, topics);
  }
}

void EmbeddedConsumer::subscribe_pattern(const std::string& pattern, RebalanceListener& listener) {
  listener_ = &listener;
  pattern_ = pattern;
  refresh_pattern();
  if (member_ == 0) member_ = groups_->join(group_, {});
}

void EmbeddedConsumer::refresh_pattern() {
  const uint64_t version = store_->version();
  if (pattern_.empty() || version == pattern_version_) return;
  pattern_version_ = version;
  const std::regex expression(pattern_, std::regex::ECMAScript);
  std::vector<std::string> found;
  for (const std::string& name : store_->topics()) {
    if (std::regex_match(name, expression)) found.push_back(name);
  }
  if (found == matched_) return;
  matched_ = std::move(found);
  subscribe(matched_, *listener_);
}

void EmbeddedConsumer::wakeup() noexcept {
  woken_.store(true);
  store_->announce_change();
}

void EmbeddedConsumer::poll(RecordBatch& out, Millis timeout) {
  const auto deadline = Clock::now() + timeout;
  while (true) {
    const uint64_t seen = store_->version();
    refresh_pattern();
    do_duty();
    if (read_all(out) || woken_.exchange(false) || Clock::now() >= deadline) return;
    store_->wait_for_change(seen, deadline, woken_);
  }
}

void EmbeddedConsumer::do_duty() {
  // A rebalance may take several steps at once when this member is the last to act.
  while (true) {
    const MemberDuty duty = groups_->duty(group_, member_);
    switch (duty.kind) {
      case MemberDuty::Kind::None: return;
      case MemberDuty::Kind::Release:
        give_up(false);
        groups_->released(group_, member_);
        break;
      case MemberDuty::Kind::Lost: give_up(true); break;
      case MemberDuty::Kind::Take: take(duty.partitions); break;
    }
  }
}

void EmbeddedConsumer::give_up(bool lost) {
  std::vector<TopicPartition> partitions;
  for (const auto& [partition, position] : positions_) partitions.push_back(partition);
  if (!partitions.empty()) {
    if (lost) listener_->on_lost(partitions);
    else listener_->on_revoked(partitions);
  }
  positions_.clear();
}

void EmbeddedConsumer::take(const std::vector<TopicPartition>& partitions) {
  const OffsetMap committed = store_->group_offsets(group_);
  OffsetMap starts;
  for (const TopicPartition& partition : partitions) {
    const int64_t offset = start_offset(partition, committed);
    positions_[partition].offset = offset;
    starts.emplace(partition, Offset{offset});
  }
  listener_->on_assigned(starts);
}

int64_t EmbeddedConsumer::reset_offset(const TopicPartition& partition) const {
  const auto [start, next] = store_->bounds(partition);
  if (reset_policy_ == "earliest") return start;
  if (reset_policy_ == "latest") return next;
  throw KafkaException("no valid offset for " + partition.to_string() +
                       " and auto.offset.reset is " + reset_policy_);
}

int64_t EmbeddedConsumer::start_offset(const TopicPartition& partition,
                                       const OffsetMap& committed) const {
  const auto at = committed.find(partition);
  return at != committed.end() ? raw(at->second) : reset_offset(partition);
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

bool EmbeddedConsumer::read(const TopicPartition& partition, Position& position,
                            RecordBatch& out) {
  const auto [start, next] = store_->bounds(partition);
  if (position.offset < start || position.offset > next) {
    position.offset = reset_offset(partition);  // removed by retention, or never written
  }
  if (!position.chunk.bytes || position.offset < position.chunk.base_offset ||
      position.offset >= position.chunk_end) {
    auto chunk = store_->read(partition, position.offset);
    if (!chunk) return false;
    position.chunk = std::move(*chunk);
    position.offset = std::max(position.offset, position.chunk.base_offset);
  }
  auto reader = ChunkReader::open(*position.chunk.bytes);
  position.chunk_end = position.chunk.base_offset + reader->header().count;
  for (int64_t at = position.chunk.base_offset; at < position.offset; ++at) reader->skip();
  out.keep(std::make_unique<ChunkHolder>(position.chunk.bytes));
  const std::string_view topic = out.arena().copy(partition.topic);
  while (!out.full() && position.offset < position.chunk_end) {
    Record& record = out.add();
    if (!reader->next(record, out.arena())) {
      throw KafkaException("reading " + partition.to_string() + " at offset " +
                           std::to_string(position.offset) + ": the chunk is cut short");
    }
    record.topic = record.original_topic = topic;
    record.partition = record.original_partition = partition.partition;
    record.offset = position.offset++;
  }
  if (position.offset == position.chunk_end) position.chunk = {};
  return true;
}

void EmbeddedConsumer::seek(const TopicPartition& partition, Offset offset) {
  const auto at = positions_.find(partition);
  if (at == positions_.end()) {
    throw KafkaException("seeking in " + partition.to_string() + ": it is not assigned");
  }
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

void EmbeddedConsumer::commit(const OffsetMap& offsets) {
  std::map<TopicPartition, std::optional<Offset>> entries;
  for (const auto& [partition, offset] : offsets) {
    if (!groups_->owns(group_, member_, partition)) {
      throw KafkaException("committing " + partition.to_string() +
                           ": the group has given it to another member");
    }
    entries.emplace(partition, offset);
  }
  store_->put_group_offsets(group_, entries);
}

void EmbeddedConsumer::commit_async(const OffsetMap& offsets, CommitCallback done) {
  try {
    commit(offsets);
  } catch (const Error& error) {
    return done(RowError{error.kind(), Stage::KafkaConsume, error.what(), {}});
  }
  done(std::nullopt);
}

void EmbeddedConsumer::commit_sync(const OffsetMap& offsets, Millis) { commit(offsets); }

void EmbeddedConsumer::close(Millis) noexcept {
  if (member_ == 0) return;
  give_up(false);
  groups_->leave(group_, std::exchange(member_, 0));
}

}  // namespace millrace::embedded

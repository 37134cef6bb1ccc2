#include "runtime/broker/embedded/log_store.h"

#include <openssl/rand.h>
#include <rocksdb/cache.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "millrace/base64.h"
#include "millrace/errors.h"
#include "runtime/broker/embedded/log_folder.h"
#include "runtime/broker/embedded/log_keys.h"

namespace millrace::embedded {
namespace {

static_assert(sizeof(TopicInfo) == 24, "stored as it lies in memory, without gaps");

/// 22 characters of URL-safe base64, as Kafka's random uuids.
std::string random_cluster_id() {
  std::array<uint8_t, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw ConnectException("making a cluster id: no random numbers");
  }
  std::string text;
  append_base64(text, bytes);
  text.resize(22);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

rocksdb::Options db_options(const EmbeddedOptions& options, bool may_create) {
  rocksdb::Options db;
  db.create_if_missing = may_create;
  const auto memory = static_cast<size_t>(options.memory_bytes);
  db.write_buffer_size = memory / 4;
  db.max_write_buffer_number = 2;
  db.db_write_buffer_size = memory / 2;
  db.max_background_jobs = 2;
  db.max_open_files = 256;
  db.max_total_wal_size = memory * 2;
  db.keep_log_file_num = 2;
  db.max_log_file_size = 1024 * 1024;
  db.info_log_level = rocksdb::WARN_LEVEL;
  db.compression = rocksdb::kLZ4Compression;
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(memory / 4);
  table.block_size = 64 * 1024;
  db.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return db;
}

bool is_locked(const rocksdb::Status& status) {
  const std::string text = status.ToString();
  return status.IsIOError() && (text.find("While lock file") != std::string::npos ||
                                text.find("lock hold by current process") != std::string::npos);
}

/// Reason why Kafka refuses the name, as its broker words it; empty: none.
std::string name_problem(const std::string& name) {
  constexpr size_t kMaxLength = 249;
  if (name.empty()) return "the empty string is not allowed";
  if (name == "." || name == "..") return "'" + name + "' is not allowed";
  if (name.size() > kMaxLength) return "the length is longer than the max allowed length 249";
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  if (!std::all_of(name.begin(), name.end(), legal)) {
    return "it contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'";
  }
  return {};
}

}  // namespace

LogStore::LogStore(const EmbeddedOptions& options) : options_(options) {
  const bool is_new = claim_folder(options_.dir) == FolderState::New;
  open(is_new);
  load(is_new);
  if (is_new) mark_folder_ready(options_.dir);
  writer_ = std::thread([this] { write_loop(); });
}

LogStore::~LogStore() {
  {
    const std::lock_guard lock(queue_mutex_);
    stopping_ = true;
  }
  queue_changed_.notify_all();
  if (writer_.joinable()) writer_.join();
  if (db_) db_->Close();
}

void LogStore::open(bool may_create) {
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::Open(db_options(options_, may_create), options_.dir, &db);
  if (is_locked(status)) {
    throw ConnectException("embedded.log.dir " + options_.dir +
                           " is in use by another process; stop it, or choose another folder");
  }
  if (status.IsCorruption() || status.IsInvalidArgument()) fail_damaged(status.ToString());
  if (!status.ok()) {
    throw ConnectException("opening embedded.log.dir " + options_.dir + ": " + status.ToString());
  }
  db_.reset(db);
}

void LogStore::fail_damaged(const std::string& what) const {
  throw ConnectException("embedded.log.dir " + options_.dir + " is damaged: " + what +
                         "; restore it from a backup, or choose an empty folder");
}

void LogStore::load(bool is_new) {
  const std::string key(1, kMetaKey);
  const rocksdb::Status found = db_->Get({}, key, &cluster_id_);
  if (found.IsNotFound() && is_new) {
    cluster_id_ = random_cluster_id();
    rocksdb::WriteBatch batch;
    batch.Put(key, cluster_id_);
    write_now(batch, "writing the cluster id");
  } else if (!found.ok()) {
    fail_damaged("reading the cluster id: " + found.ToString());
  }
  load_topics();
  load_groups();
}

void LogStore::load_topics() {
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
  for (at->Seek(std::string(1, kTopicKey)); at->Valid() && at->key()[0] == kTopicKey; at->Next()) {
    const std::string name = at->key().ToString().substr(1);
    TopicInfo info;
    if (at->value().size() != sizeof info) fail_damaged("the entry of topic " + name);
    std::memcpy(&info, at->value().data(), sizeof info);
    topics_.emplace(name, info);
    for (int32_t partition = 0; partition < info.partitions; ++partition) {
      states_[{name, partition}] = load_partition(name, info, partition);
    }
  }
  if (!at->status().ok()) fail_damaged("reading topics: " + at->status().ToString());
}

LogStore::PartitionState LogStore::load_partition(const std::string& name, const TopicInfo& info,
                                                  int32_t partition) {
  const std::string label = TopicPartition{name, partition}.to_string();
  PartitionState state;
  std::string start;
  const auto found = db_->Get({}, partition_key(kStartKey, info.id, partition), &start);
  if (!found.IsNotFound() && (!found.ok() || start.size() != sizeof(int64_t))) {
    fail_damaged("the start of " + label + ": " + found.ToString());
  }
  if (found.ok()) state.start = static_cast<int64_t>(get_be(start, 0, sizeof(int64_t)));
  state.next = state.start;

  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
  const std::string prefix = partition_key(kRecordsKey, info.id, partition);
  const auto here = [&] {
    if (!at->status().ok()) fail_damaged("reading " + label + ": " + at->status().ToString());
    return at->Valid() && at->key().starts_with(prefix) && at->key().size() == kChunkKeySize;
  };
  // The last chunk tells the end of the partition, the first one where its bytes begin.
  at->SeekForPrev(chunks_end(info.id, partition));
  if (!here()) return state;
  const std::string_view last = at->value().ToStringView();
  const auto chunk = ChunkReader::open(chunk_of(last));
  if (!chunk) fail_damaged("the last records of " + label);
  const int64_t end = offset_of_key(at->key().ToStringView()) + chunk->header().count;
  if (end <= state.start) return state;  // removed, but for the deletion itself
  state.next = end;
  state.end_position = position_of(last) + static_cast<int64_t>(chunk_of(last).size());
  at->Seek(chunk_key(info.id, partition, state.start));
  if (!here() || at->value().size() < kPositionSize) fail_damaged("the first records of " + label);
  state.start_position = position_of(at->value().ToStringView());
  return state;
}

void LogStore::load_groups() {
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
  for (at->Seek(std::string(1, kGroupKey)); at->Valid() && at->key()[0] == kGroupKey; at->Next()) {
    const std::string key = at->key().ToString();
    const size_t group_end = key.find('\0');
    const size_t topic_end =
        group_end == std::string::npos ? group_end : key.find('\0', group_end + 1);
    if (topic_end == std::string::npos || key.size() != topic_end + 5 ||
        at->value().size() != sizeof(int64_t)) {
      fail_damaged("the offsets of a group");
    }
    const std::string topic = key.substr(group_end + 1, topic_end - group_end - 1);
    const auto partition = static_cast<int32_t>(get_be(key, topic_end + 1, 4));
    const auto offset = static_cast<int64_t>(get_be(at->value().ToStringView(), 0, 8));
    groups_[key.substr(1, group_end - 1)].emplace(TopicPartition{topic, partition}, Offset{offset});
  }
  if (!at->status().ok()) fail_damaged("reading groups: " + at->status().ToString());
}

std::optional<TopicInfo> LogStore::topic(const std::string& name) const {
  const std::lock_guard lock(state_mutex_);
  const auto at = topics_.find(name);
  return at == topics_.end() ? std::nullopt : std::optional(at->second);
}

std::vector<std::string> LogStore::topics() const {
  const std::lock_guard lock(state_mutex_);
  std::vector<std::string> names;
  for (const auto& [name, info] : topics_) names.push_back(name);
  return names;
}

void LogStore::store_topic(const std::string& name, const TopicInfo& info) {
  rocksdb::WriteBatch batch;
  batch.Put(std::string(1, kTopicKey) + name,
            std::string(reinterpret_cast<const char*>(&info), sizeof info));
  write_now(batch, "creating topic " + name);
  const std::lock_guard lock(state_mutex_);
  topics_.insert_or_assign(name, info);
  for (int32_t partition = 0; partition < info.partitions; ++partition) {
    states_.try_emplace({name, partition});
  }
  topics_version_.fetch_add(1);
}

bool LogStore::create_topic(const NewTopic& topic) {
  const std::lock_guard lock(create_mutex_);
  if (this->topic(topic.name)) return false;
  const std::string action = "creating topic " + topic.name + ": ";
  if (const std::string problem = name_problem(topic.name); !problem.empty()) {
    throw KafkaException(action + "Topic name is invalid: " + problem +
                         " (INVALID_TOPIC_EXCEPTION)");
  }
  if (topic.partitions == 0 || topic.partitions < -1 || topic.partitions > kMaxPartitions) {
    throw KafkaException(action + "Number of partitions must be from 1 to " +
                         std::to_string(kMaxPartitions) + " (INVALID_PARTITIONS)");
  }
  TopicInfo info;
  try {
    const EmbeddedTopicOptions settings = EmbeddedTopicOptions::def().parse(topic.config);
    info.retention_ms = settings.retention_ms.value_or(TopicInfo::kUseDefault);
    info.retention_bytes = settings.retention_bytes.value_or(TopicInfo::kUseDefault);
    // Compaction is not done here; what only it may remove stays.
    if (settings.cleanup_policy == "compact") info.retention_ms = info.retention_bytes = -1;
  } catch (const ConfigException& error) {
    throw KafkaException(action + error.what() + " (INVALID_CONFIG)");
  }
  info.partitions = topic.partitions > 0 ? topic.partitions : options_.partitions;
  {
    const std::lock_guard state_lock(state_mutex_);
    for (const auto& [name, known] : topics_) info.id = std::max(info.id, known.id);
    ++info.id;
  }
  store_topic(topic.name, info);
  announce_change();
  return true;
}

int32_t LogStore::ensure_topic(const std::string& name) {
  if (const auto known = topic(name)) return known->partitions;
  create_topic({name});
  return topic(name)->partitions;
}

std::pair<int64_t, int64_t> LogStore::bounds(const TopicPartition& partition) const {
  const std::lock_guard lock(state_mutex_);
  const auto at = states_.find(partition);
  return at == states_.end() ? std::pair<int64_t, int64_t>{0, 0}
                             : std::pair{at->second.start, at->second.next};
}

std::optional<StoredChunk> LogStore::read(const TopicPartition& partition, int64_t offset) const {
  std::string key;
  {
    const std::lock_guard lock(state_mutex_);
    const auto state = states_.find(partition);
    if (state == states_.end() || offset >= state->second.next) return std::nullopt;
    key = chunk_key(topics_.at(partition.topic).id, partition.partition, offset);
  }
  const std::shared_lock lock(db_mutex_);
  if (!db_) return std::nullopt;  // the reader asks again
  const rocksdb::Slice prefix(key.data(), kOffsetAt);
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
  const auto here = [&] { return at->Valid() && at->key().starts_with(prefix); };
  at->SeekForPrev(key);
  if (here()) {
    const auto header = peek_chunk(chunk_of(at->value().ToStringView()));
    // Retention may have removed what lies between: then the next chunk is the one.
    if (header && offset_of_key(at->key().ToStringView()) + header->count <= offset) at->Next();
  } else if (at->status().ok()) {
    at->Seek(key);
  }
  const std::string label = partition.to_string() + " at offset " + std::to_string(offset);
  if (!at->status().ok()) fail_damaged("reading " + label + ": " + at->status().ToString());
  if (!here()) return std::nullopt;
  StoredChunk found;
  found.base_offset = offset_of_key(at->key().ToStringView());
  found.bytes = std::make_shared<const std::string>(chunk_of(at->value().ToStringView()));
  const auto reader = ChunkReader::open(*found.bytes);
  if (!reader) fail_damaged("the records of " + label);
  found.reader = *reader;
  return found;
}

OffsetMap LogStore::group_offsets(const std::string& group) const {
  const std::lock_guard lock(state_mutex_);
  const auto at = groups_.find(group);
  return at == groups_.end() ? OffsetMap() : at->second;
}

void LogStore::put_group_offsets(const std::string& group,
                                 const std::map<TopicPartition, std::optional<Offset>>& offsets) {
  if (offsets.empty()) return;
  rocksdb::WriteBatch batch;
  for (const auto& [partition, offset] : offsets) {
    if (!offset) {
      batch.Delete(group_key(group, partition));
      continue;
    }
    std::string value;
    put_be(value, static_cast<uint64_t>(raw(*offset)), 8);
    batch.Put(group_key(group, partition), value);
  }
  write_now(batch, "committing offsets of group " + group);
  const std::lock_guard lock(state_mutex_);
  OffsetMap& known = groups_[group];
  for (const auto& [partition, offset] : offsets) {
    if (offset)
      known.insert_or_assign(partition, *offset);
    else
      known.erase(partition);
  }
  if (known.empty()) groups_.erase(group);
}

void LogStore::announce_change() {
  {
    const std::lock_guard lock(change_mutex_);
    version_.fetch_add(1);
  }
  changed_.notify_all();
}

void LogStore::wait_for_change(uint64_t seen, std::chrono::steady_clock::time_point deadline,
                               const std::atomic<bool>& woken) {
  std::unique_lock lock(change_mutex_);
  changed_.wait_until(lock, deadline, [&] { return version_.load() != seen || woken.load(); });
}

}  // namespace millrace::embedded

#include "runtime/broker/embedded/log_store.h"

#include <openssl/rand.h>
#include <rocksdb/cache.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "millrace/base64.h"
#include "millrace/errors.h"
#include "millrace/log.h"
#include "runtime/broker/embedded/chunk.h"
#include "runtime/core/thread_name.h"

namespace millrace::embedded {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kLogger = "millrace.embedded.log";
constexpr Millis kAppendRetryWait{500};
constexpr int kTriesBeforeReopen = 3;  // the store often heals by itself once there is space

// Keys: one letter for the kind, then big-endian numbers, so that order is offset order.
constexpr char kMeta = 'm';
constexpr char kTopic = 't';
constexpr char kRecords = 'r';
constexpr char kStart = 's';
constexpr char kGroup = 'g';

void put_be(std::string& out, uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(value >> static_cast<unsigned>(shift));
  }
}

uint64_t get_be(std::string_view text, size_t at, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value = value << 8U | static_cast<uint8_t>(text[at + i]);
  return value;
}

std::string partition_key(char kind, uint32_t topic, int32_t partition) {
  std::string key(1, kind);
  put_be(key, topic, 4);
  put_be(key, static_cast<uint32_t>(partition), 4);
  return key;
}
constexpr size_t kOffsetAt = 9;  // behind kind, topic and partition
constexpr size_t kChunkKeySize = kOffsetAt + 8;

std::string group_prefix(const std::string& group) {
  return std::string(1, kGroup) + group + '\0';
}
std::string group_key(const std::string& group, const TopicPartition& tp) {
  std::string key = group_prefix(group) + tp.topic + '\0';
  put_be(key, static_cast<uint32_t>(tp.partition), 4);
  return key;
}

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

rocksdb::Options db_options(const EmbeddedOptions& options) {
  rocksdb::Options db;
  db.create_if_missing = true;
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

void check(const rocksdb::Status& status, const std::string& action) {
  if (!status.ok()) throw ConnectException(action + ": " + status.ToString());
}

}  // namespace

LogStore::LogStore(const EmbeddedOptions& options) : options_(options) {
  open();
  load();
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

void LogStore::open() {
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(db_options(options_), options_.dir, &db);
  if (status.IsIOError() && status.ToString().find("lock") != std::string::npos) {
    throw ConnectException("embedded.log.dir " + options_.dir +
                           " is in use by another process; stop it, or choose another folder");
  }
  check(status, "embedded.log.dir " + options_.dir);
  db_.reset(db);
}

bool LogStore::reopen() {
  const std::unique_lock lock(db_mutex_);
  if (db_) db_->Close();
  db_.reset();
  try {
    open();
    log(LogLevel::Info, kLogger, "opened the embedded log " + options_.dir + " anew after an error");
    return true;
  } catch (const Error& error) {
    log(LogLevel::Error, kLogger, error.what());
    return false;
  }
}

void LogStore::load() {
  const std::string key(1, kMeta);
  const rocksdb::Status found = db_->Get({}, key, &cluster_id_);
  if (found.IsNotFound()) {
    cluster_id_ = random_cluster_id();
    rocksdb::WriteOptions synced;
    synced.sync = true;
    check(db_->Put(synced, key, cluster_id_), "writing the cluster id");
  } else {
    check(found, "reading the cluster id");
  }
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
  for (at->Seek(std::string(1, kTopic)); at->Valid() && at->key()[0] == kTopic; at->Next()) {
    TopicInfo info;
    if (at->value().size() != sizeof info) continue;
    std::memcpy(&info, at->value().data(), sizeof info);
    const std::string name = at->key().ToString().substr(1);
    topics_.emplace(name, info);
    load_partitions(name, info);
  }
}

void LogStore::load_partitions(const std::string& name, const TopicInfo& info) {
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
  for (int32_t partition = 0; partition < info.partitions; ++partition) {
    PartitionState state;
    std::string start;
    if (db_->Get({}, partition_key(kStart, info.id, partition), &start).ok()) {
      state.start = static_cast<int64_t>(get_be(start, 0, 8));
    }
    state.next = state.start;
    // The last chunk tells the end of the partition.
    const std::string prefix = partition_key(kRecords, info.id, partition);
    std::string behind = prefix;
    put_be(behind, UINT64_MAX, 8);
    at->SeekForPrev(behind);
    if (at->Valid() && at->key().starts_with(prefix)) {
      const auto chunk = ChunkReader::open(at->value().ToStringView());
      if (!chunk) {
        throw ConnectException("embedded.log.dir " + options_.dir + ": the last chunk of " + name +
                               "-" + std::to_string(partition) + " is damaged");
      }
      const auto base = static_cast<int64_t>(get_be(at->key().ToStringView(), kOffsetAt, 8));
      state.next = std::max(state.next, base + chunk->header().count);
    }
    states_[{name, partition}] = state;
  }
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
  rocksdb::WriteOptions synced;
  synced.sync = true;
  const std::string value(reinterpret_cast<const char*>(&info), sizeof info);
  const std::shared_lock lock(db_mutex_);
  if (!db_) throw RetriableException("creating topic " + name + ": the embedded log is being opened anew");
  check(db_->Put(synced, std::string(1, kTopic) + name, value), "creating topic " + name);
  topics_.insert_or_assign(name, info);
  for (int32_t partition = 0; partition < info.partitions; ++partition) {
    states_.try_emplace({name, partition});
  }
}

bool LogStore::create_topic(const NewTopic& topic) {
  const auto setting = [&topic](const char* key, int64_t fallback) {
    const std::string* value = find(topic.config, key);
    return value != nullptr ? std::stoll(*value) : fallback;
  };
  {
    const std::lock_guard lock(state_mutex_);
    if (topics_.contains(topic.name)) return false;
    uint32_t id = 1;
    for (const auto& [name, info] : topics_) id = std::max(id, info.id + 1);
    store_topic(topic.name,
                {id, topic.partitions > 0 ? topic.partitions : options_.partitions,
                 setting("retention.ms", options_.retention_ms),
                 setting("retention.bytes", options_.retention_bytes)});
  }
  announce_change();
  return true;
}

int32_t LogStore::ensure_topic(const std::string& name) {
  if (const auto known = topic(name)) return known->partitions;
  create_topic({name});
  return topic(name)->partitions;
}

std::string LogStore::chunk_key(const TopicPartition& partition, int64_t offset) const {
  std::string key = partition_key(kRecords, topics_.at(partition.topic).id, partition.partition);
  put_be(key, static_cast<uint64_t>(offset), 8);
  return key;
}

bool LogStore::append(Append append) {
  const std::lock_guard lock(queue_mutex_);
  if (queued_bytes_ >= static_cast<size_t>(options_.queue_bytes)) return false;
  queued_bytes_ += append.chunk.size();
  queue_.push_back(std::move(append));
  queue_changed_.notify_one();
  return true;
}

void LogStore::write_loop() {
  set_thread_name("embedded-log");
  const Millis interval{options_.retention_check_interval_ms};
  auto next_retention = Clock::now() + interval;
  std::unique_lock lock(queue_mutex_);
  while (true) {
    queue_changed_.wait_until(lock, next_retention,
                              [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty() && stopping_) return;
    std::deque<Append> appends = std::exchange(queue_, {});
    queued_bytes_ = 0;
    lock.unlock();
    if (!appends.empty()) write(std::move(appends));
    if (Clock::now() >= next_retention) {
      using namespace std::chrono;
      apply_retention(duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
      next_retention = Clock::now() + interval;
    }
    lock.lock();
  }
}

void LogStore::write(std::deque<Append> appends) {
  rocksdb::WriteBatch batch;
  States ends;  // next offsets once this batch is durable
  std::vector<int64_t> bases;
  {
    const std::lock_guard lock(state_mutex_);
    for (const Append& append : appends) {
      PartitionState& end = ends.try_emplace(append.partition, states_[append.partition])
                                .first->second;
      batch.Put(chunk_key(append.partition, end.next), append.chunk);
      bases.push_back(end.next);
      end.next += append.count;
    }
  }
  std::string error;
  const bool written = write_synced(batch, error);
  if (written) {
    const std::lock_guard lock(state_mutex_);
    for (const auto& [partition, end] : ends) states_[partition].next = end.next;
  }
  for (size_t i = 0; i < appends.size(); ++i) appends[i].done(written ? bases[i] : -1, error);
  if (written) announce_change();
}

bool LogStore::write_synced(rocksdb::WriteBatch& batch, std::string& error) {
  rocksdb::WriteOptions synced;
  synced.sync = true;
  const auto deadline = Clock::now() + Millis{options_.append_timeout_ms};
  for (int attempt = 1;; ++attempt) {
    // A repeated write puts the same bytes under the same keys, so one that had got through
    // although it was reported as failed does no harm.
    rocksdb::Status status = rocksdb::Status::IOError("the store is being opened anew");
    {
      const std::shared_lock lock(db_mutex_);
      if (db_) status = db_->Write(synced, &batch);
    }
    if (status.ok()) return true;
    error = "appending to the embedded log " + options_.dir + ": " + status.ToString();
    log(LogLevel::Error, kLogger, error + "; trying again");
    {
      std::unique_lock lock(queue_mutex_);
      if (stopping_ || Clock::now() >= deadline) return false;
      queue_changed_.wait_for(lock, kAppendRetryWait, [this] { return stopping_; });
    }
    if (attempt >= kTriesBeforeReopen) {
      reopen();
    } else {
      const std::shared_lock lock(db_mutex_);
      db_->Resume();
    }
  }
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
    key = chunk_key(partition, offset);
  }
  const std::shared_lock lock(db_mutex_);
  if (!db_) return std::nullopt;  // being opened anew; the reader asks again
  const rocksdb::Slice prefix(key.data(), kOffsetAt);
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
  at->SeekForPrev(key);
  const auto here = [&] { return at->Valid() && at->key().starts_with(prefix); };
  const auto base = [&] {
    return static_cast<int64_t>(get_be(at->key().ToStringView(), kOffsetAt, 8));
  };
  if (here()) {
    const auto chunk = ChunkReader::open(at->value().ToStringView());
    // Retention may have removed what lies between: then the next chunk is the one.
    if (chunk && base() + chunk->header().count <= offset) at->Next();
  } else {
    at->Seek(key);
  }
  if (!here()) {
    check(at->status(), "reading " + partition.to_string());
    return std::nullopt;
  }
  auto bytes = std::make_shared<const std::string>(at->value().ToString());
  if (!ChunkReader::open(*bytes)) {
    throw ConnectException("reading " + partition.to_string() + " at offset " +
                           std::to_string(base()) + ": the chunk is damaged");
  }
  return StoredChunk{base(), std::move(bytes)};
}

OffsetMap LogStore::group_offsets(const std::string& group) const {
  OffsetMap offsets;
  const std::string prefix = group_prefix(group);
  const std::shared_lock lock(db_mutex_);
  if (!db_) throw RetriableException("reading offsets of group " + group + ": the embedded log is being opened anew");
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
  for (at->Seek(prefix); at->Valid() && at->key().starts_with(prefix); at->Next()) {
    const std::string rest = at->key().ToString().substr(prefix.size());
    const size_t end = rest.find('\0');
    if (end == std::string::npos || rest.size() != end + 5 || at->value().size() != 8) continue;
    const auto partition = static_cast<int32_t>(get_be(rest, end + 1, 4));
    offsets[{rest.substr(0, end), partition}] =
        Offset{static_cast<int64_t>(get_be(at->value().ToStringView(), 0, 8))};
  }
  return offsets;
}

void LogStore::put_group_offsets(const std::string& group,
                                 const std::map<TopicPartition, std::optional<Offset>>& offsets) {
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
  rocksdb::WriteOptions synced;
  synced.sync = true;
  rocksdb::Status status = rocksdb::Status::IOError("the store is being opened anew");
  {
    const std::shared_lock lock(db_mutex_);
    if (db_) status = db_->Write(synced, &batch);
  }
  // The next commit finds a store that takes writes again, once there is space.
  if (!status.ok()) reopen();
  check(status, "committing offsets of group " + group);
}

void LogStore::announce_change() {
  {
    const std::lock_guard lock(change_mutex_);
    version_.fetch_add(1);
  }
  changed_.notify_all();
}

void LogStore::wait_for_change(uint64_t seen, Clock::time_point deadline,
                               const std::atomic<bool>& woken) {
  std::unique_lock lock(change_mutex_);
  changed_.wait_until(lock, deadline, [&] { return version_.load() != seen || woken.load(); });
}

void LogStore::apply_retention(int64_t now_ms) {
  std::map<std::string, TopicInfo> topics;
  {
    const std::lock_guard lock(state_mutex_);
    topics = topics_;
  }
  for (const auto& [name, info] : topics) {
    if (info.retention_ms < 0 && info.retention_bytes < 0) continue;
    for (int32_t partition = 0; partition < info.partitions; ++partition) {
      retain(name, info, partition, now_ms);
    }
  }
}

void LogStore::retain(const std::string& name, const TopicInfo& info, int32_t partition,
                      int64_t now_ms) {
  const std::string prefix = partition_key(kRecords, info.id, partition);
  std::shared_lock lock(db_mutex_);
  if (!db_) return;
  std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
  const auto for_each_chunk = [&](const auto& visit) {
    for (at->Seek(prefix); at->Valid() && at->key().starts_with(prefix); at->Next()) {
      if (!visit()) return;
    }
  };
  int64_t bytes = 0;
  if (info.retention_bytes >= 0) {
    for_each_chunk([&] {
      bytes += static_cast<int64_t>(at->value().size());
      return true;
    });
  }
  int64_t new_start = -1;
  for_each_chunk([&] {
    ChunkHeader header{};
    if (at->value().size() < sizeof header) return false;
    std::memcpy(&header, at->value().data(), sizeof header);
    const bool old = info.retention_ms >= 0 && header.newest_ms < now_ms - info.retention_ms;
    const bool over = info.retention_bytes >= 0 && bytes > info.retention_bytes;
    if (!old && !over) return false;
    bytes -= static_cast<int64_t>(at->value().size());
    new_start = static_cast<int64_t>(get_be(at->key().ToStringView(), kOffsetAt, 8)) + header.count;
    return true;
  });
  if (new_start < 0) return;
  std::string end = prefix;
  put_be(end, static_cast<uint64_t>(new_start), 8);
  std::string start;
  put_be(start, static_cast<uint64_t>(new_start), 8);
  rocksdb::WriteBatch batch;
  batch.DeleteRange(prefix, end);
  batch.Put(partition_key(kStart, info.id, partition), start);
  if (!db_->Write({}, &batch).ok()) return;  // tried again at the next look
  at.reset();
  lock.unlock();  // the state's lock comes before this one elsewhere
  const std::lock_guard state_lock(state_mutex_);
  states_[{name, partition}].start = new_start;
}

}  // namespace millrace::embedded

#include "runtime/storage/file_offset_store.h"

#include "millrace/errors.h"
#include "runtime/core/atomic_file.h"
#include "runtime/core/thread_name.h"
#include "runtime/metrics/log.h"
#include "runtime/storage/java_hash_map.h"

namespace millrace {
namespace {

spdlog::logger& logger() {
  static auto& instance =
      logging::get("org.apache.kafka.connect.storage.FileOffsetBackingStore");
  return instance;
}

}  // namespace

FileOffsetStore::~FileOffsetStore() { stop(); }

void FileOffsetStore::start() {
  logger().info("Starting FileOffsetBackingStore with file {}", file_.string());
  load();
  running_ = true;
  thread_ = std::thread([this] { write_loop(); });
}

void FileOffsetStore::load() {
  std::string bytes;
  if (!read_file(file_, bytes) || bytes.empty()) return;
  OffsetEntries entries;
  try {
    entries = read_java_map(bytes);
  } catch (const Error& error) {
    throw ConnectException("reading offset.storage.file.filename " + file_.string() +
                           ": not an offset file of Kafka Connect, or damaged (" + error.what() +
                           "); it was left as it is: restore it, or move it away to start "
                           "without offsets");
  }
  for (const auto& [key, value] : entries) {
    if (!parse_offset_key(key)) {
      logger().warn("Ignoring an offset partition key with an unexpected format: {}", key);
    }
  }
  replace(std::move(entries));
}

void FileOffsetStore::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    running_ = false;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void FileOffsetStore::set(OffsetEntries entries, WriteCallback done) {
  const char* refusal = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (!running_) {
      refusal = "the store is not running";
    } else if (waiting_.size() >= kMaxWaitingWrites) {
      refusal = "too many writes are waiting";
    } else {
      waiting_.push_back({std::move(entries), std::move(done)});
    }
  }
  if (refusal == nullptr) return changed_.notify_all();
  done(std::make_exception_ptr(
      ConnectException("writing offsets to " + file_.string() + ": " + refusal)));
}

void FileOffsetStore::write_loop() {
  set_thread_name("offset-store");
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return !running_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const std::deque<Write> writes = std::exchange(waiting_, {});
    lock.unlock();
    write_all(writes);
    lock.lock();
  }
}

void FileOffsetStore::write_all(const std::deque<Write>& writes) {
  std::exception_ptr error;
  try {
    OffsetEntries all = snapshot();
    for (const Write& write : writes) {
      for (const auto& [key, value] : write.entries) all.insert_or_assign(key, value);
    }
    replace_file(file_, write_java_map(all));
    replace(std::move(all));
  } catch (...) {
    error = std::current_exception();
  }
  for (const Write& write : writes) write.done(error);
}

}  // namespace millrace

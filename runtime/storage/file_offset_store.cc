#include "runtime/storage/file_offset_store.h"

#include "millrace/errors.h"
#include "runtime/core/atomic_file.h"
#include "runtime/core/thread_name.h"
#include "runtime/metrics/log.h"
#include "runtime/storage/java_hash_map.h"

namespace millrace {

FileOffsetStore::~FileOffsetStore() { stop(); }

void FileOffsetStore::start() {
  logging::get("org.apache.kafka.connect.storage.FileOffsetBackingStore")
      .info("Starting FileOffsetBackingStore with file {}", file_.string());
  std::string bytes;
  if (read_file(file_, bytes) && !bytes.empty()) {
    try {
      replace(read_java_map(bytes));
    } catch (const Error& error) {
      throw ConnectException("reading offset.storage.file.filename " + file_.string() +
                             ": not an offset file of Kafka Connect, or damaged (" + error.what() +
                             "); it was left as it is: restore it, or move it away to start "
                             "without offsets");
    }
  }
  thread_ = std::thread([this] { write_loop(); });
}

void FileOffsetStore::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void FileOffsetStore::set(OffsetEntries entries, WriteCallback done) {
  std::unique_lock lock(mutex_);
  if (!stopping_ && waiting_.size() < kMaxWaitingWrites) {
    waiting_.push_back({std::move(entries), std::move(done)});
    changed_.notify_all();
    return;
  }
  lock.unlock();
  done(std::make_exception_ptr(ConnectException(
      "writing offsets to " + file_.string() + ": " +
      (stopping_ ? "the store is stopped" : "too many writes are waiting"))));
}

void FileOffsetStore::write_loop() {
  set_thread_name("offset-store");
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    std::deque<Write> writes = std::exchange(waiting_, {});
    lock.unlock();
    write_all(std::move(writes));
    lock.lock();
  }
}

void FileOffsetStore::write_all(std::deque<Write> writes) {
  OffsetEntries all = snapshot();
  for (const Write& write : writes) {
    for (const auto& [key, value] : write.entries) all.insert_or_assign(key, value);
  }
  std::exception_ptr error;
  try {
    replace_file(file_, write_java_map(all));
    replace(std::move(all));
  } catch (...) {
    error = std::current_exception();
  }
  for (const Write& write : writes) write.done(error);
}

}  // namespace millrace

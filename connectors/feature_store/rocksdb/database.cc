#include "connectors/feature_store/rocksdb/database.h"

#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>

#include "connectors/feature_store/rocksdb/database_impl.h"
#include "connectors/feature_store/rocksdb/rocks_store.h"

namespace millrace::feature_store {
namespace {

/// Those of this process, by folder. RocksDB itself refuses a second opening.
struct OpenDatabases {
  std::mutex mutex;
  std::condition_variable closed;
  std::map<std::string, std::weak_ptr<RocksDatabase>> by_folder;
};

OpenDatabases& open_databases() {
  static auto* const kAll = new OpenDatabases;  // outlives whatever still closes at the end
  return *kAll;
}

int64_t system_now_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

RocksDatabase::RocksDatabase(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  impl_->local = std::make_unique<SharedStore>(std::make_unique<RocksStore>(*impl_, nullptr, std::string()));
}

RocksDatabase::~RocksDatabase() = default;

std::shared_ptr<RocksDatabase> RocksDatabase::open(const RocksOptions& options) {
  std::error_code ignored;
  const std::string folder = std::filesystem::weakly_canonical(options.path, ignored);
  OpenDatabases& all = open_databases();
  std::unique_lock lock(all.mutex);
  while (true) {
    const auto found = all.by_folder.find(folder);
    if (found == all.by_folder.end()) break;
    if (auto database = found->second.lock()) return database;
    all.closed.wait(lock);  // the last owner is closing it
  }
  RocksOptions with = options;
  if (!with.now_us) with.now_us = system_now_us;
  auto made = std::unique_ptr<RocksDatabase>(new RocksDatabase(std::make_unique<Impl>(with)));
  std::shared_ptr<RocksDatabase> database(made.release(), [folder](RocksDatabase* one) {
    delete one;
    OpenDatabases& others = open_databases();
    const std::lock_guard closing(others.mutex);
    others.by_folder.erase(folder);
    others.closed.notify_all();
  });
  all.by_folder[folder] = database;
  return database;
}

bool RocksDatabase::is_new() const { return impl_->engine.was_new() && !impl_->was_applied; }

std::string RocksDatabase::id() const { return impl_->engine.id(); }

std::unique_ptr<OnlineStore> RocksDatabase::make_store(std::string cluster_id) {
  return std::make_unique<RocksStore>(*impl_, shared_from_this(), std::move(cluster_id));
}

OnlineStore& RocksDatabase::local() { return *impl_->local; }

StoredTablePtr RocksDatabase::table(int64_t group_id) const { return impl_->tables.by_group(group_id); }

std::vector<StoredTablePtr> RocksDatabase::tables() const { return impl_->tables.all(); }

bool RocksDatabase::wait_applied(const TopicPartition& partition, int64_t offset,
                                 std::chrono::steady_clock::time_point deadline) const {
  return impl_->positions.wait(partition, offset, deadline);
}

OffsetMap RocksDatabase::applied() const { return impl_->positions.all(); }

uint64_t RocksDatabase::ttl_filtered() const noexcept {
  return impl_->ttl_filtered.load(std::memory_order_relaxed);
}

uint64_t RocksDatabase::estimated_rows() const {
  uint64_t rows = 0;
  const Engine::Use store = impl_->engine.use();
  store->GetIntProperty(store.data, rocksdb::DB::Properties::kEstimateNumKeys, &rows);
  return rows;
}

}  // namespace millrace::feature_store

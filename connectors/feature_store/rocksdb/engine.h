#pragma once
// The RocksDB of one folder: its options, its column families, its errors as ours.

#include <rocksdb/cache.h>
#include <rocksdb/comparator.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "connectors/feature_store/rocksdb/database.h"

namespace millrace::feature_store {

/// Names a column family in batches, whichever RocksDB object they are written to.
class FamilyName : public rocksdb::ColumnFamilyHandle {
 public:
  FamilyName() = default;
  void set(const rocksdb::ColumnFamilyHandle& family) {
    name_ = family.GetName();
    id_ = family.GetID();
  }
  const std::string& GetName() const override { return name_; }
  uint32_t GetID() const override { return id_; }
  rocksdb::Status GetDescriptor(rocksdb::ColumnFamilyDescriptor*) override {
    return rocksdb::Status::NotSupported();
  }
  const rocksdb::Comparator* GetComparator() const override { return rocksdb::BytewiseComparator(); }

 private:
  std::string name_;
  uint32_t id_ = 0;
};

/// Thread-safe.
class Engine {
 public:
  /// Opens, or makes, the store in `options.path`, which exists only from its first opening. Throws
  /// ConnectException that names the folder: another process has it, it is damaged, it holds something else.
  explicit Engine(const RocksOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// RocksDB for as long as one needs it; it is not opened anew meanwhile.
  class Use {
   public:
    /// Throws RetriableException when it could not be opened anew after an error.
    explicit Use(const Engine& engine);
    rocksdb::DB* operator->() const noexcept { return db; }

    std::shared_lock<std::shared_timed_mutex> lock;
    rocksdb::DB* db;
    rocksdb::ColumnFamilyHandle* data;
    rocksdb::ColumnFamilyHandle* meta;
  };
  Use use() const { return Use(*this); }
  /// For batches only.
  rocksdb::ColumnFamilyHandle* data() noexcept { return &data_name_; }
  rocksdb::ColumnFamilyHandle* meta() noexcept { return &meta_name_; }
  const std::shared_ptr<rocksdb::Cache>& cache() const noexcept { return cache_; }
  const std::string& folder() const noexcept { return folder_; }
  const std::string& id() const noexcept { return id_; }
  bool was_new() const noexcept { return was_new_; }
  int64_t now_us() const { return now_us_(); }
  bool enforce_ttl() const noexcept { return enforce_ttl_; }
  int64_t marker_retention_us() const noexcept { return marker_retention_us_; }

  /// Writes all or nothing; not yet durable. Throws RetriableException for what may pass, such as a full disk,
  /// and ConnectException for damage. `action` is what the message says was tried.
  void write(rocksdb::WriteBatch& batch, std::string_view action);
  /// Makes what was written durable. Throws as write().
  void flush();
  /// Throws as write() when reading failed.
  void check(const rocksdb::Status& status, std::string_view action) const;
  /// Entries of `meta` whose keys begin with `prefix`, in order; `visit` gets what follows it. Throws.
  void each_meta(std::string_view prefix,
                 const std::function<void(std::string_view rest, std::string_view value)>& visit) const;
  /// Gives the store another name. Durable.
  void rename(const std::string& id);
  [[noreturn]] void fail_damaged(std::string_view what) const;

  static std::string new_id();

 private:
  void open();
  void close();
  void load_name();
  rocksdb::Status insist(const std::function<rocksdb::Status(rocksdb::DB&)>& call);
  void reopen();

  const RocksOptions options_;
  std::string folder_;
  std::function<int64_t()> now_us_;
  bool enforce_ttl_;
  int64_t marker_retention_us_;
  bool was_new_ = false;
  std::string id_;
  std::shared_ptr<rocksdb::Cache> cache_;
  FamilyName data_name_;
  FamilyName meta_name_;
  mutable std::shared_timed_mutex mutex_;  // of what follows
  std::unique_ptr<rocksdb::DB> db_;        // null: closed after an error
  rocksdb::ColumnFamilyHandle* default_ = nullptr;
  rocksdb::ColumnFamilyHandle* data_ = nullptr;
  rocksdb::ColumnFamilyHandle* meta_ = nullptr;
};

}  // namespace millrace::feature_store

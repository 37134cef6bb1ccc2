#include "connectors/feature_store/rocksdb/engine.h"

#include <fmt/format.h>
#include <rocksdb/convenience.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "connectors/avro/container.h"
#include "connectors/feature_store/rocksdb/engine_options.h"
#include "connectors/feature_store/rocksdb/meta_keys.h"
#include "connectors/support/crash_point.h"

namespace millrace::feature_store {
namespace {

namespace fs = std::filesystem;

constexpr int kCacheShardBits = 4;  // of the block cache: a block must be small beside a shard

bool is_locked(const rocksdb::Status& status) {
  const std::string text = status.ToString();
  return status.IsIOError() && (text.find("While lock file") != std::string::npos ||
                                text.find("lock hold by current process") != std::string::npos);
}

/// Without CURRENT RocksDB would begin anew over whatever else there is.
void refuse_foreign(const std::string& folder) {
  if (fs::exists(fs::path(folder) / "CURRENT")) return;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    const std::string type = entry.path().extension();
    if (type == ".sst" || (type == ".log" && entry.file_size() > 0)) {
      throw ConnectException(fmt::format(
          "the online store in {} is damaged: its file CURRENT is missing; restore it from a checkpoint, or "
          "choose an empty folder",
          folder));
    }
    const bool ours = type == ".log" || type == ".dbtmp" || name == "LOCK" || name == "IDENTITY" ||
                      name.starts_with("LOG") || name.starts_with("MANIFEST-") ||
                      name.starts_with("OPTIONS-");
    if (!ours) {
      throw ConnectException(fmt::format(
          "opening the online store in {}: the folder holds something else, {}; choose an empty folder", folder,
          name));
    }
  }
}

std::string made_folder(const std::string& path) {
  if (path.empty()) throw ConnectException("opening the online store: no folder is given; set store.path");
  std::error_code error;
  fs::create_directories(path, error);
  if (error || !fs::is_directory(path)) {
    throw ConnectException(fmt::format("making the folder {} of the online store: {}", path,
                                       error ? error.message() : "it is no folder"));
  }
  const std::string folder = fs::canonical(path);
  refuse_foreign(folder);
  return folder;
}

}  // namespace

std::string Engine::new_id() {
  std::string text;
  for (const uint8_t byte : avro::random_sync()) text += fmt::format("{:02x}", byte);
  return text;
}

Engine::Engine(const RocksOptions& options)
    : folder_(made_folder(options.path)),
      now_us_(options.now_us),
      enforce_ttl_(options.enforce_ttl),
      marker_retention_us_(std::chrono::microseconds(options.marker_retention).count()),
      cache_(rocksdb::NewLRUCache(options.block_cache_bytes, kCacheShardBits)) {
  open(options);
  load_name();
}

Engine::~Engine() {
  if (!db_) return;
  rocksdb::CancelAllBackgroundWork(db_.get(), true);
  for (rocksdb::ColumnFamilyHandle* family : {default_, data_, meta_}) {
    if (family != nullptr) db_->DestroyColumnFamilyHandle(family);
  }
  db_->Close();
}

void Engine::open(const RocksOptions& options) {
  const std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions()},
      {"data", data_options(options, cache_)},
      {"meta", meta_options(cache_)}};
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(database_options(options), folder_, families, &handles, &db);
  if (is_locked(status)) {
    throw ConnectException(fmt::format(
        "the online store in {} is in use by another process; stop it, or choose another folder", folder_));
  }
  if (status.IsCorruption() || status.IsInvalidArgument()) fail_damaged(status.ToString());
  if (!status.ok()) {
    throw ConnectException(fmt::format("opening the online store in {}: {}", folder_, status.ToString()));
  }
  db_.reset(db);
  default_ = handles[0];
  data_ = handles[1];
  meta_ = handles[2];
}

void Engine::load_name() {
  std::string format;
  const rocksdb::Status found = db_->Get({}, meta_, std::string(kFormatKey), &format);
  if (found.ok()) {
    if (format != kFormatName) {
      throw ConnectException(fmt::format(
          "opening the online store in {}: its format '{}' is not one of this version; use the version that "
          "wrote it, or choose an empty folder",
          folder_, format));
    }
    check(db_->Get({}, meta_, std::string(kStoreIdKey), &id_), "reading the name");
    return;
  }
  if (!found.IsNotFound()) check(found, "reading the format");
  // A store gets its format before its first row, and at once with its name.
  const std::unique_ptr<rocksdb::Iterator> rows(db_->NewIterator({}, data_));
  rows->SeekToFirst();
  if (rows->Valid() || !rows->status().ok()) fail_damaged("there are rows without a format");
  was_new_ = true;
  id_ = new_id();
  crash_point("store.create");
  rocksdb::WriteBatch batch;
  batch.Put(meta_, std::string(kFormatKey), std::string(kFormatName));
  batch.Put(meta_, std::string(kStoreIdKey), id_);
  write(batch, "making it");
  flush();
}

void Engine::write(rocksdb::WriteBatch& batch, std::string_view action) {
  const rocksdb::Status status = db_->Write(rocksdb::WriteOptions(), &batch);
  if (status.ok()) return;
  static_cast<void>(db_->Resume());  // for the next one: RocksDB refuses all after a failed write
  check(status, action);
}

void Engine::flush() {
  const rocksdb::Status status = db_->FlushWAL(true);
  if (status.ok()) return;
  static_cast<void>(db_->Resume());
  check(status, "making writes durable");
}

void Engine::check(const rocksdb::Status& status, std::string_view action) const {
  if (status.ok()) return;
  if (status.IsCorruption()) fail_damaged(fmt::format("{}: {}", action, status.ToString()));
  throw RetriableException(fmt::format("{} in the online store {}: {}. Look after the disk; it is tried again",
                                       action, folder_, status.ToString()));
}

void Engine::fail_damaged(std::string_view what) const {
  throw ConnectException(
      fmt::format("the online store in {} is damaged: {}; restore it from a checkpoint, or choose an empty folder",
                  folder_, what));
}

void Engine::each_meta(
    std::string_view prefix,
    const std::function<void(std::string_view rest, std::string_view value)>& visit) const {
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}, meta_));
  for (at->Seek(rocksdb::Slice(prefix.data(), prefix.size()));
       at->Valid() && at->key().ToStringView().starts_with(prefix); at->Next()) {
    visit(at->key().ToStringView().substr(prefix.size()), at->value().ToStringView());
  }
  check(at->status(), "reading metadata");
}

void Engine::rename(const std::string& id) {
  rocksdb::WriteBatch batch;
  batch.Put(meta_, std::string(kStoreIdKey), id);
  write(batch, "writing the name");
  flush();
  id_ = id;
}

}  // namespace millrace::feature_store

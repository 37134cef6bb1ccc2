// A copy of the store that is a store of its own.

#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/utilities/checkpoint.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "connectors/feature_store/rocksdb/database_impl.h"
#include "connectors/support/crash_point.h"

namespace millrace::feature_store {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& folder, const std::string& why) {
  throw ConnectException(fmt::format("making a checkpoint in {}: {}", folder, why));
}

void sync_folder(const fs::path& folder, const std::string& target) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!synced) fail(target, std::system_category().message(error));
}

/// Gives the copy a name of its own. Its offsets.
OffsetMap rename_store(RocksOptions options, const std::string& folder) {
  options.path = folder;
  Engine copy(options);
  copy.rename(Engine::new_id());
  return Positions(copy).all();
}

}  // namespace

OffsetMap RocksDatabase::checkpoint(const std::string& folder) {
  const std::lock_guard lock(impl_->checkpoint_mutex);
  std::error_code error;
  const fs::path target = fs::absolute(folder);
  if (fs::exists(target)) fail(folder, "the folder is there already; name one that is not");
  const fs::path partial = target.string() + ".partial";
  fs::create_directories(target.parent_path(), error);
  fs::remove_all(partial, error);  // of one that was not finished
  if (error) fail(folder, partial.string() + ": " + error.message());
  rocksdb::Checkpoint* made = nullptr;
  const Engine::Use store = impl_->engine.use();
  rocksdb::Status status = rocksdb::Checkpoint::Create(store.db, &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(partial);
  if (!status.ok()) {
    fs::remove_all(partial, error);
    fail(folder, status.ToString());
  }
  crash_point("store.checkpoint.copy");
  OffsetMap offsets;
  try {
    offsets = rename_store(impl_->options, partial);
  } catch (...) {
    fs::remove_all(partial, error);
    throw;
  }
  crash_point("store.checkpoint.rename");
  fs::rename(partial, target, error);
  if (error) {
    const std::string why = error.message();
    fs::remove_all(partial, error);
    fail(folder, why);
  }
  sync_folder(target.parent_path(), folder);
  return offsets;
}

}  // namespace millrace::feature_store

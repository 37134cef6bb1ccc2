#include "connectors/feature_store/sink/store_runtime.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "millrace/log.h"

namespace millrace::feature_store {
namespace {

constexpr std::string_view kLogger = "millrace.feature_store.StoreRuntime";

struct Registry {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<StoreRuntime>> open;
  std::map<std::string, std::shared_ptr<StoreRuntime>> kept;
};

Registry& registry() {
  static Registry instance;
  return instance;
}

std::string key_of(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

bool is_on(const ServingOptions& serving) {
  return serving.rondb_port != kPortOff || serving.feast_port != kPortOff;
}

}  // namespace

std::shared_ptr<StoreRuntime> StoreRuntime::acquire(const RocksOptions& rocks, const ServingOptions& serving,
                                                    std::shared_ptr<CatalogSource> catalog) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  const std::string key = key_of(rocks.path);
  std::shared_ptr<StoreRuntime> runtime = all.open[key].lock();
  if (!runtime) {
    runtime = std::shared_ptr<StoreRuntime>(new StoreRuntime());
    runtime->database_ = RocksDatabase::open(rocks);
    all.open[key] = runtime;
  }
  runtime->serve(serving, std::move(catalog));
  all.kept.erase(key);
  return runtime;
}

void StoreRuntime::serve(const ServingOptions& serving, std::shared_ptr<CatalogSource> catalog) {
  const bool same = server_ != nullptr && serving == serving_;
  if (!same) server_.reset();
  {
    const std::lock_guard lock(mutex_);
    catalog_ = std::move(catalog);
  }
  if (same || !is_on(serving)) return;
  serving_ = serving;
  server_ = std::make_unique<Server>(serving, database_, [this] {
    const std::lock_guard lock(mutex_);
    return catalog_->current();
  });
  log(LogLevel::Info, kLogger,
      fmt::format("Lookups of {}: RonDB's API on port {}, Feast's on port {} (0: off), at {}",
                  database_->id(), server_->rondb_port(), server_->feast_port(), serving.bind));
}

void StoreRuntime::keep(const std::shared_ptr<StoreRuntime>& runtime) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  for (const auto& [key, open] : all.open) {
    if (open.lock() == runtime) all.kept[key] = runtime;
  }
}

void StoreRuntime::release(const std::string& path) {
  std::shared_ptr<StoreRuntime> last;  // ends outside the lock
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  const auto at = all.kept.find(key_of(path));
  if (at == all.kept.end()) return;
  last = std::move(at->second);
  all.kept.erase(at);
}

std::vector<TaskMetric> StoreRuntime::metrics() const {
  return server_ ? server_->metrics() : std::vector<TaskMetric>();
}

}  // namespace millrace::feature_store

#include "connectors/feature_store/sink/open_target.h"

#include "connectors/feature_store/mysql/mysql_store.h"
#include "connectors/feature_store/redis/redis_store.h"
#include "millrace/errors.h"

namespace millrace::feature_store {
namespace {

/// Of the present catalog; empty: none.
FeastView feast_view_of(const std::shared_ptr<CatalogSource>& source, int64_t group_id) {
  if (!source) return {};
  const CatalogPtr catalog = source->current();
  for (const FeastView& view : catalog->parts().feast_views) {
    if (view.group_id == group_id) return view;
  }
  return {};
}

std::unique_ptr<OnlineStore> open_other(const SinkOptions& options, const std::string& cluster_id,
                                        const std::shared_ptr<CatalogSource>& catalog) {
  if (options.store_type == "mysql") return open_mysql(options.mysql);
  RedisOptions redis = options.redis;
  redis.cluster_id = cluster_id;
  redis.feast_view = [catalog](int64_t group_id) { return feast_view_of(catalog, group_id).name; };
  redis.join_keys = [catalog](int64_t group_id) { return feast_view_of(catalog, group_id).entities; };
  return open_redis(std::move(redis));
}

}  // namespace

Target open_target(const SinkOptions& options, const std::string& cluster_id,
                   const std::shared_ptr<CatalogSource>& catalog) {
  if (options.store_type != "rocksdb") return {nullptr, open_other(options, cluster_id, catalog)};
  Target target;
  target.runtime = StoreRuntime::acquire(options.rocks, options.serving, catalog);
  target.store = target.runtime->database()->make_store(cluster_id);
  return target;
}

std::unique_ptr<OnlineStore> open_for_offsets(const SinkOptions& options, const std::string& cluster_id) {
  if (options.store_type != "rocksdb") return open_other(options, cluster_id, nullptr);
  return RocksDatabase::open(options.rocks)->make_store(cluster_id);
}

}  // namespace millrace::feature_store

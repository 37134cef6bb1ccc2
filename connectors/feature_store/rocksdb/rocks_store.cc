#include "connectors/feature_store/rocksdb/rocks_store.h"

#include "connectors/support/crash_point.h"
#include "millrace/log.h"

namespace millrace::feature_store {
namespace {
constexpr std::string_view kLogger = "millrace.feature_store.rocksdb";
}

RocksStore::RocksStore(RocksDatabase::Impl& database, std::shared_ptr<const RocksDatabase> keep,
                       std::string cluster)
    : db_(database), keep_(std::move(keep)), cluster_(std::move(cluster)) {}

OffsetMap RocksStore::positions(std::span<const TopicPartition> partitions) {
  return db_.positions.of(cluster_, partitions);
}

void RocksStore::prepare(const RowPlan& plan) {
  const FeatureGroup& group = plan.group();
  const bool is_new = db_.tables.find(group.project_id, group.id) == nullptr;
  db_.tables.prepare(plan);
  if (!is_new) return;
  for (const FeatureGroupPtr& old : db_.tables.predecessors(group)) {
    log(LogLevel::Info, kLogger,
        "dropping the rows of feature group " + std::to_string(old->id) + ": " + group.table() +
            " was made anew as " + std::to_string(group.id));
    drop_group(old->project_id, old->id);
  }
}

void RocksStore::flush() {
  db_.engine.flush();
  crash_point("store.flush");
}

// Rows go on being applied while the disk works.
std::future<void> RocksStore::flush_soon() {
  return std::async(std::launch::async, [this] { flush(); });
}

void RocksStore::set_positions(const std::map<TopicPartition, std::optional<Offset>>& positions) {
  db_.positions.set(cluster_, positions);
}

avro::SchemaPtr RocksStore::schema(int64_t schema_id) { return db_.tables.schema(schema_id); }

void RocksStore::drop_group(int64_t project_id, int64_t group_id) {
  const Stripes::Guard guard(db_.stripes);  // nobody is writing to the table
  db_.tables.drop(project_id, group_id);
}

Ingestion RocksStore::begin_ingestion(int64_t group_id, std::optional<int64_t> entries) {
  return db_.ingestions.begin(group_id, entries);
}

std::vector<Ingestion> RocksStore::ingestions(int64_t group_id, size_t limit) {
  return db_.ingestions.newest(group_id, limit);
}

std::optional<Ingestion> RocksStore::ingestion(int64_t group_id, int64_t id) {
  return db_.ingestions.find(group_id, id);
}

}  // namespace millrace::feature_store

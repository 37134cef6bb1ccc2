#include "connectors/feature_store/rocksdb/engine_options.h"

#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>

#include "connectors/feature_store/rocksdb/counter_merge.h"
#include "connectors/feature_store/rocksdb/ttl_filter.h"

namespace millrace::feature_store {
namespace {

constexpr size_t kBlockBytes = 4 * 1024;
constexpr double kFilterBitsPerKey = 10;
constexpr double kMemtableFilterShare = 0.05;  // of a memtable
constexpr int kOpenFiles = 512;
constexpr int kBackgroundJobs = 2;
// Small memtables stay in the processor's cache; half of those that fit become one file.
constexpr size_t kMemtables = 32;
constexpr size_t kMinMemtableBytes = 64 << 10;
constexpr int kSortedRuns = 8;  // that a lookup may have to ask; more are merged
constexpr size_t kTableIdBytes = 4;
constexpr size_t kMetaMemtableBytes = 1 << 20;
constexpr uint64_t kExpiryPassSeconds = 24 * 60 * 60;  // no expired row stays in a file for longer
constexpr uint64_t kSyncStepBytes = 1 << 20;
constexpr size_t kInfoLogBytes = 1 << 20;
constexpr size_t kInfoLogs = 2;

/// Where rows of one table are in a memtable, for the next of them. The ends of a range that is deleted have no
/// key behind the table: RocksDB would take a row's place for a place among deleted ranges.
class RowsOfTable : public rocksdb::SliceTransform {
 public:
  const char* Name() const override { return "millrace.RowsOfTable"; }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override { return {key.data(), kTableIdBytes}; }
  bool InDomain(const rocksdb::Slice& key) const override { return key.size() > kTableIdBytes; }
};

std::shared_ptr<rocksdb::TableFactory> table_factory(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = kBlockBytes;
  table.format_version = 5;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kFilterBitsPerKey));
  // In parts, and in the cache: so it bounds them, too, however many rows there are.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_top_level_index_and_filter = true;
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  return std::shared_ptr<rocksdb::TableFactory>(rocksdb::NewBlockBasedTableFactory(table));
}

}  // namespace

rocksdb::DBOptions database_options(const RocksOptions& options) {
  rocksdb::DBOptions db;
  db.create_if_missing = true;
  db.create_missing_column_families = true;
  db.write_buffer_manager =
      std::make_shared<rocksdb::WriteBufferManager>(options.write_buffer_bytes);
  db.max_total_wal_size = options.write_buffer_bytes * 4;  // meta is small, and would keep them all
  db.max_background_jobs = kBackgroundJobs;
  db.max_open_files = kOpenFiles;
  db.bytes_per_sync = kSyncStepBytes;
  db.keep_log_file_num = kInfoLogs;
  db.max_log_file_size = kInfoLogBytes;
  db.info_log_level = rocksdb::WARN_LEVEL;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  return db;
}

rocksdb::ColumnFamilyOptions data_options(const RocksOptions& options,
                                          const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions data;
  data.write_buffer_size = std::max(kMinMemtableBytes, options.write_buffer_bytes / kMemtables);
  data.max_write_buffer_number = static_cast<int>(kMemtables);
  data.min_write_buffer_number_to_merge = static_cast<int>(kMemtables / 2);
  data.memtable_whole_key_filtering = true;
  data.memtable_prefix_bloom_size_ratio = kMemtableFilterShare;
  data.memtable_insert_with_hint_prefix_extractor = std::make_shared<RowsOfTable>();
  data.compaction_style = rocksdb::kCompactionStyleUniversal;
  data.level0_file_num_compaction_trigger = kSortedRuns;
  data.compression = rocksdb::kLZ4Compression;
  data.table_factory = table_factory(cache);
  data.compaction_filter_factory = ttl_filter(options.now_us, options.enforce_ttl);
  data.periodic_compaction_seconds = kExpiryPassSeconds;
  return data;
}

rocksdb::ColumnFamilyOptions meta_options(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions meta;
  meta.write_buffer_size = kMetaMemtableBytes;
  meta.merge_operator = counter_merge();
  meta.compression = rocksdb::kLZ4Compression;
  meta.table_factory = table_factory(cache);
  return meta;
}

}  // namespace millrace::feature_store

#pragma once
// Keys of the column family `meta`. The first byte tells what it is.

#include <cstdint>
#include <string>
#include <string_view>

#include "connectors/feature_store/rocksdb/big_endian.h"
#include "millrace/ids.h"

namespace millrace::feature_store {

inline constexpr std::string_view kFormatKey = "format";  // -> kFormatName; the last that a new store gets
inline constexpr std::string_view kFormatName = "millrace feature store 1";
inline constexpr std::string_view kStoreIdKey = "id";
inline constexpr std::string_view kNextTableKey = "next table";  // -> u32

inline constexpr char kTableTag = 'T';      // + table id -> JSON
inline constexpr char kPlanTag = 'S';       // + table id + order of arrival -> JSON
inline constexpr char kPartitionTag = 'P';  // + reference -> i32 partition + topic
inline constexpr char kOffsetTag = 'O';     // + cluster + 0 + topic + 0 + partition -> i64
inline constexpr char kIngestionTag = 'I';  // + group + ingestion -> counts (counter_merge.h)

inline std::string table_key(uint32_t table) {
  std::string key(1, kTableTag);
  append_big_endian(key, table);
  return key;
}
inline std::string plans_prefix(uint32_t table) {
  std::string key(1, kPlanTag);
  append_big_endian(key, table);
  return key;
}
inline std::string plan_key(uint32_t table, uint32_t order) {
  std::string key = plans_prefix(table);
  append_big_endian(key, order);
  return key;
}
inline std::string partition_key(uint16_t reference) {
  std::string key(1, kPartitionTag);
  append_big_endian(key, reference);
  return key;
}
inline std::string offset_key(std::string_view cluster, const TopicPartition& partition) {
  std::string key(1, kOffsetTag);
  key.append(cluster).push_back('\0');
  key.append(partition.topic).push_back('\0');
  append_big_endian(key, partition.partition);
  return key;
}
inline std::string ingestions_prefix(int64_t group) {
  std::string key(1, kIngestionTag);
  append_big_endian(key, group);
  return key;
}
inline std::string ingestion_key(int64_t group, int64_t ingestion) {
  std::string key = ingestions_prefix(group);
  append_big_endian(key, ingestion);
  return key;
}
/// What keys of `data` begin with.
inline std::string table_prefix(uint32_t table) {
  std::string key;
  append_big_endian(key, table);
  return key;
}

}  // namespace millrace::feature_store

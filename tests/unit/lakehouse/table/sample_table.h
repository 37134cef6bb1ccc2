#pragma once
// A small table that tests begin with.

#include "connectors/lakehouse/table/metadata.h"

namespace millrace::lakehouse {

inline constexpr int64_t kNow = 1'700'000'000'000;
inline constexpr const char* kUuid = "9c12d441-03fe-4693-9a96-a0705ddf69c1";

inline NewTable sample_table() {
  NewTable table;
  table.location = "file:///warehouse/db/orders/";
  table.schema = {.fields = {{10, "id", true, primitive(TypeId::Long)},
                             {20, "ts", false, primitive(TypeId::Timestamptz)},
                             {30, "tags", false, list_type(31, primitive(TypeId::String), false)},
                             {40, "kind", false, primitive(TypeId::String)}},
                  .identifier_ids = {10}};
  table.spec = parse_partition_by("day(ts),kind", table.schema);
  table.properties = {{"owner", "é"}};
  return table;
}

inline TableMetadata sample_metadata() {
  return TableMetadata::create(sample_table(), kUuid, kNow);
}

inline Snapshot sample_snapshot(const TableMetadata& table, int64_t id) {
  return {.id = id,
          .parent_id = table.ref("main"),
          .sequence_number = table.last_sequence_number() + 1,
          .timestamp_ms = table.last_updated_ms() + 1'000,
          .manifest_list = table.metadata_folder() + "/snap-" + std::to_string(id) + ".avro",
          .summary = {{"operation", "append"}},
          .schema_id = table.current_schema().id};
}

/// `table` with one more snapshot on main.
inline TableMetadata with_snapshot(const TableMetadata& table, int64_t id) {
  const Snapshot snapshot = sample_snapshot(table, id);
  return table.apply({change::add_snapshot(snapshot), change::set_branch("main", id)},
                     snapshot.timestamp_ms);
}

}  // namespace millrace::lakehouse

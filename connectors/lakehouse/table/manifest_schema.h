#pragma once
// Avro schemas of manifests and manifest lists (iceberg-sink.md §5.4-§5.6), and the places of their
// fields.

#include "connectors/avro/schema.h"
#include "connectors/lakehouse/table/schema_json.h"

namespace millrace::lakehouse {

inline constexpr const char* kFieldIdKey = "field-id";

/// Fields of the record `manifest_entry`, in order.
struct EntryField {
  enum : size_t { Status, SnapshotId, SequenceNumber, FileSequenceNumber, File, Count };
};
/// Fields of the record `r2`, in order.
struct FileField {
  enum : size_t {
    Content,
    Path,
    Format,
    Partition,
    RecordCount,
    FileSize,
    ColumnSizes,
    ValueCounts,
    NullCounts,
    NanCounts,
    LowerBounds,
    UpperBounds,
    KeyMetadata,
    SplitOffsets,
    EqualityIds,
    SortOrderId,
    ReferencedDataFile,
    Count
  };
};
/// Fields of the record `manifest_file`, in order.
struct ListField {
  enum : size_t {
    Path,
    Length,
    SpecId,
    Content,
    SequenceNumber,
    MinSequenceNumber,
    AddedSnapshotId,
    AddedFiles,
    ExistingFiles,
    DeletedFiles,
    AddedRows,
    ExistingRows,
    DeletedRows,
    Partitions,
    KeyMetadata,
    Count
  };
};
/// Fields of the record `r508`, in order.
struct SummaryField {
  enum : size_t { ContainsNull, ContainsNan, LowerBound, UpperBound, Count };
};

/// A required field, and an optional one: a union with null, which is its default.
Json avro_field(int32_t id, const std::string& name, const Json& type);
Json optional_avro_field(int32_t id, const std::string& name, const Json& type);

/// What versions 2 writes. `partition` is the list of fields of the record `r102`.
avro::SchemaPtr manifest_schema(const Json& partition);
avro::SchemaPtr manifest_list_schema();
/// What any version can be read as: fields that some version or writer lacks have defaults, and numbers
/// that writers disagree on are wide.
avro::SchemaPtr manifest_read_schema(const Json& partition);
avro::SchemaPtr manifest_list_read_schema();

}  // namespace millrace::lakehouse

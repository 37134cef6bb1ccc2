#pragma once
// The metadata document of a table (iceberg-sink.md §5.1, §5.3), and changes of it in the vocabulary of
// the REST catalog (§6.3), for catalogs that have no server to apply them.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/lakehouse/table/schema_json.h"

namespace millrace::lakehouse {

struct Snapshot {
  int64_t id = 0;
  std::optional<int64_t> parent_id = {};
  int64_t sequence_number = 0;
  int64_t timestamp_ms = 0;
  std::string manifest_list;  // URI
  std::map<std::string, std::string> summary = {};  // `operation` included
  std::optional<int32_t> schema_id = {};
};

Json to_json(const Snapshot& snapshot);
/// Throws DataException that names the member.
Snapshot snapshot_from_json(const Json& json);

/// A change of a table: requirements of the table as it is, then updates, in order. Each is the JSON
/// object of the REST catalog (`{"type":"assert-table-uuid",...}`, `{"action":"add-snapshot",...}`).
struct TableChange {
  std::vector<Json> requirements;
  std::vector<Json> updates;
};

class TableMetadata;

/// What such objects are made with.
namespace change {
Json assert_uuid(const std::string& uuid);
/// none: the branch does not exist.
Json assert_ref(const std::string& branch, std::optional<int64_t> snapshot_id);
Json assert_schema(int32_t schema_id);
Json assert_last_field_id(int32_t field_id);
Json add_snapshot(const Snapshot& snapshot);
Json set_branch(const std::string& branch, int64_t snapshot_id);
/// The same with what the table's branch says of retention, which servers drop otherwise.
Json set_branch(const TableMetadata& table, const std::string& branch, int64_t snapshot_id);
Json set_properties(const std::map<std::string, std::string>& properties);
Json remove_properties(const std::vector<std::string>& names);
Json remove_snapshots(const std::vector<int64_t>& ids);
Json add_schema(const TableSchema& schema, int32_t last_column_id);
Json set_current_schema(int32_t schema_id);  // -1: the one added last
Json add_spec(const PartitionSpec& spec);
Json set_default_spec(int32_t spec_id);  // -1: the one added last
}  // namespace change

struct NewTable {
  std::string location;
  TableSchema schema;  // ids are given anew, depth by depth, from 1 on, as servers do
  PartitionSpec spec;  // its source ids refer to `schema` as given
  std::map<std::string, std::string> properties = {};
};

/// Immutable; copies share the document. Members that are not known here are kept.
class TableMetadata {
 public:
  /// Throws DataException for what is no table metadata, and UnsupportedException for a format version
  /// above 3. A document of version 1 or 3 can be read; whether to write is the committer's choice.
  /// What older writers left out (`schemas`, `refs`, ...) is filled in.
  explicit TableMetadata(Json document);
  static TableMetadata parse(std::string_view text);  // of a metadata file, not compressed
  /// A first document of version 2 (or what the property `format-version` says).
  static TableMetadata create(const NewTable& table, const std::string& uuid, int64_t now_ms);

  const Json& document() const noexcept { return *document_; }
  std::string to_text() const;

  int32_t format_version() const;
  std::string uuid() const;
  std::string location() const;
  int64_t last_sequence_number() const;
  int64_t last_updated_ms() const;
  int32_t last_column_id() const;
  int32_t last_partition_id() const;  // 999: no partition field was ever assigned
  /// nullptr: no such property.
  const std::string* property(const std::string& name) const;
  std::map<std::string, std::string> properties() const;
  /// `<location>/metadata`, `<location>/data`, or what the properties say instead.
  std::string metadata_folder() const;
  std::string data_folder() const;

  TableSchema current_schema() const;
  std::optional<TableSchema> schema(int32_t id) const;
  PartitionSpec default_spec() const;
  std::optional<PartitionSpec> spec(int32_t id) const;

  /// Snapshot that a branch or tag refers to.
  std::optional<int64_t> ref(const std::string& name) const;
  std::optional<Snapshot> snapshot(int64_t id) const;
  std::vector<int64_t> snapshot_ids() const;

  /// Empty when the requirement holds, else why it does not. Throws UnsupportedException for a kind that
  /// is not known.
  std::string unmet(const Json& requirement) const;
  /// The document after `updates`, `now_ms` the time of the change (clamped to the document's,
  /// trap 22). Throws UnsupportedException for an action that is not known, DataException for one
  /// that does not fit. Does not touch the metadata log.
  TableMetadata apply(const std::vector<Json>& updates, int64_t now_ms) const;
  /// Notes the file that held the document before, in a log that keeps what
  /// `write.metadata.previous-versions-max` says. `dropped` gets the files that fell out of it.
  TableMetadata with_previous(const std::string& previous_location, int64_t previous_updated_ms,
                              std::vector<std::string>* dropped = nullptr) const;

 private:
  std::shared_ptr<const Json> document_;
};

/// Random positive 63 bits that no snapshot of `table` has.
int64_t new_snapshot_id(const TableMetadata& table);
/// A random UUID (version 4), as text.
std::string new_uuid();

}  // namespace millrace::lakehouse

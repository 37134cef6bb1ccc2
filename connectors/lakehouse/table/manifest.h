#pragma once
// Manifests and manifest lists: which files a snapshot has (iceberg-sink.md §5.4-§5.6). Bytes in and
// out; storing them is the caller's.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/lakehouse/table/data_file.h"

namespace millrace::lakehouse {

enum class EntryStatus : int8_t { Existing = 0, Added = 1, Deleted = 2 };
enum class ManifestContent : int8_t { Data = 0, Deletes = 1 };

struct ManifestEntry {
  EntryStatus status = EntryStatus::Added;
  std::optional<int64_t> snapshot_id = {};
  std::optional<int64_t> sequence_number = {};       // none: inherited from the manifest
  std::optional<int64_t> file_sequence_number = {};  // none: inherited
  DataFile file;
};

/// Of the files in a manifest, for one partition field.
struct PartitionSummary {
  bool contains_null = false;
  std::optional<bool> contains_nan = {};
  std::optional<std::string> lower_bound = {};  // binary form, not truncated
  std::optional<std::string> upper_bound = {};
};

/// A manifest as a manifest list names it.
struct ManifestFile {
  std::string path;
  int64_t length = 0;  // bytes; Java seeks by it
  int32_t spec_id = 0;
  ManifestContent content = ManifestContent::Data;
  int64_t sequence_number = 0;
  int64_t min_sequence_number = 0;
  int64_t added_snapshot_id = 0;
  int32_t added_files = 0;
  int32_t existing_files = 0;
  int32_t deleted_files = 0;
  int64_t added_rows = 0;
  int64_t existing_rows = 0;
  int64_t deleted_rows = 0;
  std::vector<PartitionSummary> partitions = {};
  std::optional<std::string> key_metadata = {};

  bool has_live_files() const noexcept { return added_files > 0 || existing_files > 0; }
};

struct WrittenManifest {
  std::string bytes;
  /// Path, sequence number and snapshot are the caller's to fill, and the lowest sequence number where
  /// all entries are new; else it is the lowest of the live entries that have one.
  ManifestFile file;
};

/// All entries have the spec's partition, and are of `content`. New entries inherit the sequence number
/// of the commit, so the bytes serve every attempt of it.
WrittenManifest write_manifest(const TableSchema& schema, const PartitionSpec& spec,
                               ManifestContent content, const std::vector<ManifestEntry>& entries);
/// Sequence numbers that were inherited are filled in from `file`. Deleted entries included. Throws
/// DataException with `file.path`. `schema` and `spec` give the types of partition values.
std::vector<ManifestEntry> read_manifest(std::string_view bytes, const ManifestFile& file,
                                         const TableSchema& schema, const PartitionSpec& spec);

/// Several manifests of one spec and content as one, entry by entry: no more than one of them is in memory
/// besides the result. Nothing that readers may need is lost: what cannot be carried over as a whole is
/// refused, and the manifest must stay as it is.
class ManifestMerger {
 public:
  /// Throws UnsupportedException for a spec whose values cannot be written again, such as of a column
  /// that was dropped. `schema` is the table's, the merger's own copy.
  ManifestMerger(const TableSchema& schema, const PartitionSpec& spec, ManifestContent content);
  ~ManifestMerger();

  /// `is_new`: of the commit that merges, so its entries stay new and inherit; those of others are there
  /// already, with the sequence numbers and the snapshot they came with, and what they deleted is left
  /// out. Throws DataException or UnsupportedException that names the manifest; the merger is of no use
  /// then.
  void add(std::string_view bytes, const ManifestFile& file, bool is_new);
  /// Once.
  WrittenManifest finish();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

struct ManifestListInfo {
  int64_t snapshot_id = 0;
  std::optional<int64_t> parent_snapshot_id = {};
  int64_t sequence_number = 0;
};
std::string write_manifest_list(const ManifestListInfo& info,
                                const std::vector<ManifestFile>& manifests);
/// Lists of v1 tables too (no sequence numbers: 0). Throws DataException; `path` is for the message.
std::vector<ManifestFile> read_manifest_list(std::string_view bytes, const std::string& path);

}  // namespace millrace::lakehouse

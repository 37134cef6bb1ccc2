#pragma once
// How far each partition has been read, as the table's own metadata tells it (iceberg-sink.md §4.4).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "connectors/lakehouse/table/metadata.h"
#include "millrace/ids.h"

namespace millrace::lakehouse {

/// Names in snapshot summaries and table properties.
inline constexpr const char* kOffsetsKey = "millrace.kafka.offsets";
inline constexpr const char* kCheckpointKey = "millrace.kafka.offsets.checkpoint";  // of main
/// The property of a branch; others than main have its name behind it, since each has its own offsets.
std::string checkpoint_key(const std::string& branch);
inline constexpr const char* kCommitIdKey = "millrace.commit-id";
/// A map of more partitions stands in the checkpoint alone; summaries then have its hash, so that
/// metadata does not grow with snapshots times partitions.
inline constexpr size_t kMaxSummaryPartitions = 500;

/// Offset of the next record to read, by cluster id, topic and partition.
class Positions {
 public:
  std::optional<int64_t> next(const std::string& cluster, const TopicPartition& partition) const;
  bool knows_topic(const std::string& cluster, const std::string& topic) const;
  void set(const std::string& cluster, const TopicPartition& partition, int64_t next);
  void erase(const std::string& cluster, const TopicPartition& partition);
  OffsetMap of_cluster(const std::string& cluster) const;
  bool empty() const noexcept { return clusters_.empty(); }
  size_t partitions() const noexcept;
  /// None when there are several, or none.
  std::optional<std::string> only_cluster() const;

  /// `{"<cluster>":{"<topic>":{"<partition>":<next>}}}`
  Json to_json() const;
  /// Throws DataException.
  static Positions from_json(const Json& json);
  bool operator==(const Positions&) const = default;

 private:
  std::map<std::string, std::map<std::string, std::map<int32_t, int64_t>>> clusters_;
};

/// What a summary says of `positions`: the map, or its hash when it has more partitions than `most`.
std::string summary_text(const Positions& positions, size_t most = kMaxSummaryPartitions);
/// What the checkpoint property says of them, as of a snapshot.
std::string checkpoint_text(const Positions& positions, int64_t sequence_number,
                            int64_t snapshot_id);

struct StoredPositions {
  Positions positions;
  /// The checkpoint is of a snapshot that a rollback took away: what it says does not hold, and
  /// nothing else does.
  bool rolled_back = false;
};

/// Head of the branch, then its ancestors, then the checkpoint. Where a summary has the hash alone and the
/// checkpoint is another snapshot's, after a rollback, its map is made of what the snapshots in between
/// moved, and the hash tells whether that is right. Throws DataException for what cannot be understood,
/// such as a newer version, or a hash whose map cannot be found.
StoredPositions read_positions(const TableMetadata& table, const std::string& branch);

/// The branch's head, or an ancestor of it, that was made by that commit.
std::optional<int64_t> find_commit(const TableMetadata& table, const std::string& branch,
                                   const std::string& commit_id);

}  // namespace millrace::lakehouse

#pragma once
// Which manifests of a new snapshot become one (iceberg-sink.md §5.13), as Java's merging append has it.

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "connectors/lakehouse/table/manifest.h"
#include "connectors/lakehouse/table/metadata.h"

namespace millrace::lakehouse {

/// The table's `commit.manifest-merge.enabled`, `commit.manifest.min-count-to-merge` and
/// `commit.manifest.target-size-bytes`; what is no number is as if it were not there.
struct MergeRules {
  bool enabled = true;
  size_t min_count = 100;
  int64_t target_bytes = int64_t{8} << 20;
};
MergeRules merge_rules(const TableMetadata& table);

/// Merges of one commit; what is left over comes with the next ones.
inline constexpr size_t kMaxMergesPerCommit = 4;

/// One manifest of the new snapshot: of these ones, by their place; a single one stays as it is.
using MergeGroup = std::vector<size_t>;

/// `manifests`: newest first. Groups are of one spec and content, in the order of the manifests; the
/// group of the newest waits for `min_count`, so that it is not written again with each commit. The
/// manifests named in `fixed` stay as they are.
std::vector<MergeGroup> plan_merges(const std::vector<ManifestFile>& manifests,
                                    const MergeRules& rules, const std::set<std::string>& fixed);

}  // namespace millrace::lakehouse

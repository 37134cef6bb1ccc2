#pragma once
// Summaries of snapshots: what was added, and the totals that are carried on (iceberg-sink.md §5.3).

#include <map>
#include <string>
#include <vector>

#include "connectors/lakehouse/commit/written_batch.h"
#include "connectors/lakehouse/table/metadata.h"

namespace millrace::lakehouse {

/// `operation`, the `added-*` counters that are not zero, and the totals on from `parent` (null: the
/// first snapshot). A total that the parent left out stays left out.
std::map<std::string, std::string> make_summary(const std::vector<const WrittenBatch*>& batches,
                                                const Snapshot* parent);

}  // namespace millrace::lakehouse

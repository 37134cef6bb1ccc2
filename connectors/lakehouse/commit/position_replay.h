#pragma once
// Positions of another snapshot than the one whose positions are known (iceberg-sink.md §4.4).

#include <optional>

#include "connectors/lakehouse/commit/positions.h"

namespace millrace::lakehouse {

/// Summaries say what each commit moved.
inline constexpr const char* kRangesKey = "millrace.kafka.ranges";

/// `positions` are those of snapshot `from`; what they were at `to`: commits of `from`'s history are
/// undone back to the one that both have in common, then those of `to`'s are done. None when a snapshot
/// in between is not listed any more or does not say enough; the caller checks the result.
std::optional<Positions> replay(const TableMetadata& table, Positions positions, int64_t from,
                                int64_t to);

}  // namespace millrace::lakehouse

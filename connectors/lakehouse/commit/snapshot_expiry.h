#pragma once
// Old snapshots of the branch that go with a commit (iceberg-sink.md §9).

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "connectors/lakehouse/table/metadata.h"

namespace millrace::lakehouse {

/// Off when both are 0.
struct ExpiryRules {
  int32_t keep = 0;        // so many of the newest stay, the new one included
  int64_t max_age_ms = 0;  // younger ones stay, too; 0: age does not matter

  bool enabled() const noexcept { return keep > 0 || max_age_ms > 0; }
};

/// Of one commit; what is left over goes with the next ones.
inline constexpr size_t kMaxExpiredPerCommit = 100;

/// Oldest first. `table` is as it is before a commit to `branch` at `now_ms`, whose snapshot will carry
/// offsets. Only ancestors of the branch go, and none that a tag, another branch or the retention of
/// the branch itself needs. From each snapshot that stays the newest one with our offsets can be
/// reached, so that a rollback to it, or a branch made of it, knows where reading goes on.
std::vector<int64_t> expired_snapshots(const TableMetadata& table, const std::string& branch,
                                       const ExpiryRules& rules, int64_t now_ms);

}  // namespace millrace::lakehouse

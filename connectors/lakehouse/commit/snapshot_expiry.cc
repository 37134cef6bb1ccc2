#include "connectors/lakehouse/commit/snapshot_expiry.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "connectors/lakehouse/commit/positions.h"
#include "connectors/lakehouse/table/json_members.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

// What Iceberg's maintenance takes for branches that say nothing.
constexpr int64_t kDefaultMinCount = 1;
constexpr int64_t kDefaultMaxAgeMs = 5LL * 24 * 3600 * 1000;
constexpr const char* kMinCount = "min-snapshots-to-keep";
constexpr const char* kMaxAge = "max-snapshot-age-ms";

struct Node {
  std::optional<int64_t> parent;
  int64_t time_ms = 0;
  bool has_offsets = false;
};
using Nodes = std::map<int64_t, Node>;

Nodes nodes_of(const TableMetadata& table) {
  Nodes nodes;
  for (const Json& json : members::array(table.document(), "snapshots", "metadata")) {
    Node node;
    node.parent = members::optional_int64(json, "parent-snapshot-id", "snapshot");
    node.time_ms = members::int64(json, "timestamp-ms", "snapshot");
    const Json* summary = members::find(json, "summary", "snapshot");
    node.has_offsets = summary != nullptr && summary->contains(kOffsetsKey);
    nodes.emplace(members::int64(json, "snapshot-id", "snapshot"), node);
  }
  return nodes;
}

/// What of a history stays: the newest `count`, and those not older than `since_ms`.
struct Retention {
  int64_t count = 0;
  int64_t since_ms = std::numeric_limits<int64_t>::max();

  void add(int64_t more_count, int64_t earlier_ms) {
    count = std::max(count, more_count);
    since_ms = std::min(since_ms, earlier_ms);
  }
};

/// The head's history as long as it stays, and on to where offsets are.
void retain(const Nodes& nodes, int64_t head, const Retention& retention, std::set<int64_t>& needed) {
  std::set<int64_t> seen;  // a cycle ends as well
  bool has_offsets = true;
  auto at = nodes.find(head);
  for (int64_t i = 0; at != nodes.end() && seen.insert(at->first).second; ++i) {
    const Node& node = at->second;
    if (i >= retention.count && node.time_ms < retention.since_ms && has_offsets) return;
    needed.insert(at->first);
    has_offsets = node.has_offsets;
    if (!node.parent) return;
    at = nodes.find(*node.parent);
  }
}

std::optional<int64_t> property(const TableMetadata& table, const std::string& name) {
  const std::string* text = table.property(name);
  return text == nullptr ? std::nullopt : whole_number<int64_t>(*text);
}

Retention of_other_branch(const TableMetadata& table, const Json& ref, int64_t now_ms) {
  const auto told = [&](const char* name, int64_t fallback) {
    if (const auto own = members::optional_int64(ref, name, "reference")) return *own;
    return property(table, std::string("history.expire.") + name).value_or(fallback);
  };
  Retention retention;
  retention.add(std::max<int64_t>(told(kMinCount, kDefaultMinCount), 1),
                now_ms - told(kMaxAge, kDefaultMaxAgeMs));
  return retention;
}

/// The new snapshot is one of those that stay.
Retention of_own_branch(const Json& ref, const ExpiryRules& rules, int64_t now_ms) {
  Retention retention;
  retention.add(std::max(rules.keep, 1), std::numeric_limits<int64_t>::max());
  if (rules.max_age_ms > 0) retention.add(0, now_ms - rules.max_age_ms);
  if (const auto count = members::optional_int64(ref, kMinCount, "reference")) {
    retention.add(*count, std::numeric_limits<int64_t>::max());
  }
  if (const auto age = members::optional_int64(ref, kMaxAge, "reference")) {
    retention.add(0, now_ms - *age);
  }
  --retention.count;
  return retention;
}

}  // namespace

std::vector<int64_t> expired_snapshots(const TableMetadata& table, const std::string& branch,
                                       const ExpiryRules& rules, int64_t now_ms) {
  const std::optional<int64_t> head = table.ref(branch);
  if (!rules.enabled() || !head) return {};
  const Nodes nodes = nodes_of(table);
  std::set<int64_t> needed;
  for (const auto& [name, ref] : members::get(table.document(), "refs", "metadata").items()) {
    const int64_t id = members::int64(ref, "snapshot-id", "reference");
    const bool is_branch = members::text(ref, "type", "reference") == "branch";
    retain(nodes, id,
           name == branch ? of_own_branch(ref, rules, now_ms)
           : is_branch    ? of_other_branch(table, ref, now_ms)
                          : Retention{.count = 1},
           needed);
  }
  std::vector<int64_t> expired;
  std::set<int64_t> seen;
  for (auto at = nodes.find(*head); at != nodes.end() && seen.insert(at->first).second;
       at = nodes.find(*at->second.parent)) {
    if (!needed.contains(at->first)) expired.push_back(at->first);
    if (!at->second.parent) break;
  }
  std::reverse(expired.begin(), expired.end());
  if (expired.size() > kMaxExpiredPerCommit) expired.resize(kMaxExpiredPerCommit);
  return expired;
}

}  // namespace millrace::lakehouse

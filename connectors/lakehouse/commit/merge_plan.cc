#include "connectors/lakehouse/commit/merge_plan.h"

#include <algorithm>
#include <map>
#include <optional>

#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

std::optional<int64_t> number(const TableMetadata& table, const char* name) {
  const std::string* text = table.property(name);
  return text == nullptr ? std::nullopt : whole_number<int64_t>(*text);
}

/// From the end on, so that the group that is not full is the one of the newest.
std::vector<MergeGroup> pack(const std::vector<size_t>& places,
                             const std::vector<ManifestFile>& manifests, int64_t target,
                             const std::set<std::string>& fixed) {
  std::vector<MergeGroup> groups;
  int64_t bytes = 0;
  bool open = false;  // the last group takes more
  for (auto place = places.rbegin(); place != places.rend(); ++place) {
    const ManifestFile& manifest = manifests[*place];
    const bool stays = fixed.contains(manifest.path) || manifest.key_metadata.has_value();
    if (!open || stays || manifest.length > target - bytes) {
      groups.emplace_back();
      bytes = 0;
    }
    groups.back().push_back(*place);
    bytes += manifest.length;
    open = !stays;
  }
  for (MergeGroup& group : groups) std::reverse(group.begin(), group.end());
  std::reverse(groups.begin(), groups.end());
  return groups;
}

}  // namespace

MergeRules merge_rules(const TableMetadata& table) {
  MergeRules rules;
  const std::string* enabled = table.property("commit.manifest-merge.enabled");
  if (enabled != nullptr) rules.enabled = to_lower(*enabled) == "true";
  if (const auto count = number(table, "commit.manifest.min-count-to-merge")) {
    rules.min_count = static_cast<size_t>(std::max<int64_t>(*count, 1));
  }
  if (const auto bytes = number(table, "commit.manifest.target-size-bytes")) {
    rules.target_bytes = std::max<int64_t>(*bytes, 1);
  }
  return rules;
}

std::vector<MergeGroup> plan_merges(const std::vector<ManifestFile>& manifests,
                                    const MergeRules& rules, const std::set<std::string>& fixed) {
  // Data before deletes, and the newest spec first.
  std::map<std::pair<ManifestContent, int64_t>, std::vector<size_t>> kinds;
  std::map<ManifestContent, size_t> newest;
  for (size_t i = 0; i < manifests.size(); ++i) {
    kinds[{manifests[i].content, -int64_t{manifests[i].spec_id}}].push_back(i);
    newest.try_emplace(manifests[i].content, i);
  }
  std::vector<MergeGroup> plan;
  size_t merges = 0;
  for (const auto& [kind, places] : kinds) {
    for (MergeGroup& group : pack(places, manifests, rules.target_bytes, fixed)) {
      const bool is_newest = group.front() == newest[kind.first];
      const bool merge = rules.enabled && group.size() > 1 && merges < kMaxMergesPerCommit &&
                         (!is_newest || group.size() >= rules.min_count);
      if (merge) {
        ++merges;
        plan.push_back(std::move(group));
      } else {
        for (const size_t place : group) plan.push_back({place});
      }
    }
  }
  return plan;
}

}  // namespace millrace::lakehouse

#include "connectors/feature_store/metadata/learnt_groups.h"

#include <fmt/format.h>

#include <set>

#include "connectors/feature_store/model/catalog_checks.h"
#include "millrace/errors.h"

namespace millrace::feature_store {

FeatureGroupPtr LearntGroups::add(FeatureGroup group, std::optional<size_t> answer, size_t most) {
  check_group(group);
  if (groups_.size() >= most && !groups_.contains(group.id)) {
    throw ConfigException(
        fmt::format("{}: {} groups that no document has are known, and these are the most",
                    describe_group(group), most));
  }
  group.deleted = !take_name(group, answer.has_value()) || group.deleted;
  Learnt& learnt = groups_[group.id];
  learnt = {std::make_shared<FeatureGroup>(std::move(group)), answer};
  return learnt.group;
}

bool LearntGroups::take_name(const FeatureGroup& group, bool of_rest) {
  bool is_newest = true;
  for (auto at = groups_.begin(); at != groups_.end();) {
    const auto& [id, other] = *at++;  // it may be forgotten
    if (id == group.id || other.group->deleted || other.group->table() != group.table() ||
        other.group->database() != group.database()) {
      continue;
    }
    if (!of_rest) {
      throw ConfigException(
          fmt::format("{}: its name is that of {}, which is known already; name "
                      "the groups that there are in a document",
                      describe_group(group), describe_group(*other.group)));
    }
    if (!other.answer) {
      groups_.erase(id);
    } else if (id > group.id) {
      is_newest = false;
    } else {
      mark_deleted(id);
    }
  }
  return is_newest;
}

void LearntGroups::mark_deleted(int64_t id) {
  const auto found = groups_.find(id);
  if (found == groups_.end() || found->second.group->deleted) return;
  FeatureGroup changed = *found->second.group;
  changed.deleted = true;
  found->second.group = std::make_shared<FeatureGroup>(std::move(changed));
}

void LearntGroups::add_to(std::vector<FeatureGroupPtr>& groups) {
  std::set<int64_t> ids;
  std::set<std::pair<std::string, std::string>> tables;
  for (const FeatureGroupPtr& group : groups) {
    ids.insert(group->id);
    if (!group->deleted) tables.emplace(group->database(), group->table());
  }
  std::erase_if(groups_, [&](const auto& entry) {
    const FeatureGroup& group = *entry.second.group;
    return ids.contains(group.id) ||
           (!group.deleted && tables.contains({group.database(), group.table()}));
  });
  for (const auto& [id, learnt] : groups_) groups.push_back(learnt.group);
}

std::vector<LearntGroups::Learnt> LearntGroups::next_of_rest(size_t most) {
  std::vector<Learnt> result;
  const auto take = [&](auto from, auto to) {
    for (auto at = from; at != to && result.size() < most; ++at) {
      if (at->second.answer) result.push_back(at->second);
    }
  };
  const auto behind = groups_.upper_bound(last_asked_);
  take(behind, groups_.end());
  take(groups_.begin(), behind);
  if (!result.empty()) last_asked_ = result.back().group->id;
  return result;
}

}  // namespace millrace::feature_store

#pragma once
// Groups that no document has: records or REST told them.

#include <map>
#include <optional>
#include <vector>

#include "connectors/feature_store/model/catalog.h"

namespace millrace::feature_store {

/// Used by one thread at a time. Copies share the groups.
class LearntGroups {
 public:
  struct Learnt {
    FeatureGroupPtr group;
    std::optional<size_t> answer = {};  // hash of what REST told; none: a record told
  };

  /// Of two groups of REST with one name and version, the one with the lower id is deleted: ids
  /// grow, and a group that is made anew gets another one. What records tell makes no group
  /// deleted, for that drops its rows: a second group with a name is refused. Throws
  /// ConfigException for that, for a group that breaks a limit, and when there are `most` already.
  FeatureGroupPtr add(FeatureGroup group, std::optional<size_t> answer, size_t most);
  void mark_deleted(int64_t id);
  bool empty() const noexcept { return groups_.empty(); }

  /// Adds to those of documents; the ones that documents have, by id or by name, are forgotten.
  void add_to(std::vector<FeatureGroupPtr>& groups);
  /// At most `most` that REST told, beginning behind those of the last call.
  std::vector<Learnt> next_of_rest(size_t most);

 private:
  /// False: there is a newer one with its name.
  bool take_name(const FeatureGroup& group, bool of_rest);

  std::map<int64_t, Learnt> groups_;  // by id
  int64_t last_asked_ = -1;
};

}  // namespace millrace::feature_store

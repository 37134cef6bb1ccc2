#pragma once
// Feature groups whose rows nobody takes from their topic: a connector that looks healthy and stores nothing.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "connectors/feature_store/metadata/catalog_source.h"
#include "connectors/feature_store/sink/topic_selection.h"

namespace millrace::feature_store {

/// Topics of the catalog's groups that the selection leaves out, with the groups that say so, `txn_1 (id 42)` each.
/// Groups that are deleted or not online do not count.
std::map<std::string, std::vector<std::string>> unread_topics(const Catalog& catalog,
                                                              const TopicSelection& selection);

/// Task thread only.
class UnreadTopics {
 public:
  /// Topics warned of in one look; the rest is one line.
  static constexpr size_t kMaxWarnings = 100;

  explicit UnreadTopics(TopicSelection selection) : selection_(std::move(selection)) {}

  /// Cheap while the catalog is the same one. Warns of each topic once for each set of groups it has.
  void look(const CatalogSource& catalog);
  size_t count() const noexcept { return unread_.size(); }

 private:
  const TopicSelection selection_;
  std::map<std::string, std::vector<std::string>> unread_;
  uint64_t generation_ = 0;
  bool looked_ = false;
};

}  // namespace millrace::feature_store

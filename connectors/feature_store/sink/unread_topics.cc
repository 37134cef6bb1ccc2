#include "connectors/feature_store/sink/unread_topics.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "millrace/log.h"

namespace millrace::feature_store {
namespace {

constexpr std::string_view kLogger = "millrace.feature_store.UnreadTopics";

}  // namespace

std::map<std::string, std::vector<std::string>> unread_topics(const Catalog& catalog,
                                                              const TopicSelection& selection) {
  std::map<std::string, std::vector<std::string>> unread;
  for (const FeatureGroupPtr& group : catalog.parts().groups) {
    if (group->topic.empty() || group->deleted || !group->online_enabled) continue;
    const auto known = unread.find(group->topic);
    if (known == unread.end() && selection.reads(group->topic)) continue;
    unread[group->topic].push_back(fmt::format("{} (id {})", group->table(), group->id));
  }
  return unread;
}

void UnreadTopics::look(const CatalogSource& catalog) {
  const uint64_t generation = catalog.generation();
  if (std::exchange(looked_, true) && generation == generation_) return;
  generation_ = generation;
  auto unread = unread_topics(*catalog.current(), selection_);
  size_t warnings = 0;
  for (const auto& [topic, groups] : unread) {
    const auto before = unread_.find(topic);
    if (before != unread_.end() && before->second == groups) continue;
    if (++warnings > kMaxWarnings) continue;
    log(LogLevel::Warn, kLogger,
        fmt::format("Topic {} is not read, but feature groups have their rows there: {}; add it to {}, or drop it "
                    "from their metadata",
                    topic, fmt::join(groups, ", "), selection_.key()));
  }
  if (warnings > kMaxWarnings) {
    log(LogLevel::Warn, kLogger,
        fmt::format("{} more topics of feature groups are not read; see {}", warnings - kMaxWarnings,
                    selection_.key()));
  }
  unread_ = std::move(unread);
}

}  // namespace millrace::feature_store

#include "connectors/feature_store/sink/topic_selection.h"

#include <algorithm>
#include <utility>

#include "millrace/errors.h"
#include "millrace/text.h"

namespace millrace::feature_store {

TopicSelection::TopicSelection(const Properties& config) {
  for (const char* key : {"topic_list", "topics"}) {
    std::vector<std::string> names = split_list(find(config, key));
    if (names.empty()) continue;
    key_ = key;
    names_ = std::move(names);
    return;
  }
  key_ = "topics.regex";
  const std::string* pattern = find(config, key_);
  try {
    pattern_.emplace(pattern != nullptr ? *pattern : kDefaultTopics);
  } catch (const Error&) {
    pattern_.reset();
  }
}

bool TopicSelection::reads(const std::string& topic) const {
  if (!pattern_) return std::find(names_.begin(), names_.end(), topic) != names_.end();
  try {
    return pattern_->matches(topic);
  } catch (const Error&) {
    return false;  // too much backtracking
  }
}

}  // namespace millrace::feature_store

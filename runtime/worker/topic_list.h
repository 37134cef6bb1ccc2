#pragma once
// `topics` and `topics.regex` of a sink.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/errors.h"
#include "millrace/properties.h"

namespace millrace {

/// What a sink consumes: names (trimmed, without repetitions and blanks) or a pattern.
struct TopicSelection {
  std::vector<std::string> names;
  std::string pattern;
};

/// Throws ConfigException unless exactly one of the two is set.
inline TopicSelection select_topics(const Properties& config) {
  TopicSelection selection;
  if (const std::string* pattern = find(config, "topics.regex")) selection.pattern = *pattern;
  for (std::string& name : split_list(find(config, "topics"))) {
    auto& names = selection.names;
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(std::move(name));
    }
  }
  if (selection.names.empty() == selection.pattern.empty()) {
    throw ConfigException(selection.names.empty()
                              ? "Must configure one of topics or topics.regex"
                              : "topics and topics.regex are mutually exclusive options, but both "
                                "are set.");
  }
  return selection;
}

/// `task` with the topics of the connector's resolved configuration, which count where they are given.
inline Properties with_resolved_topics(Properties task, const Properties& connector) {
  for (const char* key : {"topics", "topics.regex"}) {
    if (const std::string* value = find(connector, key)) task.insert_or_assign(key, *value);
  }
  return task;
}

}  // namespace millrace

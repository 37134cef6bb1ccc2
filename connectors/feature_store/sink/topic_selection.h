#pragma once
// Which topics a configuration reads.

#include <optional>
#include <string>
#include <vector>

#include "millrace/java_regex.h"
#include "millrace/properties.h"

namespace millrace::feature_store {

/// Pattern of the topics that are read where the configuration names none.
inline constexpr const char* kDefaultTopics = ".*_onlinefs";

/// Immutable; any thread.
class TopicSelection {
 public:
  /// Of a configuration as the user wrote it, or resolved. A pattern that is malformed selects nothing: the worker
  /// refuses it.
  explicit TopicSelection(const Properties& config);

  bool reads(const std::string& topic) const;
  /// The key that says so: `topics`, `topic_list` or `topics.regex`.
  const std::string& key() const noexcept { return key_; }

 private:
  std::string key_;
  std::vector<std::string> names_;
  std::optional<JavaRegex> pattern_;
};

}  // namespace millrace::feature_store

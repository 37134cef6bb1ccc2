#pragma once
// Answers by topic name: a task sees few topics, so patterns need not run for every record.

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace millrace::transforms {

/// Remembers up to kMaxTopics answers and forgets all of them when it is full. Task thread only.
template <class Answer>
class TopicCache {
 public:
  static constexpr size_t kMaxTopics = 1000;

  /// The answer for `topic`, from `compute(topic)` when it is new. Valid until the next call.
  template <class Compute>
  const Answer& get(std::string_view topic, const Compute& compute) {
    if (const auto known = answers_.find(topic); known != answers_.end()) return known->second;
    Answer answer = compute(topic);
    if (answers_.size() >= kMaxTopics) answers_.clear();
    return answers_.emplace(std::string(topic), std::move(answer)).first->second;
  }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, Answer, Hash, std::equal_to<>> answers_;
};

}  // namespace millrace::transforms

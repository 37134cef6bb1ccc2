#pragma once
// Least-recently-used cache by text (Kafka's LRUCache).

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace millrace::converters {

/// Holds at most `limit` entries, and one when the limit is below 1. Entries stay where they are
/// until evicted. One thread at a time.
template <class Key, class KeyView, class Entry>
class LruCache {
 public:
  void set_limit(size_t limit) noexcept { limit_ = limit == 0 ? 1 : limit; }
  size_t size() const noexcept { return entries_.size(); }

  /// Null when it is not there; else it is the newest now.
  Entry* find(KeyView key) {
    const auto at = index_.find(key);
    if (at == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, at->second);
    return &at->second->second;
  }
  /// The key must not be there. May evict the oldest entry.
  Entry& insert(Key key, Entry entry) {
    if (entries_.size() >= limit_) {
      index_.erase(KeyView(entries_.back().first));
      entries_.pop_back();
    }
    entries_.emplace_front(std::move(key), std::move(entry));
    index_.emplace(KeyView(entries_.front().first), entries_.begin());
    return entries_.front().second;
  }
  void clear() {
    index_.clear();
    entries_.clear();
  }

 private:
  using Entries = std::list<std::pair<Key, Entry>>;
  size_t limit_ = 1;
  Entries entries_;  // newest first
  std::unordered_map<KeyView, typename Entries::iterator> index_;
};

}  // namespace millrace::converters

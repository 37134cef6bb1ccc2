#pragma once

#include <set>
#include <vector>

#include "runtime/group/java_order.h"

namespace millrace::group {

/// A set that iterates in the order of insertion, as Java's LinkedHashSet.
template <typename T>
class LinkedSet {
 public:
  LinkedSet() = default;
  template <typename Items>
  explicit LinkedSet(const Items& items) {
    add_all(items);
  }

  void add(const T& item) {
    if (members_.insert(item).second) items_.push_back(item);
  }
  template <typename Items>
  void add_all(const Items& items) {
    for (const T& item : items) add(item);
  }
  template <typename Items>
  void remove_all(const Items& items) {
    const size_t before = members_.size();
    for (const T& item : items) members_.erase(item);
    if (members_.size() == before) return;
    std::erase_if(items_, [this](const T& item) { return !members_.contains(item); });
  }

  bool contains(const T& item) const { return members_.contains(item); }
  size_t size() const noexcept { return items_.size(); }
  bool empty() const noexcept { return items_.empty(); }
  const std::vector<T>& items() const noexcept { return items_; }
  /// The items in Java's order of comparison.
  const std::set<T, JavaLess>& sorted() const noexcept { return members_; }
  auto begin() const noexcept { return items_.begin(); }
  auto end() const noexcept { return items_.end(); }

 private:
  std::vector<T> items_;
  std::set<T, JavaLess> members_;
};

}  // namespace millrace::group

#pragma once
// The orders in which Java's assignor meets connectors, tasks and members: they decide who gets
// what.

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/ids.h"

namespace millrace::group {

/// compareTo of String and of Connect's ConnectorTaskId.
struct JavaLess {
  bool operator()(const std::string& left, const std::string& right) const noexcept;
  bool operator()(const ConnectorTaskId& left, const ConnectorTaskId& right) const noexcept;
};

/// Position of each of the `hashes` (Java hash codes, in the order the keys were put) when a
/// HashMap that began with `capacity` buckets iterates.
std::vector<size_t> java_hash_order(const std::vector<uint32_t>& hashes, uint32_t capacity);

/// hashCode of a String and of Connect's ConnectorTaskId.
uint32_t java_hash(const std::string& text) noexcept;
uint32_t java_hash(const ConnectorTaskId& task) noexcept;

/// Buckets of `new HashSet<>(collection)` for so many elements, in JDK 17. From JDK 19 on it
/// differs for 12, 24, 48, ... elements; only the order inside a blob depends on it, and readers do
/// not.
uint32_t java_set_capacity(size_t elements) noexcept;

/// Distinct `items` in the order of a HashSet with so many buckets at first.
template <typename T>
std::vector<T> arranged_as_java_set(const std::vector<T>& items, uint32_t capacity) {
  std::vector<uint32_t> hashes;
  for (const T& item : items) hashes.push_back(java_hash(item));
  std::vector<T> arranged;
  for (const size_t i : java_hash_order(hashes, capacity)) arranged.push_back(items[i]);
  return arranged;
}

}  // namespace millrace::group

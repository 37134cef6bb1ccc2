#include "runtime/group/java_order.h"

#include <algorithm>

#include "millrace/java_map_order.h"
#include "millrace/utf8.h"

namespace millrace::group {

bool JavaLess::operator()(const std::string& left, const std::string& right) const noexcept {
  return utf8::utf16_less(left, right);
}

bool JavaLess::operator()(const ConnectorTaskId& left,
                          const ConnectorTaskId& right) const noexcept {
  if (left.connector != right.connector) return utf8::utf16_less(left.connector, right.connector);
  return left.task < right.task;
}

uint32_t java_hash(const std::string& text) noexcept {
  return java_string_hash(text);
}

uint32_t java_hash(const ConnectorTaskId& task) noexcept {
  return 31 * java_string_hash(task.connector) + static_cast<uint32_t>(task.task);
}

uint32_t java_set_capacity(size_t elements) noexcept {
  return std::max(kJavaMapCapacity, java_map_copy_capacity(elements));
}

std::vector<size_t> java_hash_order(const std::vector<uint32_t>& hashes, uint32_t capacity) {
  std::vector<MapEntry> entries;
  for (const uint32_t hash : hashes) {
    // An Integer is its own hash code.
    entries.push_back({Value::int32(static_cast<int32_t>(hash)),
                       Value::int64(static_cast<int64_t>(entries.size()))});
  }
  arrange_as_java_map(entries, capacity);
  std::vector<size_t> order;
  for (const MapEntry& entry : entries) order.push_back(static_cast<size_t>(entry.value.as_int()));
  return order;
}

}  // namespace millrace::group

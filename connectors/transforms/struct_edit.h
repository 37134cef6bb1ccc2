#pragma once
// Rewriting of structs and maps: a schema is derived from a schema once (PlanCache), then each
// record costs a copy of its values into the arena.

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/transforms/data.h"
#include "connectors/transforms/plan_cache.h"
#include "connectors/transforms/side.h"
#include "millrace/java_map_order.h"

namespace millrace::transforms {

/// Struct.put of a value of the field's own type: only null can be refused.
inline bool check_null(const Field& field, const Value& value, Failure& failure) {
  return !value.is_null() || field.schema->optional() || check_put(field, value, failure);
}

/// All values of a struct, defaults in place of nulls if `replace_null`, into `out`, which has one
/// slot for each field at least. Fails where Struct.put would.
bool copy_fields(const StructData& data, bool replace_null, std::span<Value> out,
                 Failure& failure);

/// A struct over values already in the arena.
inline Value make_struct(const Schema* schema, const Value* values, Arena& arena) {
  auto* data = arena.make<StructData>();
  data->schema = schema;
  data->values = values;
  return Value::structure(data);
}

/// A copy of a map that can be written to. Keys keep their order, new ones go to the end, until the
/// result is asked for.
class MapEdit {
 public:
  /// Makes room for `more` new keys.
  MapEdit(const Value& map, size_t more, Arena& arena)
      : arena_(arena), entries_(arena.make_array<MapEntry>(map.size() + more)), copied_(map.size()),
        size_(map.size()) {
    std::copy_n(map.as_map().data(), size_, entries_.data());
  }
  /// An empty map with room for `room` keys.
  MapEdit(size_t room, Arena& arena) : arena_(arena), entries_(arena.make_array<MapEntry>(room)) {}

  /// Null when there is no such key.
  Value* find(std::string_view key) noexcept {
    for (MapEntry& entry : entries_.first(size_)) {
      if (entry.key.type() == Type::String && entry.key.as_string() == key) return &entry.value;
    }
    return nullptr;
  }
  /// Map.put. A new key is copied into the arena.
  void put(std::string_view key, const Value& value) {
    if (Value* old = find(key); old != nullptr) {
      *old = value;
    } else {
      append(Value::string(arena_.copy(key)), value);
    }
  }
  /// The key must not be there.
  void append(const Value& key, const Value& value) noexcept { entries_[size_++] = {key, value}; }
  /// In the order of puts, as a LinkedHashMap.
  Value linked() const noexcept { return Value::map(entries_.first(size_)); }
  /// In the order of `new HashMap<>(capacity)` with these puts.
  Value hashed(JavaMapOrder& order, uint32_t capacity) {
    order.arrange(entries_.first(size_), capacity);
    return linked();
  }
  /// In the order of `new HashMap<>(map)` with the puts that followed.
  Value hashed_copy(JavaMapOrder& order) { return hashed(order, java_map_copy_capacity(copied_)); }

 private:
  Arena& arena_;
  std::span<MapEntry> entries_;
  size_t copied_ = 0;
  size_t size_ = 0;
};

/// Puts settings into the order in which Kafka goes through them, having them in a HashMap of
/// `name_of` each. Once per configuration.
template <class Item, class NameOf>
void sort_as_java_map(std::vector<Item>& items, const NameOf& name_of,
                      uint32_t capacity = kJavaMapCapacity) {
  std::vector<MapEntry> entries;
  for (size_t i = 0; i < items.size(); ++i) {
    entries.push_back({Value::string(name_of(items[i])), Value::int64(static_cast<int64_t>(i))});
  }
  arrange_as_java_map(entries, capacity);
  std::vector<Item> sorted;
  for (const MapEntry& entry : entries) {
    sorted.push_back(items[static_cast<size_t>(entry.value.as_int())]);
  }
  items = std::move(sorted);
}

/// Names looked up per field.
class NameSet {
 public:
  NameSet() = default;
  explicit NameSet(std::vector<std::string> names) : names_(std::move(names)) {
    std::sort(names_.begin(), names_.end());
  }
  bool contains(std::string_view name) const noexcept {
    return std::binary_search(names_.begin(), names_.end(), name, std::less<>());
  }
  bool empty() const noexcept { return names_.empty(); }

 private:
  std::vector<std::string> names_;
};

}  // namespace millrace::transforms

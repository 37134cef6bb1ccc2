#pragma once
// What source tasks mostly need: partitions and offsets of one field, and a wait that ends on a stop.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string_view>

#include "millrace/arena.h"
#include "millrace/value.h"

namespace millrace {

/// A map of one entry. `key` must outlive the arena's content, as a literal does.
inline Value single_entry_map(Arena& arena, std::string_view key, const Value& value) {
  const auto entries = arena.make_array<MapEntry>(1);
  entries[0] = {Value::string(key), value};
  return Value::map(entries);
}

/// The value of the entry with this text as its key; Null when there is none or `map` is no map.
inline Value map_field(const Value& map, std::string_view key) noexcept {
  if (map.type() != Type::Map) return {};
  for (const MapEntry& entry : map.as_map()) {
    if (entry.key.type() == Type::String && entry.key.as_string() == key) return entry.value;
  }
  return {};
}

/// poll() may wait a little when there is nothing to read, and must come back when asked to stop.
inline void wait_idle(const std::stop_token& stop, std::chrono::duration<double> limit) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, limit, [] { return false; });
}

}  // namespace millrace

#include <utility>

#include "millrace/errors.h"
#include "millrace/json.h"
#include "runtime/storage/java_hash_map.h"
#include "runtime/storage/offset_store.h"

namespace millrace {
namespace {

// Lookup is by raw bytes, so the members stand in the order a Java HashMap has them.
void append_partition(std::string& out, const Value& partition) {
  if (partition.type() != Type::Map || partition.size() < 2) return append_json(out, partition);
  std::vector<std::string_view> keys;
  for (const MapEntry& entry : partition.as_map()) keys.push_back(entry.key.as_string());
  out += '{';
  bool first = true;
  for (const size_t i : java_hash_map_order(keys)) {
    if (!std::exchange(first, false)) out += ',';
    append_json_string(out, keys[i]);
    out += ':';
    append_json(out, partition.as_map()[i].value);
  }
  out += '}';
}

}  // namespace

std::string offset_key(std::string_view connector, const Value& partition) {
  std::string key = "[";
  append_json_string(key, connector);
  key += ',';
  append_partition(key, partition);
  key += ']';
  return key;
}

std::optional<std::pair<std::string, std::string>> parse_offset_key(std::string_view key) {
  Arena arena;
  Value value;
  if (!parse_json(key, arena, value).empty() || value.type() != Type::Array || value.size() != 2) {
    return std::nullopt;
  }
  const auto parts = value.as_array();
  if (parts[0].type() != Type::String || parts[1].type() != Type::Map) return std::nullopt;
  std::string partition;
  append_json(partition, parts[1]);
  return std::pair(std::string(parts[0].as_string()), std::move(partition));
}

}  // namespace millrace

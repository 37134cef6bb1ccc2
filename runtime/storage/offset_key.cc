#include <utility>

#include "millrace/errors.h"
#include "millrace/java_map_order.h"
#include "millrace/json.h"
#include "runtime/storage/offset_store.h"

namespace millrace {
namespace {

// Lookup is by raw bytes, so the members stand in the order a Java HashMap has them.
void append_partition(std::string& out, const Value& partition) {
  if (partition.type() != Type::Map) return append_json(out, partition);
  std::vector<MapEntry> entries(partition.as_map().begin(), partition.as_map().end());
  arrange_as_java_map(entries);
  append_json(out, Value::map(entries));
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

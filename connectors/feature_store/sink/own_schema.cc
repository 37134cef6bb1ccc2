#include "connectors/feature_store/sink/own_schema.h"

#include <string>
#include <string_view>
#include <utility>

#include "connectors/feature_store/model/hive_schema.h"

namespace millrace::feature_store {
namespace {

/// FNV-1a: ids are stored, so they must not depend on the standard library's hash.
uint64_t stable_hash(std::string_view text) noexcept {
  uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash;
}

/// Hive text has rules of its own for names, so the fields get theirs afterwards.
avro::SchemaPtr schema_of(const FeatureGroup& group) {
  std::string hive = "struct<";
  size_t count = 0;
  for (const auto& [name, type] : group.feature_types) {
    if (count > 0) hive += ',';
    hive += "f" + std::to_string(count++) + ":" + type.text;
  }
  const avro::SchemaPtr nullable = schema_of_hive(hive + ">");
  avro::Json record = nullable->to_json().at(1);
  size_t i = 0;
  for (const auto& [name, type] : group.feature_types) record["fields"][i++]["name"] = name;
  return avro::Schema::from_json(record);
}

}  // namespace

OwnSchema own_schema(const FeatureGroup& group) {
  if (!group.schemas.empty()) {
    const auto& [id, schema] = *group.schemas.rbegin();
    return {id, schema};
  }
  if (group.feature_types.empty()) return {};
  avro::SchemaPtr made = schema_of(group);
  constexpr uint64_t kMask = kFirstMadeSchema - 1;
  const uint64_t hash = stable_hash(made->to_text() + std::to_string(group.id)) & kMask;
  return {kFirstMadeSchema + static_cast<int64_t>(hash), std::move(made)};
}

}  // namespace millrace::feature_store

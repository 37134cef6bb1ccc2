#include <fmt/format.h>

#include "connectors/lakehouse/table/evolution.h"
#include "connectors/lakehouse/table/json_members.h"
#include "connectors/lakehouse/table/metadata_document.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

constexpr std::string_view kWhat = kNameMapping;

/// The entry of that field; null when there is none.
Json* find_entry(Json& mapping, int32_t id) {
  for (Json& entry : mapping) {
    if (members::optional_int32(entry, "field-id", kWhat) == id) return &entry;
  }
  return nullptr;
}

void take_name(Json& mapping, const std::string& name) {
  for (Json& entry : mapping) {
    Json kept = Json::array();
    for (const Json& other : members::array(entry, "names", kWhat)) {
      if (other != name) kept.push_back(other);
    }
    entry["names"] = std::move(kept);
  }
}

void extend(Json& mapping, const std::vector<NestedField>& fields) {
  if (!mapping.is_array()) throw DataException(fmt::format("{}: must be an array", kWhat));
  for (const NestedField& field : fields) {
    Json* entry = find_entry(mapping, field.id);
    if (entry == nullptr) {
      take_name(mapping, field.name);
      mapping.push_back({{"field-id", field.id}, {"names", Json::array({field.name})}});
      entry = &mapping.back();
    }
    if (field.type->is_primitive()) continue;
    if (members::find(*entry, "fields", kWhat) == nullptr) (*entry)["fields"] = Json::array();
    extend((*entry)["fields"], field.type->fields);
  }
}

}  // namespace

std::string name_mapping(const TableSchema& schema) {
  return extended_name_mapping("[]", schema);
}

std::string extended_name_mapping(std::string_view mapping, const TableSchema& schema) {
  Json json = parse_document(mapping);
  extend(json, schema.fields);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace millrace::lakehouse

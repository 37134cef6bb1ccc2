#include "connectors/lakehouse/table/metadata_document.h"

#include <fmt/format.h>

#include <algorithm>

#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

constexpr int32_t kNewestVersion = 3;

[[noreturn]] void refuse(const std::string& why) {
  throw DataException(fmt::format("{}: {}", kDocument, why));
}

int depth_of(std::string_view text) noexcept {
  int depth = 0;
  int deepest = 0;
  bool quoted = false;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') ++at;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

bool has(const Json& document, std::string_view name) {
  return members::find(document, name, kDocument) != nullptr;
}

Json first_spec(const Json& document) {
  Json spec = {{"spec-id", 0}, {"fields", Json::array()}};
  if (has(document, "partition-spec")) {
    spec["fields"] = members::array(document, "partition-spec", kDocument);
  }
  return spec;
}

int64_t last_partition_id(const Json& document) {
  int64_t last = kNoPartitionField;
  for (const Json& spec : members::array(document, "partition-specs", kDocument)) {
    for (const PartitionField& field : spec_from_json(spec).fields) {
      last = std::max<int64_t>(last, field.field_id);
    }
  }
  return last;
}

void complete_version_1(Json& document) {
  if (!has(document, "schemas")) {
    Json schema = members::get(document, "schema", kDocument);
    if (!schema.is_object()) refuse("member `schema` must be an object");
    schema["schema-id"] = members::optional_int32(schema, "schema-id", "schema").value_or(0);
    document["current-schema-id"] = schema["schema-id"];
    document["schemas"] = Json::array({schema});
  }
  if (!has(document, "partition-specs")) {
    document["partition-specs"] = Json::array({first_spec(document)});
    document["default-spec-id"] = 0;
  }
  if (!has(document, "last-partition-id")) {
    document["last-partition-id"] = last_partition_id(document);
  }
  if (!has(document, "sort-orders")) {
    const Json unsorted = {{"order-id", 0}, {"fields", Json::array()}};
    document["sort-orders"] = Json::array({unsorted});
    document["default-sort-order-id"] = 0;
  }
}

void complete_lists(Json& document) {
  for (const char* name : {"snapshots", "snapshot-log", "metadata-log"}) {
    if (!has(document, name)) document[name] = Json::array();
    members::array(document, name, kDocument);
  }
  for (const char* name : {"statistics", "partition-statistics"}) {
    if (has(document, name)) members::array(document, name, kDocument);
  }
  for (const char* name : {"properties", "refs"}) {
    if (!has(document, name)) document[name] = Json::object();
    if (!document[name].is_object()) refuse(fmt::format("member `{}` must be an object", name));
  }
  for (const auto& [name, value] : document["properties"].items()) {
    if (!value.is_string()) refuse(fmt::format("property `{}` must be text", name));
  }
}

void complete_main(Json& document) {
  Json& refs = document["refs"];
  for (const auto& [name, ref] : refs.items()) {
    members::int64(ref, "snapshot-id", fmt::format("{}: reference {}", kDocument, name));
  }
  const int64_t current =
      members::optional_int64(document, "current-snapshot-id", kDocument).value_or(kNoSnapshot);
  const Json* main = members::find(refs, kMainBranch, kDocument);
  if (main == nullptr && current != kNoSnapshot && refs.empty()) {
    refs[std::string(kMainBranch)] = {{"snapshot-id", current}, {"type", "branch"}};
    return;
  }
  const int64_t head = main == nullptr ? kNoSnapshot : members::int64(*main, "snapshot-id", "main");
  if (head != current) {
    refuse(fmt::format("the current snapshot is {}, but branch main is at {}", current, head));
  }
}

void check_numbers(const Json& document, int32_t version) {
  for (const char* name : {"current-schema-id", "default-spec-id", "last-partition-id",
                           "default-sort-order-id", "last-column-id"}) {
    members::int32(document, name, kDocument);
  }
  members::int64(document, "last-updated-ms", kDocument);
  if (version > 1) members::int64(document, "last-sequence-number", kDocument);
  if (version > 2) members::int64(document, "next-row-id", kDocument);
}

}  // namespace

Json parse_document(std::string_view text) {
  if (depth_of(text) > kMaxJsonDepth) {
    refuse(fmt::format("is nested deeper than {}", kMaxJsonDepth));
  }
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    refuse(fmt::format("is no JSON: {}", error.what()));
  }
}

void complete_document(Json& document) {
  const int32_t version = members::int32(document, "format-version", kDocument);
  if (version > kNewestVersion) {
    throw UnsupportedException(fmt::format("{}: format version {} is not supported, only up to {}",
                                           kDocument, version, kNewestVersion));
  }
  if (version < 1) refuse(fmt::format("format version {} does not exist", version));
  if (version == 1) complete_version_1(document);
  if (version > 1) members::text(document, "table-uuid", kDocument);
  members::text(document, "location", kDocument);
  for (const char* name : {"schemas", "partition-specs", "sort-orders"}) {
    members::array(document, name, kDocument);
  }
  check_numbers(document, version);
  complete_lists(document);
  complete_main(document);
}

const Json* element(const Json& list, std::string_view key, int64_t id) {
  for (const Json& item : list) {
    const Json* value = members::find(item, key, kDocument);
    if (value != nullptr && value->is_number_integer() && value->get<int64_t>() == id) {
      return &item;
    }
  }
  return nullptr;
}

int64_t highest(const Json& list, std::string_view key, int64_t floor) {
  for (const Json& item : list) {
    floor = std::max(floor, members::optional_int64(item, key, kDocument).value_or(floor));
  }
  return floor;
}

}  // namespace millrace::lakehouse

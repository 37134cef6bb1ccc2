// Updates of schemas, partition specs and sort orders.

#include <fmt/format.h>

#include <algorithm>

#include "connectors/lakehouse/table/field_ids.h"
#include "connectors/lakehouse/table/metadata_document.h"
#include "connectors/lakehouse/table/update_editor.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

/// The same but for `key`, in whatever order members come.
bool same_but_for(const Json& a, const Json& b, const char* key) {
  nlohmann::json left = a;
  nlohmann::json right = b;
  left.erase(key);
  right.erase(key);
  return left == right;
}

/// `key` of an element of the list that is the same; none when there is none.
std::optional<int32_t> find_same(const Json& list, const Json& item, const char* key) {
  for (const Json& other : list) {
    if (same_but_for(other, item, key)) return members::int32(other, key, kDocument);
  }
  return std::nullopt;
}

bool same_fields(const PartitionSpec& a, const PartitionSpec& b) {
  return std::equal(a.fields.begin(), a.fields.end(), b.fields.begin(), b.fields.end(),
                    [](const PartitionField& x, const PartitionField& y) {
                      return x.source_id == y.source_id && x.name == y.name &&
                             x.transform == y.transform;
                    });
}

std::optional<int32_t> find_same_spec(const Json& specs, const Json& wanted) {
  const PartitionSpec spec = spec_from_json(wanted);
  for (const Json& other : specs) {
    if (same_fields(spec_from_json(other), spec))
      return members::int32(other, "spec-id", kDocument);
  }
  return std::nullopt;
}

/// Of an equal field in any spec; none when there is none.
std::optional<int32_t> known_field_id(const Json& specs, const Json& wanted) {
  for (const Json& spec : specs) {
    for (const Json& field : members::array(spec, "fields", kDocument)) {
      if (same_but_for(field, wanted, "field-id")) {
        return members::optional_int32(field, "field-id", kDocument);
      }
    }
  }
  return std::nullopt;
}

void check_sources(const PartitionSpec& spec, const TableSchema& schema) {
  for (const PartitionField& field : spec.fields) {
    if (field.transform.kind == TransformKind::Void) continue;
    const NestedField* source = schema.field(field.source_id);
    if (source == nullptr) {
      throw DataException(
          fmt::format("partition field {} needs column {}, which schema {} does not "
                      "have",
                      field.name, field.source_id, schema.id));
    }
    if (field.transform.kind != TransformKind::Unknown &&
        !accepts(field.transform, *source->type)) {
      throw DataException(
          fmt::format("partition field {}: transform {} does not take values of "
                      "type {}",
                      field.name, transform_text(field.transform), type_text(*source->type)));
    }
  }
}

/// Java does not read a table whose default order needs a column that is not there.
void check_order(const Json& order, const TableSchema& schema) {
  for (const Json& field : members::array(order, "fields", "sort order")) {
    const auto source = members::optional_int32(field, "source-id", "sort field");
    if (!source || schema.field(*source) != nullptr) continue;
    throw DataException(fmt::format("a sort order needs column {}, which schema {} does not have",
                                    *source, schema.id));
  }
}

}  // namespace

TableSchema UpdateEditor::current_schema() const {
  const int32_t id = members::int32(document_, "current-schema-id", kDocument);
  if (const Json* schema =
          element(members::array(document_, "schemas", kDocument), "schema-id", id)) {
    return schema_from_json(*schema);
  }
  throw DataException(fmt::format("{}: the current schema {} is not in `schemas`", kDocument, id));
}

int32_t UpdateEditor::chosen(const Json& update, std::string_view name, std::string_view list,
                             std::string_view key, std::optional<int32_t> added) const {
  const std::string action = members::text(update, "action", "update");
  const int32_t id = members::int32(update, name, action);
  if (id == -1) {
    if (added) return *added;
    throw DataException(fmt::format("{}: nothing was added before", action));
  }
  if (element(members::array(document_, list, kDocument), key, id) == nullptr) {
    throw DataException(fmt::format("{}: `{}` has no element {}", action, list, id));
  }
  return id;
}

void UpdateEditor::add_schema(const Json& update) {
  Json schema = members::get(update, "schema", "add-schema");
  const TableSchema parsed = schema_from_json(schema);
  check_schema(parsed);
  const int32_t last = members::int32(document_, "last-column-id", kDocument);
  const int32_t given =
      members::optional_int32(update, "last-column-id", "add-schema").value_or(last);
  if (given < last) {
    throw DataException(
        fmt::format("add-schema: last column id {} is below the table's {}: its "
                    "ids would be used again",
                    given, last));
  }
  document_["last-column-id"] = std::max(given, parsed.highest_id());
  Json& schemas = document_["schemas"];
  added_schema_ = find_same(schemas, schema, "schema-id");
  if (added_schema_) return;
  added_schema_ = static_cast<int32_t>(highest(schemas, "schema-id", -1) + 1);
  schema["schema-id"] = *added_schema_;
  schemas.push_back(std::move(schema));
}

void UpdateEditor::set_current_schema(const Json& update) {
  const int32_t id = chosen(update, "schema-id", "schemas", "schema-id", added_schema_);
  const Json& schema = *element(document_["schemas"], "schema-id", id);
  const TableSchema parsed = schema_from_json(schema);
  const auto spec_id = members::int32(document_, "default-spec-id", kDocument);
  if (const Json* spec = element(document_["partition-specs"], "spec-id", spec_id)) {
    check_sources(spec_from_json(*spec), parsed);
  }
  const auto order_id = members::int32(document_, "default-sort-order-id", kDocument);
  if (const Json* order = element(document_["sort-orders"], "order-id", order_id)) {
    check_order(*order, parsed);
  }
  if (version() == 1) document_["schema"] = schema;
  document_["current-schema-id"] = id;
}

void UpdateEditor::complete_spec(Json& spec) {
  int32_t last = members::int32(document_, "last-partition-id", kDocument);
  const Json& specs = document_["partition-specs"];
  for (Json& field : spec["fields"]) {
    auto id = members::optional_int32(field, "field-id", "partition field");
    if (!id) id = known_field_id(specs, field);
    if (!id) id = last + 1;
    field["field-id"] = *id;
    last = std::max(last, *id);
  }
  document_["last-partition-id"] = last;
}

void UpdateEditor::add_spec(const Json& update) {
  Json spec = members::get(update, "spec", "add-spec");
  check_sources(spec_from_json(spec), current_schema());
  Json& specs = document_["partition-specs"];
  added_spec_ = find_same_spec(specs, spec);
  if (added_spec_) return;
  complete_spec(spec);
  added_spec_ = static_cast<int32_t>(highest(specs, "spec-id", -1) + 1);
  spec["spec-id"] = *added_spec_;
  specs.push_back(std::move(spec));
}

void UpdateEditor::set_default_spec(const Json& update) {
  const int32_t id = chosen(update, "spec-id", "partition-specs", "spec-id", added_spec_);
  const Json& spec = *element(document_["partition-specs"], "spec-id", id);
  check_sources(spec_from_json(spec), current_schema());
  if (version() == 1) {
    document_["partition-spec"] = members::array(spec, "fields", kDocument);
  }
  document_["default-spec-id"] = id;
}

void UpdateEditor::add_sort_order(const Json& update) {
  Json order = members::get(update, "sort-order", "add-sort-order");
  const bool unsorted = members::array(order, "fields", "sort order").empty();
  check_order(order, current_schema());
  Json& orders = document_["sort-orders"];
  added_sort_order_ = find_same(orders, order, "order-id");
  if (added_sort_order_) return;
  // 0 is the order of what is not sorted, and no other's.
  added_sort_order_ = unsorted ? 0 : static_cast<int32_t>(highest(orders, "order-id", 0) + 1);
  order["order-id"] = *added_sort_order_;
  orders.push_back(std::move(order));
}

void UpdateEditor::set_default_sort_order(const Json& update) {
  const int32_t id = chosen(update, "sort-order-id", "sort-orders", "order-id", added_sort_order_);
  check_order(*element(document_["sort-orders"], "order-id", id), current_schema());
  document_["default-sort-order-id"] = id;
}

}  // namespace millrace::lakehouse

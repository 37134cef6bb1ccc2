#include <fmt/format.h>

#include "connectors/feature_store/serving/feast_lookup.h"
#include "connectors/feature_store/serving/request_error.h"

namespace millrace::feature_store {

void EntityColumns::read(const Value* object, std::string_view what, size_t max_rows) {
  columns.clear();
  rows = 0;
  if (object == nullptr || object->type() != Type::Map || object->size() == 0) {
    throw RequestError(ErrorCode::BadInput, fmt::format("'{}' must be an object of lists", what));
  }
  if (object->size() > 2 * kMaxColumns) {
    throw RequestError(ErrorCode::BadInput, fmt::format("'{}' has too many columns", what));
  }
  for (const MapEntry& entry : object->as_map()) {
    if (entry.value.type() != Type::Array) {
      throw RequestError(ErrorCode::BadInput,
                         fmt::format("'{}' must be a list", entry.key.as_string()));
    }
    if (!columns.empty() && entry.value.size() != rows) {
      throw RequestError(ErrorCode::BadInput,
                         fmt::format("The lists of '{}' must be of one length", what));
    }
    rows = entry.value.size();
    if (rows > max_rows) {
      throw RequestError(ErrorCode::BadInput, fmt::format("'{}' may have {} rows, this one has {}",
                                                          what, max_rows, rows));
    }
    columns.push_back({entry.key.as_string(), entry.value.as_array()});
  }
}

const EntityColumns::Column* EntityColumns::find(std::string_view name) const noexcept {
  for (const Column& column : columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

const EntityColumns::Column* key_column(const FeastView& view, std::string_view feature,
                                        const EntityColumns& columns) {
  for (const auto& [join_key, own] : view.entities) {
    if (own != feature) continue;
    if (const auto* column = columns.find(join_key)) return column;
  }
  return columns.find(feature);
}

}  // namespace millrace::feature_store

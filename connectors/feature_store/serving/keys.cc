#include "connectors/feature_store/serving/keys.h"

#include "connectors/feature_store/wire/cell_parse.h"

namespace millrace::feature_store {

KeyFault append_key_part(const KeySchema& schema, size_t i, const Value& json, Arena& arena,
                         std::string& key, const char*& reason) {
  const FeatureType& type = schema.types()[i];
  Cell cell;
  reason = cell_of(json, type, arena, cell);
  if (reason != nullptr) return KeyFault::WrongType;
  if (cell.is_null()) {
    reason = "a primary key is never null";
    return KeyFault::WrongType;
  }
  reason = schema.append(key, i, cell, type.scale);
  return reason == nullptr ? KeyFault::None : KeyFault::BadValue;
}

}  // namespace millrace::feature_store

#include "connectors/scalars/member.h"

#include "millrace/schema.h"

namespace millrace {

const Value* member_of(const Value& object, std::string_view name) {
  if (object.type() == Type::Map) {
    for (const MapEntry& entry : object.as_map()) {
      if (entry.key.type() == Type::String && entry.key.as_string() == name) return &entry.value;
    }
    return nullptr;
  }
  const StructData& data = object.as_struct();
  const Field* field = data.schema->field(name);
  return field == nullptr ? nullptr : &data.values[field->index];
}

}  // namespace millrace

#include "connectors/transforms/struct_edit.h"

namespace millrace::transforms {

bool copy_fields(const StructData& data, bool replace_null, std::span<Value> out,
                 Failure& failure) {
  for (const Field& field : data.schema->fields()) {
    out[field.index] = field_value(data, field, replace_null);
    if (!check_null(field, out[field.index], failure)) return false;
  }
  return true;
}

}  // namespace millrace::transforms

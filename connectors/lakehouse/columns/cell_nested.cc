// Values of structs, lists and maps.

#include <algorithm>

#include "connectors/lakehouse/columns/cell_context.h"
#include "connectors/lakehouse/columns/members.h"
#include "connectors/lakehouse/columns/type_inference.h"

namespace millrace::lakehouse {
namespace {

/// Bytes of one row, without what is of varying length.
int64_t row_bytes(const Column& column) noexcept {
  int64_t bytes = 1;  // validity, about
  if (column.width() > 0) return bytes + column.width();
  if (column.field().type->id != TypeId::Struct) return bytes + static_cast<int64_t>(sizeof(int32_t));
  for (const Column& child : column.children()) bytes += row_bytes(child);
  return bytes;
}

bool take_rows(const Column& column, size_t rows, CellContext& context) {
  return rows == 0 || context.take(static_cast<int64_t>(rows) * row_bytes(column));
}

/// A member that no child took: one that there is no child for, or a second one for a child.
bool left_over(const Column& column, const Members& members, size_t at, CellContext& context) {
  const CellOptions& options = context.options;
  const std::string_view name = members.name(at);
  const auto fits = [&](const Column& child) {
    return same_name(child.field().name, name, options.ignore_case);
  };
  const auto child = std::find_if(column.children().begin(), column.children().end(), fits);
  if (child != column.children().end()) {
    size_t first = 0;
    if (members.find(name, options.ignore_case, first) == &members.value(at)) return true;  // it did
    context.refuse(RejectReason::DuplicateKey, "two fields of the record are for this column");
    return context.fail_at(child->field().name);
  }
  if (options.unknown == UnknownMembers::Ignore) return true;
  if (options.unknown == UnknownMembers::Collect) {
    const bool as_text = options.nested == NestedHandling::Stringify;
    if (!tells_type(members.schema(at), members.value(at), {.nested_as_text = as_text})) return true;
  }
  context.refuse(RejectReason::UnknownField, "the table has no such column");
  return context.fail_at(std::string(name));
}

bool append_element(Column& column, const Value& value, CellContext& context) {
  const std::string& name = column.field().name;
  if (!value.is_null()) return append_cell(column, value, context) || context.fail_at(name);
  if (column.field().required) {
    context.refuse(RejectReason::MissingRequired, "");
    return context.fail_at(name);
  }
  column.append_null();
  return true;
}

}  // namespace

bool CellContext::take(int64_t bytes) {
  bytes_left -= bytes;
  if (bytes_left >= 0) return true;
  return refuse(RejectReason::TooLarge,
                "the value needs " + std::to_string(options.max_bytes - bytes_left) +
                    " bytes or more, lakehouse.value.max.bytes is " + std::to_string(options.max_bytes));
}

bool append_members(Column& column, const Value& value, CellContext& context) {
  const Members members(value);
  const bool ignore_case = context.options.ignore_case;
  size_t next = 0;
  size_t found = 0;
  column.append_struct();
  for (Column& child : column.children()) {
    const NestedField& field = child.field();
    const Value* member = members.find(field.name, ignore_case, next);
    if (member != nullptr) ++found;
    if (!append_element(child, member != nullptr ? *member : Value(), context)) return false;
  }
  if (found == members.size()) return true;
  if (!ignore_case && context.options.unknown == UnknownMembers::Ignore) return true;
  for (size_t at = 0; at < members.size(); ++at) {
    if (!left_over(column, members, at, context)) return false;
  }
  return true;
}

bool append_items(Column& column, const Value& value, CellContext& context) {
  Column& element = column.children()[0];
  if (!take_rows(element, value.size(), context)) return false;
  column.append_list(static_cast<int32_t>(value.size()));
  for (const Value& item : value.as_array()) {
    if (!append_element(element, item, context)) return false;
  }
  return true;
}

bool append_entries(Column& column, const Value& value, CellContext& context) {
  Column& keys = column.children()[0];
  Column& values = column.children()[1];
  if (!take_rows(keys, value.size(), context) || !take_rows(values, value.size(), context)) return false;
  column.append_list(static_cast<int32_t>(value.size()));
  for (const MapEntry& entry : value.as_map()) {
    if (!append_element(keys, entry.key, context)) return false;
    if (!append_element(values, entry.value, context)) return false;
  }
  return true;
}

}  // namespace millrace::lakehouse

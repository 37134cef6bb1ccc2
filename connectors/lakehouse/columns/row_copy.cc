#include "connectors/lakehouse/columns/row_copy.h"

#include <algorithm>

#include "connectors/lakehouse/columns/cell_read.h"
#include "connectors/lakehouse/table/evolution.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {

RowCopy::RowCopy(const TableSchema& from, const TableSchema& to) : plans_(plan(from.fields, to.fields)) {}

std::vector<RowCopy::Plan> RowCopy::plan(const std::vector<NestedField>& from,
                                         const std::vector<NestedField>& to) {
  std::vector<Plan> plans;
  for (const NestedField& field : to) {
    Plan& one = plans.emplace_back();
    const auto same = std::find_if(from.begin(), from.end(),
                                   [&](const NestedField& other) { return other.id == field.id; });
    if (same == from.end()) continue;
    one.source = static_cast<int32_t>(same - from.begin());
    const bool fits = field.type->is_primitive() ? can_promote(*same->type, *field.type)
                                                 : same->type->id == field.type->id;
    if (!fits) {
      throw DataException("column " + field.name + " was " + type_text(*same->type) +
                          " and cannot become " + type_text(*field.type));
    }
    one.children = plan(same->type->fields, field.type->fields);
  }
  return plans;
}

void RowCopy::append(const ColumnBatch& from, int64_t row, ColumnBatch& to) const {
  for (size_t at = 0; at < plans_.size(); ++at) {
    append(plans_[at], from.columns(), row, to.columns()[at]);
  }
}

void RowCopy::append(const Plan& plan, const std::vector<Column>& from, int64_t row, Column& to) {
  if (plan.source == kNone) return to.append_null();
  const Column& source = from[static_cast<size_t>(plan.source)];
  if (is_null_at(source, row)) return to.append_null();
  append_value(plan, source, row, to);
}

void RowCopy::append_value(const Plan& plan, const Column& from, int64_t row, Column& to) {
  const Type& type = *to.field().type;
  switch (type.id) {
    case TypeId::Struct:
      to.append_struct();
      for (size_t at = 0; at < plan.children.size(); ++at) {
        append(plan.children[at], from.children(), row, to.children()[at]);
      }
      return;
    case TypeId::List:
    case TypeId::Map: {
      const int32_t begin = from.offsets()[static_cast<size_t>(row)];
      const int32_t end = from.offsets()[static_cast<size_t>(row) + 1];
      to.append_list(end - begin);
      for (size_t at = 0; at < plan.children.size(); ++at) {
        for (int32_t element = begin; element < end; ++element) {
          append(plan.children[at], from.children(), element, to.children()[at]);
        }
      }
      return;
    }
    case TypeId::Long:
      if (from.width() == sizeof(int32_t)) {
        return to.append_fixed(static_cast<int64_t>(fixed_at<int32_t>(from, row)));
      }
      return to.append_bytes(bytes_at(from, row));
    case TypeId::Double:
      if (from.width() == sizeof(float)) {
        return to.append_fixed(static_cast<double>(fixed_at<float>(from, row)));
      }
      return to.append_bytes(bytes_at(from, row));
    default:
      to.append_bytes(bytes_at(from, row));
  }
}

}  // namespace millrace::lakehouse

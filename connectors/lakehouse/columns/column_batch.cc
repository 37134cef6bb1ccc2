#include "connectors/lakehouse/columns/column_batch.h"

#include <algorithm>
#include <bit>

#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

uint32_t width_of(const Type& type) noexcept {
  switch (type.id) {
    case TypeId::Boolean:
      return 1;
    case TypeId::Int:
    case TypeId::Date:
    case TypeId::Float:
      return 4;
    case TypeId::Long:
    case TypeId::Double:
    case TypeId::Time:
    case TypeId::Timestamp:
    case TypeId::Timestamptz:
      return 8;
    case TypeId::Uuid:
    case TypeId::Decimal:
      return 16;
    case TypeId::Fixed:
      return static_cast<uint32_t>(type.length);
    default:
      return 0;
  }
}

bool needs_offsets(const Type& type) noexcept {
  return type.id == TypeId::String || type.id == TypeId::Binary || type.id == TypeId::List ||
         type.id == TypeId::Map;
}

}  // namespace

Column::Column(const NestedField& field)
    : field_(field), width_(width_of(*field.type)), has_offsets_(needs_offsets(*field.type)) {
  if (has_offsets_) offsets_.push(0);
  for (const NestedField& child : field.type->fields) children_.emplace_back(child);
}

size_t Column::bytes() const noexcept {
  size_t sum = validity_.size() + values_.size() + offsets_.size() * sizeof(int32_t);
  for (const Column& child : children_) sum += child.bytes();
  return sum;
}

size_t Column::capacity() const noexcept {
  size_t sum = validity_.capacity() + values_.capacity() + offsets_.capacity() * sizeof(int32_t);
  for (const Column& child : children_) sum += child.capacity();
  return sum;
}

void Column::append_null() {
  if (width_ > 0) std::memset(values_.extend(width_), 0, width_);
  if (has_offsets_) {
    push_offset(0);
  } else {
    for (Column& child : children_) child.append_null();
  }
  push_valid();
  const int64_t row = rows_ - 1;
  validity_.back() = static_cast<uint8_t>(validity_.back() & ~(1U << (row & 7)));
  ++nulls_;
}

void Column::truncate(int64_t rows) {
  if (rows < rows_) {
    forget_nulls(rows);
    rows_ = rows;
    if (has_offsets_) offsets_.shrink(static_cast<size_t>(rows) + 1);
  }
  // A row that failed halfway may have left a value, an offset or rows of children behind.
  if (has_offsets_) offsets_.shrink(static_cast<size_t>(rows_) + 1);
  values_.shrink(has_offsets_ && children_.empty() ? static_cast<size_t>(offsets_.back())
                                                   : static_cast<size_t>(rows_) * width_);
  for (Column& child : children_) child.truncate(has_offsets_ ? offsets_.back() : rows_);
}

void Column::forget_nulls(int64_t from) {
  const auto whole = static_cast<size_t>((from + 7) / 8);
  for (size_t i = whole; i < validity_.size(); ++i) nulls_ -= 8 - std::popcount(validity_[i]);
  validity_.shrink(whole);
  if ((from & 7) == 0) return;
  const auto rest = static_cast<uint8_t>(0xffU << (from & 7));
  nulls_ -= 8 - std::popcount(static_cast<uint8_t>(validity_.back() | ~rest));
  validity_.back() |= rest;
}

void Column::offsets_full() const {
  throw DataException("column " + field_.name + ": a batch of rows holds at most 2 GiB of it");
}

ColumnBatch::ColumnBatch(TableSchemaPtr schema) : schema_(std::move(schema)) {
  for (const NestedField& field : schema_->fields) columns_.emplace_back(field);
}

size_t ColumnBatch::bytes() const noexcept {
  size_t sum = 0;
  for (const Column& column : columns_) sum += column.bytes();
  return sum;
}

size_t ColumnBatch::capacity() const noexcept {
  size_t sum = 0;
  for (const Column& column : columns_) sum += column.capacity();
  return sum;
}

void ColumnBatch::truncate(int64_t rows) {
  for (Column& column : columns_) column.truncate(rows);
}

void ColumnBatch::clear() { truncate(0); }

}  // namespace millrace::lakehouse

#include "connectors/lakehouse/parquet/arrow_arrays.h"

#include <arrow/array/data.h>
#include <arrow/buffer.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "connectors/lakehouse/parquet/arrow_errors.h"

namespace millrace::lakehouse {
namespace {

using BufferPtr = std::shared_ptr<arrow::Buffer>;

template <class T>
BufferPtr wrap(std::span<const T> values) {
  // No buffer at all would mean something else to Arrow.
  static constexpr T kNothing{};
  return arrow::Buffer::Wrap(values.empty() ? &kNothing : values.data(), values.size());
}

/// A bit for each byte.
BufferPtr packed(std::span<const uint8_t> flags, arrow::MemoryPool* pool) {
  const auto size = static_cast<int64_t>((flags.size() + 7) / 8);
  BufferPtr bits = value_of(arrow::AllocateBuffer(size, pool), "allocating memory for booleans");
  uint8_t* out = bits->mutable_data();
  for (size_t first = 0; first < flags.size(); first += 8) {
    const size_t count = std::min<size_t>(8, flags.size() - first);
    unsigned byte = 0;
    for (size_t i = 0; i < count; ++i) byte |= (flags[first + i] != 0 ? 1U : 0U) << i;
    out[first / 8] = static_cast<uint8_t>(byte);
  }
  return bits;
}

using DataPtr = std::shared_ptr<arrow::ArrayData>;

DataPtr array_of(const Column& column, const std::shared_ptr<arrow::DataType>& type,
                 arrow::MemoryPool* pool) {
  // A required member of a struct that is null has some value, of which nobody is told.
  const bool may_be_null = !column.field().required && column.nulls() > 0;
  const BufferPtr validity = may_be_null ? wrap(column.validity()) : nullptr;
  std::vector<BufferPtr> buffers = {validity};
  std::vector<DataPtr> children;
  const std::vector<Column>& members = column.children();
  switch (column.field().type->id) {
    case TypeId::Boolean:
      buffers.push_back(packed(column.values(), pool));
      break;
    case TypeId::String:
    case TypeId::Binary:
      buffers.push_back(wrap(column.offsets()));
      buffers.push_back(wrap(column.values()));
      break;
    case TypeId::List:
      buffers.push_back(wrap(column.offsets()));
      children.push_back(array_of(members[0], type->field(0)->type(), pool));
      break;
    case TypeId::Map: {
      buffers.push_back(wrap(column.offsets()));
      const auto& entry = type->field(0)->type();
      children.push_back(arrow::ArrayData::Make(
          entry, members[0].rows(), {nullptr},
          {array_of(members[0], entry->field(0)->type(), pool),
           array_of(members[1], entry->field(1)->type(), pool)},
          0));
      break;
    }
    case TypeId::Struct:
      for (size_t i = 0; i < members.size(); ++i) {
        children.push_back(array_of(members[i], type->field(static_cast<int>(i))->type(), pool));
      }
      break;
    default:
      buffers.push_back(wrap(column.values()));
  }
  return arrow::ArrayData::Make(type, column.rows(), std::move(buffers), std::move(children),
                                may_be_null ? column.nulls() : 0);
}

}  // namespace

std::shared_ptr<arrow::RecordBatch> arrow_batch(const ColumnBatch& batch,
                                                const std::shared_ptr<arrow::Schema>& schema,
                                                arrow::MemoryPool* pool) {
  std::vector<DataPtr> columns;
  for (const Column& column : batch.columns()) {
    if (column.field().required && column.nulls() > 0) {
      throw ConnectException("column " + column.field().name + " is required and has nulls");
    }
    const auto index = static_cast<int>(columns.size());
    columns.push_back(array_of(column, schema->field(index)->type(), pool));
  }
  return arrow::RecordBatch::Make(schema, batch.rows(), std::move(columns));
}

}  // namespace millrace::lakehouse

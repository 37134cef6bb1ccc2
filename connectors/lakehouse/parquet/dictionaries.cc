#include "connectors/lakehouse/parquet/dictionaries.h"

#include <functional>
#include <string_view>
#include <unordered_map>

namespace millrace::lakehouse {
namespace {

constexpr int64_t kSample = 4096;     // values of a column that are looked at
constexpr int64_t kLeastSample = 256;
constexpr double kMostDistinct = 0.7;  // of the sample; about 8,000 values in all

std::string_view value_at(const Column& column, int64_t row) noexcept {
  const auto at = static_cast<size_t>(row);
  const char* values = reinterpret_cast<const char*>(column.values().data());
  if (column.width() > 0) return {values + at * column.width(), column.width()};
  const auto offsets = column.offsets();
  return {values + offsets[at], static_cast<size_t>(offsets[at + 1] - offsets[at])};
}

bool is_valid(const Column& column, int64_t row) noexcept {
  return (column.validity()[static_cast<size_t>(row / 8)] >> (row & 7) & 1U) != 0;
}

bool worth_it(const Column& column, int64_t dictionary_bytes) {
  const int64_t step = std::max<int64_t>(1, column.rows() / kSample);
  std::unordered_map<size_t, int64_t> seen;  // by hash: a sample may be wrong by one
  int64_t sampled = 0;
  int64_t distinct_bytes = 0;
  for (int64_t row = 0; row < column.rows(); row += step) {
    if (!is_valid(column, row)) continue;
    const std::string_view value = value_at(column, row);
    ++sampled;
    if (++seen[std::hash<std::string_view>{}(value)] == 1) {
      distinct_bytes += static_cast<int64_t>(value.size());
    }
  }
  if (sampled < kLeastSample) return true;
  return static_cast<double>(seen.size()) <= kMostDistinct * static_cast<double>(sampled) &&
         distinct_bytes <= dictionary_bytes;
}

void look_at(const Column& column, const std::string& path, int64_t dictionary_bytes,
             std::vector<std::string>& out) {
  const Type& type = *column.field().type;
  if (type.is_primitive()) {
    // Parquet has no dictionaries of booleans.
    if (type.id != TypeId::Boolean && !worth_it(column, dictionary_bytes)) out.push_back(path);
    return;
  }
  const std::vector<Column>& children = column.children();
  if (type.id == TypeId::List) {
    look_at(children[0], path + ".list.element", dictionary_bytes, out);
  } else if (type.id == TypeId::Map) {
    look_at(children[0], path + ".key_value.key", dictionary_bytes, out);
    look_at(children[1], path + ".key_value.value", dictionary_bytes, out);
  } else {
    for (const Column& child : children) {
      look_at(child, path + "." + child.field().name, dictionary_bytes, out);
    }
  }
}

}  // namespace

std::vector<std::string> columns_without_dictionary(const ColumnBatch& batch,
                                                    int64_t dictionary_bytes) {
  std::vector<std::string> paths;
  for (const Column& column : batch.columns()) {
    look_at(column, column.field().name, dictionary_bytes, paths);
  }
  return paths;
}

}  // namespace millrace::lakehouse

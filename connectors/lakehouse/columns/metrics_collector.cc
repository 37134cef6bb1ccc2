#include <cmath>
#include <optional>

#include "connectors/lakehouse/columns/bounds.h"
#include "connectors/lakehouse/columns/column_batch.h"
#include "connectors/scalars/decimal_bytes.h"
#include "connectors/lakehouse/table/literal.h"

namespace millrace::lakehouse {
namespace {

template <class To, class From>
void merge(Range<To>& into, const Range<From>& from) noexcept {
  into.least = std::min(into.least, static_cast<To>(from.least));
  into.greatest = std::max(into.greatest, static_cast<To>(from.greatest));
}

/// Readers that tell the zeros apart have to find both.
template <class T>
Range<T> with_both_zeros(Range<T> range) noexcept {
  if (range.least == T{0}) range.least = -T{0};
  if (range.greatest == T{0}) range.greatest = T{0};
  return range;
}

}  // namespace

struct MetricsCollector::Leaf {
  int32_t id;
  TypePtr type;
  ColumnMetricsMode mode;
  bool repeated;

  int64_t values = 0;
  int64_t nulls = 0;
  int64_t nans = 0;
  Range<int64_t> whole = Range<int64_t>::none();
  Range<double> real = Range<double>::none();
  Range<Int128> decimal = Range<Int128>::none();
  ByteRange bytes = {};

  bool is_real() const noexcept {
    return type->id == TypeId::Float || type->id == TypeId::Double;
  }
  bool has_bounds() const noexcept {
    return mode.mode >= MetricsMode::Truncate && !repeated && type->id != TypeId::Uuid &&
           values > nulls + nans;
  }

  void add(const Column& column);
  void add_range(const Column& column);
  void put(FileMetrics& out) const;
  /// Binary forms of the bounds; no greatest when there is none so short.
  std::pair<std::string, std::optional<std::string>> bounds() const;
  std::pair<std::string, std::optional<std::string>> byte_bounds() const;
};

void MetricsCollector::Leaf::add(const Column& column) {
  if (mode.mode == MetricsMode::None) return;
  values += column.rows();
  nulls += column.nulls();
  // NaNs are counted in any case.
  if (is_real() || (mode.mode >= MetricsMode::Truncate && !repeated)) add_range(column);
}

void MetricsCollector::Leaf::add_range(const Column& column) {
  switch (type->id) {
    case TypeId::Boolean:
      return merge(whole, range_of<int8_t>(column, nans));
    case TypeId::Int:
    case TypeId::Date:
      return merge(whole, range_of<int32_t>(column, nans));
    case TypeId::Long:
    case TypeId::Time:
    case TypeId::Timestamp:
    case TypeId::Timestamptz:
      return merge(whole, range_of<int64_t>(column, nans));
    case TypeId::Float:
      return merge(real, range_of<float>(column, nans));
    case TypeId::Double:
      return merge(real, range_of<double>(column, nans));
    case TypeId::Decimal:
      return merge(decimal, range_of<Int128>(column, nans));
    case TypeId::String:
    case TypeId::Binary:
    case TypeId::Fixed:
      return bytes.add(column);
    default:
      return;
  }
}

std::pair<std::string, std::optional<std::string>> MetricsCollector::Leaf::byte_bounds() const {
  if (mode.mode == MetricsMode::Full) return {bytes.least, bytes.greatest};
  std::string greatest;
  if (type->id == TypeId::String) {
    const bool some = truncate_text_up(bytes.greatest, mode.length, greatest);
    return {truncate_text(bytes.least, mode.length),
            some ? std::optional(greatest) : std::nullopt};
  }
  const bool some = truncate_bytes_up(bytes.greatest, mode.length, greatest);
  return {bytes.least.substr(0, static_cast<size_t>(mode.length)),
          some ? std::optional(greatest) : std::nullopt};
}

std::pair<std::string, std::optional<std::string>> MetricsCollector::Leaf::bounds() const {
  const auto both = [](const Literal& least, const Literal& greatest) {
    return std::pair{to_bytes(least), std::optional(to_bytes(greatest))};
  };
  switch (type->id) {
    case TypeId::Boolean:
      return both(whole.least != 0, whole.greatest != 0);
    case TypeId::Int:
    case TypeId::Date:
      return both(static_cast<int32_t>(whole.least), static_cast<int32_t>(whole.greatest));
    case TypeId::Float: {
      const Range<double> range = with_both_zeros(real);
      return both(static_cast<float>(range.least), static_cast<float>(range.greatest));
    }
    case TypeId::Double: {
      const Range<double> range = with_both_zeros(real);
      return both(range.least, range.greatest);
    }
    case TypeId::Decimal:
      return both(decimal_bytes(decimal.least), decimal_bytes(decimal.greatest));
    case TypeId::String:
    case TypeId::Binary:
    case TypeId::Fixed:
      return byte_bounds();
    default:
      return both(whole.least, whole.greatest);
  }
}

void MetricsCollector::Leaf::put(FileMetrics& out) const {
  if (mode.mode == MetricsMode::None) return;
  out.value_counts[id] = values;
  out.null_counts[id] = nulls;
  if (is_real()) out.nan_counts[id] = nans;
  if (!has_bounds()) return;
  auto [least, greatest] = bounds();
  out.lower_bounds[id] = std::move(least);
  if (greatest) out.upper_bounds[id] = std::move(*greatest);
}

MetricsCollector::MetricsCollector(TableSchemaPtr schema,
                                   std::map<int32_t, ColumnMetricsMode> modes)
    : schema_(std::move(schema)), modes_(std::move(modes)) {
  for (const NestedField& field : schema_->fields) add_leaves(field, false);
}
MetricsCollector::~MetricsCollector() = default;

void MetricsCollector::add_leaves(const NestedField& field, bool repeated) {
  const Type& type = *field.type;
  if (type.is_primitive()) {
    const auto mode = modes_.find(field.id);
    leaves_.push_back(std::make_unique<Leaf>(
        Leaf{field.id, field.type,
             mode == modes_.end() ? ColumnMetricsMode{MetricsMode::None, 0} : mode->second,
             repeated}));
    return;
  }
  for (const NestedField& child : type.fields) {
    add_leaves(child, repeated || type.id != TypeId::Struct);
  }
}

void MetricsCollector::add(const ColumnBatch& batch) {
  records_ += batch.rows();
  size_t leaf = 0;
  for (const Column& column : batch.columns()) add_column(column, leaf);
}

void MetricsCollector::add_column(const Column& column, size_t& leaf) {
  if (column.field().type->is_primitive()) {
    leaves_[leaf++]->add(column);
    return;
  }
  for (const Column& child : column.children()) add_column(child, leaf);
}

FileMetrics MetricsCollector::take() {
  FileMetrics metrics;
  metrics.record_count = records_;
  for (const auto& leaf : leaves_) leaf->put(metrics);
  records_ = 0;
  leaves_.clear();
  for (const NestedField& field : schema_->fields) add_leaves(field, false);
  return metrics;
}

}  // namespace millrace::lakehouse

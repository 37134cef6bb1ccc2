#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <random>

#include "connectors/lakehouse/columns/column_batch.h"
#include "connectors/scalars/decimal_bytes.h"
#include "connectors/lakehouse/table/literal.h"

namespace millrace::lakehouse {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TableSchemaPtr one_column(TypePtr type) {
  return std::make_shared<TableSchema>(TableSchema{0, {{1, "c", false, std::move(type)}}});
}
std::map<int32_t, ColumnMetricsMode> all(MetricsMode mode, int32_t length = 16) {
  return {{1, {mode, length}}, {2, {mode, length}}, {3, {mode, length}}};
}

/// Metrics of one column of doubles.
FileMetrics of_doubles(const std::vector<double>& values,
                       MetricsMode mode = MetricsMode::Truncate) {
  const TableSchemaPtr schema = one_column(primitive(TypeId::Double));
  ColumnBatch batch(schema);
  for (double value : values) batch.columns()[0].append_fixed(value);
  MetricsCollector collector(schema, all(mode));
  collector.add(batch);
  return collector.take();
}
FileMetrics of_bytes(TypeId type, const std::vector<std::string>& values,
                     MetricsMode mode = MetricsMode::Truncate, int32_t length = 16) {
  const TableSchemaPtr schema = one_column(primitive(type));
  ColumnBatch batch(schema);
  for (const std::string& value : values) batch.columns()[0].append_bytes(value);
  MetricsCollector collector(schema, all(mode, length));
  collector.add(batch);
  return collector.take();
}

TEST(MetricsCollector, NanIsCountedAndNoBound) {
  const FileMetrics metrics = of_doubles({kNan, 2.5, -7, kNan});
  EXPECT_EQ(metrics.record_count, 4);
  EXPECT_EQ(metrics.value_counts.at(1), 4);
  EXPECT_EQ(metrics.nan_counts.at(1), 2);
  EXPECT_EQ(metrics.lower_bounds.at(1), to_bytes(-7.0));
  EXPECT_EQ(metrics.upper_bounds.at(1), to_bytes(2.5));
  EXPECT_TRUE(of_doubles({kNan, kNan}).lower_bounds.empty());
  EXPECT_TRUE(of_doubles({kNan, kNan}).upper_bounds.empty());
  const FileMetrics infinite = of_doubles({INFINITY});
  EXPECT_EQ(infinite.lower_bounds.at(1), to_bytes(static_cast<double>(INFINITY)));
}

TEST(MetricsCollector, BothZerosLieWithinTheBounds) {
  for (const double zero : {0.0, -0.0}) {
    const FileMetrics metrics = of_doubles({zero});
    EXPECT_EQ(metrics.lower_bounds.at(1), to_bytes(-0.0));
    EXPECT_EQ(metrics.upper_bounds.at(1), to_bytes(0.0));
  }
}

TEST(MetricsCollector, TextIsCutByCodePointsAndRoundedUp) {
  // 17 code points of two bytes each.
  std::string text;
  for (int i = 0; i < 17; ++i) text += "\xc3\xa4";
  FileMetrics metrics = of_bytes(TypeId::String, {text});
  EXPECT_EQ(metrics.lower_bounds.at(1), text.substr(0, 32));
  EXPECT_EQ(metrics.upper_bounds.at(1), text.substr(0, 30) + "\xc3\xa5");
  // The last code point that can be more is; surrogates are no code points.
  metrics = of_bytes(TypeId::String, {"\xed\x9f\xbf\xf4\x8f\xbf\xbfx"}, MetricsMode::Truncate, 2);
  EXPECT_EQ(metrics.upper_bounds.at(1), "\xee\x80\x80");
  // Nothing that short is above.
  metrics =
      of_bytes(TypeId::String, {"\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbf"}, MetricsMode::Truncate, 1);
  EXPECT_EQ(metrics.lower_bounds.at(1), "\xf4\x8f\xbf\xbf");
  EXPECT_FALSE(metrics.upper_bounds.contains(1));
  EXPECT_EQ(of_bytes(TypeId::String, {text}, MetricsMode::Full).upper_bounds.at(1), text);
}

TEST(MetricsCollector, BytesAreUnsigned) {
  const FileMetrics metrics =
      of_bytes(TypeId::Binary, {"\x80", "a", std::string(1, '\0'), "", "\x7f"});
  EXPECT_EQ(metrics.lower_bounds.at(1), "");
  EXPECT_EQ(metrics.upper_bounds.at(1), "\x80");
  const FileMetrics cut = of_bytes(TypeId::Binary, {"ab\xff\xff"}, MetricsMode::Truncate, 3);
  EXPECT_EQ(cut.lower_bounds.at(1), "ab\xff");
  EXPECT_EQ(cut.upper_bounds.at(1), "ac");
}

TEST(MetricsCollector, UuidsHaveCountsOnly) {
  const FileMetrics metrics = of_bytes(TypeId::Uuid, {"0123456789abcdef"});
  EXPECT_EQ(metrics.value_counts.at(1), 1);
  EXPECT_TRUE(metrics.lower_bounds.empty());
  EXPECT_TRUE(metrics.upper_bounds.empty());
}

TEST(MetricsCollector, ModesLeaveOutWhatTheySay) {
  EXPECT_TRUE(of_doubles({1}, MetricsMode::None).value_counts.empty());
  const FileMetrics counts = of_doubles({1, kNan}, MetricsMode::Counts);
  EXPECT_EQ(counts.value_counts.at(1), 2);
  EXPECT_EQ(counts.nan_counts.at(1), 1);
  EXPECT_TRUE(counts.lower_bounds.empty());
  // A leaf that no mode names.
  const TableSchemaPtr schema = one_column(primitive(TypeId::Int));
  EXPECT_TRUE(MetricsCollector(schema, {}).take().value_counts.empty());
}

TEST(MetricsCollector, ListsHaveCountsOnlyAndStructsHaveBounds) {
  auto schema = std::make_shared<TableSchema>(
      TableSchema{0,
                  {{4, "l", false, list_type(1, primitive(TypeId::Int), false)},
                   {5, "s", false, struct_type({{2, "a", false, primitive(TypeId::Int)}})}}});
  ColumnBatch batch(schema);
  batch.columns()[0].append_list(2);
  batch.columns()[0].children()[0].append_fixed(int32_t{5});
  batch.columns()[0].children()[0].append_null();
  batch.columns()[1].append_struct();
  batch.columns()[1].children()[0].append_fixed(int32_t{6});
  batch.columns()[0].append_null();
  batch.columns()[1].append_null();
  MetricsCollector collector(schema, all(MetricsMode::Truncate));
  collector.add(batch);
  const FileMetrics metrics = collector.take();
  EXPECT_EQ(metrics.record_count, 2);
  EXPECT_EQ(metrics.value_counts.at(1), 2);
  EXPECT_EQ(metrics.null_counts.at(1), 1);
  EXPECT_FALSE(metrics.lower_bounds.contains(1));
  EXPECT_EQ(metrics.value_counts.at(2), 2);
  EXPECT_EQ(metrics.null_counts.at(2), 1);
  EXPECT_EQ(metrics.lower_bounds.at(2), to_bytes(int32_t{6}));
  EXPECT_FALSE(metrics.value_counts.contains(4));
}

TEST(MetricsCollector, TakingBeginsAnew) {
  const TableSchemaPtr schema = one_column(primitive(TypeId::Int));
  ColumnBatch batch(schema);
  batch.columns()[0].append_fixed(int32_t{5});
  MetricsCollector collector(schema, all(MetricsMode::Truncate));
  collector.add(batch);
  collector.take();
  const FileMetrics metrics = collector.take();
  EXPECT_EQ(metrics.record_count, 0);
  EXPECT_TRUE(metrics.lower_bounds.empty());
}

// What a file's metrics are by definition, from a list of single values.
struct SlowModel {
  const Type& type;
  std::vector<Literal> values;

  bool is_nan(const Literal& value) const {
    if (const auto* real = std::get_if<float>(&value)) return std::isnan(*real);
    if (const auto* real = std::get_if<double>(&value)) return std::isnan(*real);
    return false;
  }
  int64_t count(auto&& test) const {
    return std::count_if(values.begin(), values.end(), test);
  }
  std::optional<Literal> extreme(int sign) const {
    std::optional<Literal> found;
    for (const Literal& value : values) {
      if (is_null(value) || is_nan(value)) continue;
      if (!found || compare(value, *found, type) * sign > 0) found = value;
    }
    return found;
  }
};

class RandomColumn {
 public:
  explicit RandomColumn(std::mt19937_64& random) : random_(random) {}

  /// Appends a value, or null, and says which.
  Literal append(Column& column, int null_percent) {
    if (below(100) < static_cast<uint64_t>(null_percent)) {
      column.append_null();
      return {};
    }
    switch (column.field().type->id) {
      case TypeId::Boolean:
        return fixed(column, below(2) == 1);
      case TypeId::Int:
      case TypeId::Date:
        return fixed(column, static_cast<int32_t>(number()));
      case TypeId::Float:
        return fixed(column, static_cast<float>(real()));
      case TypeId::Double:
        return fixed(column, real());
      case TypeId::Decimal: {
        const Int128 value = (Int128{number()} << (below(2) * 60)) + number();
        column.append_fixed(value);
        return decimal_bytes(value);
      }
      case TypeId::String:
        return bytes(column, text());
      case TypeId::Binary:
        return bytes(column, raw(below(12)));
      case TypeId::Fixed:
        return bytes(column, raw(static_cast<uint64_t>(column.field().type->length)));
      default:
        return fixed(column, number());
    }
  }
  uint64_t below(uint64_t end) { return random_() % end; }

 private:
  template <class T>
  Literal fixed(Column& column, T value) {
    column.append_fixed(value);
    return value;
  }
  Literal bytes(Column& column, const std::string& value) {
    column.append_bytes(value);
    return value;
  }
  int64_t number() {
    return below(4) == 0 ? static_cast<int64_t>(random_()) : static_cast<int64_t>(below(9)) - 4;
  }
  double real() {
    constexpr double kSome[] = {0.0, -0.0, INFINITY, -INFINITY, kNan, 1e300, -2.5};
    return below(2) == 0 ? kSome[below(std::size(kSome))] : static_cast<double>(number()) / 3;
  }
  std::string raw(uint64_t length) {
    constexpr char kSome[] = {'\0', 'a', 'b', '\x7f', '\x80', '\xff'};
    std::string out;
    while (out.size() < length) out.push_back(kSome[below(std::size(kSome))]);
    return out;
  }
  std::string text() {
    constexpr const char* kSome[] = {"a",            "b",
                                     "\xc3\xa4",     "\xed\x9f\xbf",
                                     "\xee\x80\x80", "\xf4\x8f\xbf\xbf"};
    std::string out;
    for (uint64_t n = below(12); n > 0; --n) out += kSome[below(std::size(kSome))];
    return out;
  }

  std::mt19937_64& random_;
};

/// Both zeros lie within bounds that are zero; text and bytes are cut.
std::optional<std::string> bound(const SlowModel& model, int sign, int32_t length) {
  std::optional<Literal> value = model.extreme(sign);
  if (!value) return std::nullopt;
  if (auto* real = std::get_if<double>(&*value); real && *real == 0) *real = sign < 0 ? -0.0 : 0.0;
  if (auto* real = std::get_if<float>(&*value); real && *real == 0) *real = sign < 0 ? -0.0F : 0.0F;
  std::string bytes = to_bytes(*value);
  const bool is_text = model.type.id == TypeId::String;
  if (!is_text && model.type.id != TypeId::Binary && model.type.id != TypeId::Fixed) return bytes;
  if (sign < 0) {
    return is_text ? truncate_text(bytes, length) : bytes.substr(0, static_cast<size_t>(length));
  }
  std::string up;
  if (!(is_text ? truncate_text_up(bytes, length, up) : truncate_bytes_up(bytes, length, up))) {
    return std::nullopt;
  }
  return up;
}
std::optional<std::string> find(const std::map<int32_t, std::string>& bounds) {
  const auto at = bounds.find(1);
  return at == bounds.end() ? std::nullopt : std::optional(at->second);
}

void check_once(const TypePtr& type, std::mt19937_64& random) {
  RandomColumn column(random);
  const TableSchemaPtr schema = one_column(type);
  const auto length = static_cast<int32_t>(1 + column.below(8));
  const int null_percent = std::array{0, 10, 50, 100}[column.below(4)];
  MetricsCollector collector(schema, all(MetricsMode::Truncate, length));
  SlowModel model{*type, {}};
  ColumnBatch batch(schema);
  for (uint64_t batches = column.below(4); batches > 0; --batches) {
    batch.clear();
    for (uint64_t rows = column.below(40); rows > 0; --rows) {
      model.values.push_back(column.append(batch.columns()[0], null_percent));
    }
    collector.add(batch);
  }
  const FileMetrics metrics = collector.take();
  EXPECT_EQ(metrics.record_count, static_cast<int64_t>(model.values.size()));
  EXPECT_EQ(metrics.value_counts.at(1), static_cast<int64_t>(model.values.size()));
  EXPECT_EQ(metrics.null_counts.at(1), model.count([](const Literal& v) { return is_null(v); }));
  const bool is_real = type->id == TypeId::Float || type->id == TypeId::Double;
  ASSERT_EQ(metrics.nan_counts.contains(1), is_real);
  if (is_real) {
    EXPECT_EQ(metrics.nan_counts.at(1),
              model.count([&](const Literal& v) { return model.is_nan(v); }));
  }
  EXPECT_EQ(find(metrics.lower_bounds), bound(model, -1, length));
  EXPECT_EQ(find(metrics.upper_bounds), bound(model, 1, length));
}

TEST(MetricsCollector, AgreesWithASlowModelOnRandomColumns) {
  const uint64_t seed = std::random_device{}();
  std::mt19937_64 random(seed);
  const std::vector<TypePtr> types = {
      primitive(TypeId::Boolean), primitive(TypeId::Int),  primitive(TypeId::Long),
      primitive(TypeId::Float),   primitive(TypeId::Double), primitive(TypeId::Date),
      primitive(TypeId::Time),    primitive(TypeId::Timestamp), primitive(TypeId::Timestamptz),
      primitive(TypeId::String),  primitive(TypeId::Binary), fixed_type(5), decimal_type(38, 4)};
  for (int round = 0; round < 300; ++round) {
    for (const TypePtr& type : types) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round) + ", " +
                   type_text(*type));
      check_once(type, random);
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace millrace::lakehouse

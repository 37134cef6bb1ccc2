#include "connectors/lakehouse/columns/cell_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>

#include "connectors/lakehouse/columns/cell_text.h"
#include "millrace/decimal.h"
#include "tests/unit/lakehouse/columns/values.h"

namespace millrace::lakehouse {
namespace {

class CellTest : public ::testing::Test {
 protected:
  /// `ok`, or the code of the reject.
  std::string put(const TypePtr& type, const Value& value, NestedHandling nested = NestedHandling::Error) {
    column_.emplace(NestedField{1, "c", false, type});
    reject_ = {};
    const bool ok = append_value(*column_, value, {nested}, reject_);
    EXPECT_EQ(column_->rows(), ok ? 1 : column_->rows());
    return ok ? "ok" : std::string(reject_code(reject_.reason));
  }
  std::string put(TypeId type, const Value& value) { return put(primitive(type), value); }
  template <class T>
  T number() const {
    return fixed_at<T>(*column_, 0);
  }
  std::string text() const { return text_at(*column_, 0); }
  Value decimal(std::string_view digits) { return parse_decimal(digits, arena_); }
  /// Days or microseconds; -1 for what is none.
  int64_t temporal(TypeId type, std::string_view digits) {
    return parse_temporal(digits, type).value_or(-1);
  }

  Arena arena_;
  std::optional<Column> column_;
  Reject reject_;
};

TEST_F(CellTest, EachTypeTakesItsValuesAndRefusesTheOthers) {
  const uint8_t raw[] = {1, 2, 3};
  const std::vector<std::pair<const char*, Value>> values = {
      {"bool", Value::boolean(true)},      {"int", Value::int32(1)},
      {"real", Value::float64(1.5)},       {"text", Value::string("~")},
      {"bytes", Value::bytes(raw)},        {"decimal", decimal("1.5")},
      {"date", Value::date(1)},            {"array", array_of(arena_, {Value::int8(1)})},
      {"map", map_of(arena_, {{"a", Value::int8(1)}})}};
  const std::vector<std::pair<TypePtr, std::string>> takes = {
      {primitive(TypeId::Boolean), "bool"},
      {primitive(TypeId::Int), "int"},
      {primitive(TypeId::Long), "int"},
      {primitive(TypeId::Float), "int real decimal"},
      {primitive(TypeId::Double), "int real decimal"},
      {primitive(TypeId::Date), "int date"},
      {primitive(TypeId::Time), "int date"},
      {primitive(TypeId::Timestamp), "int date"},
      {primitive(TypeId::Timestamptz), "int date"},
      {primitive(TypeId::String), "bool int real text decimal date"},
      {primitive(TypeId::Uuid), ""},
      {fixed_type(3), "bytes"},
      {primitive(TypeId::Binary), "bytes"},
      {decimal_type(9, 2), "int real decimal"},
      {list_type(2, primitive(TypeId::Int), false), "array"},
      {struct_type({{2, "a", false, primitive(TypeId::Int)}}), "map"},
      {map_type(2, primitive(TypeId::String), 3, primitive(TypeId::Int), false), "map"}};
  for (const auto& [type, wanted] : takes) {
    for (const auto& [kind, value] : values) {
      const bool fits = (" " + wanted + " ").find(std::string(" ") + kind + " ") != std::string::npos;
      EXPECT_EQ(put(type, value) == "ok", fits) << type_text(*type) << " and " << kind;
    }
  }
}

TEST_F(CellTest, WholeNumbersKeepTheirRange) {
  EXPECT_EQ(put(TypeId::Int, Value::int64(INT32_MAX)), "ok");
  EXPECT_EQ(number<int32_t>(), INT32_MAX);
  EXPECT_EQ(put(TypeId::Int, Value::int64(INT32_MIN)), "ok");
  EXPECT_EQ(put(TypeId::Int, Value::int64(int64_t{INT32_MAX} + 1)), "NUMBER_RANGE");
  EXPECT_EQ(put(TypeId::Int, Value::int64(int64_t{INT32_MIN} - 1)), "NUMBER_RANGE");
  EXPECT_EQ(put(TypeId::Long, Value::float64(3.0)), "ok");
  EXPECT_EQ(number<int64_t>(), 3);
  EXPECT_EQ(put(TypeId::Long, Value::float64(-9'223'372'036'854'775'808.0)), "ok");
  EXPECT_EQ(number<int64_t>(), INT64_MIN);
  EXPECT_EQ(put(TypeId::Long, Value::float64(9'223'372'036'854'775'808.0)), "NUMBER_RANGE");
  EXPECT_EQ(put(TypeId::Long, Value::float64(1.5)), "NUMBER_RANGE");
  EXPECT_EQ(put(TypeId::Long, Value::float64(std::nan(""))), "NUMBER_RANGE");
  EXPECT_EQ(put(TypeId::Long, decimal("9223372036854775807")), "ok");
  EXPECT_EQ(number<int64_t>(), INT64_MAX);
  EXPECT_EQ(put(TypeId::Long, decimal("9223372036854775808")), "NUMBER_RANGE");
  EXPECT_EQ(put(TypeId::Long, decimal("12.00")), "ok");
  EXPECT_EQ(number<int64_t>(), 12);
  EXPECT_EQ(put(TypeId::Long, decimal("12.01")), "NUMBER_RANGE");
}

TEST_F(CellTest, RealNumbersAreRoundedButStayInTheirRange) {
  EXPECT_EQ(put(TypeId::Float, Value::float64(0.1)), "ok");
  EXPECT_EQ(number<float>(), 0.1F);
  EXPECT_EQ(put(TypeId::Float, Value::float64(1e39)), "NUMBER_RANGE");
  EXPECT_EQ(put(TypeId::Float, Value::float64(std::numeric_limits<double>::infinity())), "ok");
  EXPECT_TRUE(std::isinf(number<float>()));
  EXPECT_EQ(put(TypeId::Double, Value::float64(std::nan(""))), "ok");
  EXPECT_EQ(put(TypeId::Double, decimal("-2.5e3")), "ok");
  EXPECT_EQ(number<double>(), -2500);
  EXPECT_EQ(put(TypeId::Double, decimal("1e400")), "NUMBER_RANGE");
  EXPECT_EQ(put(TypeId::Double, decimal("-1e400")), "NUMBER_RANGE");
  EXPECT_EQ(put(TypeId::Double, decimal("1e-400")), "ok");
  EXPECT_EQ(number<double>(), 0);
}

TEST_F(CellTest, DecimalsLoseNoDigits) {
  const auto unscaled = [this] { return static_cast<int64_t>(number<__int128_t>()); };
  const TypePtr type = decimal_type(5, 2);
  EXPECT_EQ(put(type, decimal("-12.5")), "ok");
  EXPECT_EQ(unscaled(), -1250);
  EXPECT_EQ(put(type, decimal("999.99")), "ok");
  EXPECT_EQ(unscaled(), 99999);
  EXPECT_EQ(put(type, decimal("1000.00")), "NUMBER_RANGE");
  EXPECT_EQ(put(type, decimal("-1000")), "NUMBER_RANGE");
  EXPECT_EQ(put(type, decimal("1.230")), "ok");
  EXPECT_EQ(unscaled(), 123);
  EXPECT_EQ(put(type, decimal("1.234")), "NUMBER_RANGE");
  EXPECT_EQ(put(type, decimal("1e2")), "ok");
  EXPECT_EQ(unscaled(), 10000);
  EXPECT_EQ(put(type, Value::string("0.10")), "ok");
  EXPECT_EQ(unscaled(), 10);
  EXPECT_EQ(put(type, Value::string("ten")), "TYPE_MISMATCH");
  EXPECT_EQ(put(type, Value::float64(0.1)), "ok");
  EXPECT_EQ(unscaled(), 10);
  EXPECT_EQ(put(type, Value::float32(0.1F)), "ok");
  EXPECT_EQ(unscaled(), 10);
  EXPECT_EQ(put(decimal_type(38, 0), decimal(std::string(38, '9'))), "ok");
  EXPECT_EQ(put(decimal_type(38, 0), decimal("1" + std::string(38, '0'))), "NUMBER_RANGE");
  EXPECT_EQ(put(decimal_type(38, 0), decimal("1e1000000")), "NUMBER_RANGE");
  EXPECT_EQ(put(decimal_type(38, 38), decimal("0e1000000")), "ok");
}

TEST_F(CellTest, NumbersAndBooleansAreParsedFromText) {
  const auto of = [&](TypeId type, const char* digits) { return put(type, Value::string(digits)); };
  EXPECT_EQ(of(TypeId::Int, "-17"), "ok");
  EXPECT_EQ(number<int32_t>(), -17);
  EXPECT_EQ(of(TypeId::Long, "+9223372036854775807"), "ok");
  EXPECT_EQ(number<int64_t>(), INT64_MAX);
  EXPECT_EQ(of(TypeId::Int, "2147483648"), "NUMBER_RANGE");
  EXPECT_EQ(of(TypeId::Long, "9223372036854775808"), "NUMBER_RANGE");
  for (const char* none : {"", " 1", "1.0", "0x1", "+-1", "--1", "1e3", "one", "-"}) {
    EXPECT_EQ(of(TypeId::Long, none), "TYPE_MISMATCH") << none;
  }
  EXPECT_EQ(of(TypeId::Double, " -2.5e3 "), "ok");
  EXPECT_EQ(number<double>(), -2500);
  EXPECT_EQ(of(TypeId::Double, ".5"), "ok");
  EXPECT_EQ(of(TypeId::Double, "-Infinity"), "ok");
  EXPECT_TRUE(std::isinf(number<double>()));
  EXPECT_EQ(of(TypeId::Float, "NaN"), "ok");
  EXPECT_EQ(of(TypeId::Float, "0.1"), "ok");
  EXPECT_EQ(number<float>(), 0.1F);
  EXPECT_EQ(of(TypeId::Float, "1e39"), "NUMBER_RANGE");
  EXPECT_EQ(of(TypeId::Double, "1e999"), "NUMBER_RANGE");
  EXPECT_EQ(of(TypeId::Double, "1e-999"), "ok");
  EXPECT_EQ(number<double>(), 0);
  for (const char* none : {"", " ", "inf", "nan", "1x", "--1", "0x1p3", "+-1", "infinity", "xNaN"}) {
    EXPECT_EQ(of(TypeId::Double, none), "TYPE_MISMATCH") << none;
  }
  EXPECT_EQ(of(TypeId::Boolean, "TRUE"), "ok");
  EXPECT_EQ(number<uint8_t>(), 1);
  EXPECT_EQ(of(TypeId::Boolean, "false"), "ok");
  EXPECT_EQ(number<uint8_t>(), 0);
  EXPECT_EQ(of(TypeId::Boolean, "yes"), "TYPE_MISMATCH");
}

TEST_F(CellTest, OneValueHasALimitAlsoForWhatASmallMessageAsksFor) {
  CellOptions options;
  options.max_bytes = 64;
  const auto put_within = [&](const TypePtr& type, const Value& value) {
    column_.emplace(NestedField{1, "c", false, type});
    return append_value(*column_, value, options, reject_) ? "ok" : reject_.message();
  };
  const std::string text(65, 'x');
  EXPECT_EQ(put_within(primitive(TypeId::String), Value::string(std::string_view(text).substr(1))), "ok");
  EXPECT_EQ(put_within(primitive(TypeId::String), Value::string(text)),
            "TOO_LARGE: the value needs 65 bytes or more, lakehouse.value.max.bytes is 64");
  EXPECT_EQ(put_within(primitive(TypeId::Binary), Value::string(text)).substr(0, 13), "TYPE_MISMATCH");
  std::vector<NestedField> many;
  for (int32_t id = 3; id < 40; ++id) many.push_back({id, "m" + std::to_string(id), false, primitive(TypeId::Long)});
  const TypePtr list = list_type(2, struct_type(many), false);
  EXPECT_EQ(put_within(list, array_of(arena_, {})), "ok");
  EXPECT_EQ(put_within(list, array_of(arena_, {map_of(arena_, {})})).substr(0, 9), "TOO_LARGE");
}

TEST_F(CellTest, MembersAreFoundInAnyOrderAndByCaseWhenAsked) {
  const TypePtr type = struct_type({{2, "a", false, primitive(TypeId::Int)},
                                    {3, "B", false, primitive(TypeId::Int)}});
  const auto with = [&](CellOptions options, std::initializer_list<std::pair<std::string_view, Value>> members) {
    column_.emplace(NestedField{1, "c", false, type});
    return append_value(*column_, map_of(arena_, members), options, reject_)
               ? "ok"
               : reject_.message().substr(0, reject_.message().find(':'));
  };
  const Value one = Value::int8(1);
  EXPECT_EQ(with({}, {{"B", Value::int8(2)}, {"a", one}, {"b", one}}), "ok");
  EXPECT_EQ(fixed_at<int32_t>(column_->children()[0], 0), 1);
  EXPECT_EQ(fixed_at<int32_t>(column_->children()[1], 0), 2);
  EXPECT_EQ(with({.ignore_case = true}, {{"b", Value::int8(3)}, {"A", one}}), "ok");
  EXPECT_EQ(fixed_at<int32_t>(column_->children()[1], 0), 3);
  EXPECT_EQ(with({.ignore_case = true}, {{"b", one}, {"A", one}, {"a", one}}), "DUPLICATE_KEY(a)");
  EXPECT_EQ(with({.unknown = UnknownMembers::Reject}, {{"x", Value()}}), "UNKNOWN_FIELD(x)");
  EXPECT_EQ(with({.unknown = UnknownMembers::Collect}, {{"a", one}, {"x", Value()}}), "ok");
  EXPECT_EQ(with({.unknown = UnknownMembers::Collect}, {{"a", one}, {"x", one}}), "UNKNOWN_FIELD(x)");
}

TEST_F(CellTest, DatesAreOfTheCalendar) {
  EXPECT_EQ(temporal(TypeId::Date, "1970-01-01"), 0);
  EXPECT_EQ(temporal(TypeId::Date, "2017-11-16"), 17486);
  EXPECT_EQ(temporal(TypeId::Date, "2000-02-29"), 11016);
  EXPECT_EQ(temporal(TypeId::Date, "1969-12-30"), -2);
  for (const char* none : {"2100-02-29", "2023-02-29", "2023-04-31", "2023-13-01", "2023-00-01",
                           "2023-01-00", "2023-1-1", "23-01-01", "2023-01-01x", "", "-023-01-01"}) {
    EXPECT_FALSE(parse_temporal(none, TypeId::Date)) << none;
  }
}

TEST_F(CellTest, TimesHaveMicroseconds) {
  EXPECT_EQ(temporal(TypeId::Time, "22:31:08"), 81'068'000'000);
  EXPECT_EQ(temporal(TypeId::Time, "22:31"), 81'060'000'000);
  EXPECT_EQ(temporal(TypeId::Time, "00:00:00.1"), 100'000);
  EXPECT_EQ(temporal(TypeId::Time, "00:00:00.123456789"), 123'456);
  for (const char* none : {"24:00", "22:60", "22:31:60", "22:31:", "22:31:08.", "2:31", "22-31", ""}) {
    EXPECT_FALSE(parse_temporal(none, TypeId::Time)) << none;
  }
}

TEST_F(CellTest, InstantsApplyOffsetsAndWallClocksDoNot) {
  constexpr int64_t kAt = 1'510'871'468'000'000;
  EXPECT_EQ(temporal(TypeId::Timestamptz, "2017-11-16T22:31:08Z"), kAt);
  EXPECT_EQ(temporal(TypeId::Timestamptz, "2017-11-16 22:31:08"), kAt);
  EXPECT_EQ(temporal(TypeId::Timestamptz, "2017-11-17T00:31:08+02:00"), kAt);
  EXPECT_EQ(temporal(TypeId::Timestamptz, "2017-11-16T17:01:08-0530"), kAt);
  EXPECT_EQ(temporal(TypeId::Timestamptz, "2017-11-16T23:31:08.000001+01"), kAt + 1);
  EXPECT_EQ(temporal(TypeId::Timestamp, "2017-11-16T22:31:08+02:00"), kAt);
  EXPECT_EQ(temporal(TypeId::Timestamp, "2017-11-16"), 17486 * 86'400'000'000);
  for (const char* none : {"2017-11-16T", "2017-11-16T22:31:08+", "2017-11-16T22:31:08+01:",
                           "2017-11-16T22:31:08+19:00", "2017-11-16T22:31:08+18:01",
                           "2017-11-16T22:31:08+01:60", "2017-11-16T22:31:08ZZ", "22:31:08"}) {
    EXPECT_FALSE(parse_temporal(none, TypeId::Timestamptz)) << none;
  }
}

TEST_F(CellTest, NumbersAreMillisecondsInTemporalColumns) {
  EXPECT_EQ(put(TypeId::Timestamptz, Value::int64(-1)), "ok");
  EXPECT_EQ(number<int64_t>(), -1000);
  EXPECT_EQ(put(TypeId::Timestamp, Value::int64(INT64_MAX)), "NUMBER_RANGE");
  EXPECT_EQ(put(TypeId::Date, Value::date(-1)), "ok");
  EXPECT_EQ(number<int32_t>(), -1);
  EXPECT_EQ(put(TypeId::Date, Value::int64(86'400'000)), "ok");
  EXPECT_EQ(number<int32_t>(), 1);
  EXPECT_EQ(put(TypeId::Date, Value::int64(INT64_MAX)), "NUMBER_RANGE");
  EXPECT_EQ(put(TypeId::Time, Value::int64(86'399'999)), "ok");
  EXPECT_EQ(put(TypeId::Time, Value::int64(86'400'000)), "NUMBER_RANGE");
  EXPECT_EQ(put(TypeId::Time, Value::int64(-1)), "NUMBER_RANGE");
}

TEST_F(CellTest, UuidsComeWithAllHyphensOrNone) {
  EXPECT_EQ(put(TypeId::Uuid, Value::string("f79c3e09-677c-4bbd-a479-3f349cb785e7")), "ok");
  EXPECT_EQ(static_cast<uint8_t>(text()[0]), 0xf7);
  EXPECT_EQ(static_cast<uint8_t>(text()[15]), 0xe7);
  EXPECT_EQ(put(TypeId::Uuid, Value::string("F79C3E09677C4BBDA4793F349CB785E7")), "ok");
  for (const char* none : {"f79c3e09-677c4bbda4793f349cb785e7", "f79c3e09-677c-4bbd-a479-3f349cb785e", "",
                           "g79c3e09-677c-4bbd-a479-3f349cb785e7", "f79c3e09677c-4bbd-a479-3f349cb785e7-"}) {
    EXPECT_EQ(put(TypeId::Uuid, Value::string(none)), "TYPE_MISMATCH") << none;
  }
}

TEST_F(CellTest, BinaryTextIsBase64) {
  EXPECT_EQ(put(TypeId::Binary, Value::string("AQID")), "ok");
  EXPECT_EQ(text(), "\x01\x02\x03");
  EXPECT_EQ(put(TypeId::Binary, Value::string("")), "ok");
  EXPECT_EQ(text(), "");
  EXPECT_EQ(put(TypeId::Binary, Value::string("AQI")), "TYPE_MISMATCH");
  EXPECT_EQ(put(fixed_type(3), Value::string("AQID")), "ok");
  EXPECT_EQ(put(fixed_type(2), Value::string("AQID")), "TYPE_MISMATCH");
}

TEST_F(CellTest, TextIsWellFormed) {
  EXPECT_EQ(put(TypeId::String, Value::string("été")), "ok");
  EXPECT_EQ(put(TypeId::String, Value::string("\xc3")), "INVALID_UTF8");
  const TypePtr type = primitive(TypeId::String);
  EXPECT_EQ(put(type, map_of(arena_, {{"a", Value::int8(1)}}), NestedHandling::Stringify), "ok");
  EXPECT_EQ(text(), R"({"a":1})");
  EXPECT_EQ(put(type, array_of(arena_, {Value::int8(1)})), "NESTED_FIELD");
  EXPECT_EQ(put(TypeId::String, Value::boolean(false)), "ok");
  EXPECT_EQ(text(), "false");
  EXPECT_EQ(put(TypeId::String, decimal("1.50")), "ok");
  EXPECT_EQ(text(), "1.50");
}

TEST_F(CellTest, RejectsSayWhereInTheColumn) {
  const TypePtr type = struct_type(
      {{2, "a", true, primitive(TypeId::Int)},
       {3, "l", false, list_type(4, struct_type({{5, "b", false, primitive(TypeId::Int)}}), false)}});
  EXPECT_EQ(put(type, map_of(arena_, {{"l", Value()}})), "MISSING_REQUIRED");
  EXPECT_EQ(reject_.field, "a");
  const Value inner = map_of(arena_, {{"b", Value::string("x")}});
  EXPECT_EQ(put(type, map_of(arena_, {{"a", Value::int8(1)}, {"l", array_of(arena_, {inner})}})),
            "TYPE_MISMATCH");
  EXPECT_EQ(reject_.field, "l.element.b");
  EXPECT_EQ(reject_.message(), "TYPE_MISMATCH(l.element.b): expected int, got STRING 'x'");
}

}  // namespace
}  // namespace millrace::lakehouse

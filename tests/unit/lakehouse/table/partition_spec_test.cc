#include "connectors/lakehouse/table/partition_spec.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "connectors/scalars/civil_time.h"
#include "connectors/scalars/decimal_bytes.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

using std::string_literals::operator""s;

const Type kInt{.id = TypeId::Int};
const Type kLong{.id = TypeId::Long};
const Type kDate{.id = TypeId::Date};
const Type kTime{.id = TypeId::Time};
const Type kTimestamp{.id = TypeId::Timestamp};
const Type kTimestamptz{.id = TypeId::Timestamptz};
const Type kString{.id = TypeId::String};
const Type kUuid{.id = TypeId::Uuid};
const Type kBinary{.id = TypeId::Binary};
const Type kDecimal{.id = TypeId::Decimal, .precision = 9, .scale = 2};

constexpr int64_t kMoment = 1'510'871'468'000'000;  // 2017-11-16T22:31:08
const std::string kUuidBytes = "\xf7\x9c\x3e\x09\x67\x7c\x4b\xbd\xa4\x79\x3f\x34\x9c\xb7\x85\xe7"s;

int32_t hash(const Literal& value, const Type& type) {
  return static_cast<int32_t>(bucket_hash(value, type));
}

TEST(BucketHash, MatchesThePublishedValues) {
  EXPECT_EQ(hash(int32_t{34}, kInt), 2017239379);
  EXPECT_EQ(hash(int64_t{34}, kLong), 2017239379);
  EXPECT_EQ(hash("\x05\x8c"s, kDecimal), -500754589);
  EXPECT_EQ(hash(int32_t{17486}, kDate), -653330422);
  EXPECT_EQ(hash(int64_t{81'068'000'000}, kTime), -662762989);
  EXPECT_EQ(hash(kMoment, kTimestamp), -2047944441);
  EXPECT_EQ(hash(kMoment + 1, kTimestamptz), -1207196810);
  EXPECT_EQ(hash("iceberg"s, kString), 1210000089);
  EXPECT_EQ(hash(kUuidBytes, kUuid), 1488055340);
  EXPECT_EQ(hash("\0\1\2\3"s, kBinary), -188683207);
  EXPECT_EQ(hash("a"s, kString), 1009084850);
  EXPECT_EQ(hash("été"s, kString), 865297935);
  EXPECT_EQ(hash(""s, kString), 0);
  EXPECT_THROW(bucket_hash(1.5, {.id = TypeId::Double}), DataException);
}

TEST(Bucket, MatchesThePublishedValues) {
  const Transform bucket = parse_transform("bucket[16]");
  const auto of = [&](const Literal& value, const Type& type) {
    return std::get<int32_t>(apply(bucket, value, type));
  };
  EXPECT_EQ(of(int32_t{0}, kInt), 12);
  EXPECT_EQ(of(int32_t{1}, kInt), 4);
  EXPECT_EQ(of(int64_t{2}, kLong), 4);
  EXPECT_EQ(of(int32_t{-1}, kInt), 8);
  EXPECT_EQ(of(int32_t{34}, kInt), 3);
  EXPECT_EQ(of(std::numeric_limits<int32_t>::max(), kInt), 14);
  EXPECT_EQ(of(std::numeric_limits<int64_t>::min(), kLong), 5);
  EXPECT_EQ(of(""s, kString), 0);
  EXPECT_EQ(of("a"s, kString), 2);
  EXPECT_EQ(of("iceberg"s, kString), 9);
  EXPECT_EQ(of("été"s, kString), 15);
  EXPECT_EQ(of("日本語"s, kString), 7);
}

TEST(Truncate, GoesDownToAMultiple) {
  const Transform ten = parse_transform("truncate[10]");
  EXPECT_EQ(apply(ten, int32_t{1}, kInt), Literal(int32_t{0}));
  EXPECT_EQ(apply(ten, int32_t{-1}, kInt), Literal(int32_t{-10}));
  EXPECT_EQ(apply(ten, int64_t{-10}, kLong), Literal(int64_t{-10}));
  EXPECT_EQ(apply(ten, int64_t{19}, kLong), Literal(int64_t{10}));
  EXPECT_EQ(apply(parse_transform("truncate[50]"), decimal_bytes(1065), kDecimal),
            Literal(decimal_bytes(1050)));
  EXPECT_EQ(apply(parse_transform("truncate[50]"), decimal_bytes(-1), kDecimal),
            Literal(decimal_bytes(-50)));
}

TEST(Truncate, CutsTextByCodePointsAndBytesByBytes) {
  const Transform two = parse_transform("truncate[2]");
  EXPECT_EQ(apply(two, "日本語"s, kString), Literal("日本"s));
  EXPECT_EQ(apply(two, "\xe6\x97\xa5"s, kBinary), Literal("\xe6\x97"s));
  EXPECT_EQ(apply(two, "a"s, kString), Literal("a"s));
}

TEST(TimeTransforms, CountFromTheEpochDownwardsToo) {
  for (const char* name : {"year", "month", "day", "hour"}) {
    EXPECT_EQ(apply(parse_transform(name), int64_t{-1}, kTimestamp), Literal(int32_t{-1})) << name;
    EXPECT_EQ(apply(parse_transform(name), int64_t{0}, kTimestamptz), Literal(int32_t{0})) << name;
  }
  EXPECT_EQ(apply(parse_transform("year"), int32_t{17486}, kDate), Literal(int32_t{47}));
  EXPECT_EQ(apply(parse_transform("month"), int32_t{17486}, kDate), Literal(int32_t{574}));
  EXPECT_EQ(apply(parse_transform("day"), kMoment, kTimestamp), Literal(int32_t{17486}));
  EXPECT_EQ(apply(parse_transform("hour"), kMoment, kTimestamp), Literal(int32_t{419686}));
}

TEST(Transforms, NullAndVoidGiveNull) {
  for (const char* name : {"identity", "bucket[4]", "truncate[4]", "year", "void", "zorder"}) {
    EXPECT_TRUE(is_null(apply(parse_transform(name), {}, kTimestamp))) << name;
  }
  EXPECT_TRUE(is_null(apply(parse_transform("void"), int32_t{4}, kInt)));
}

TEST(Transforms, WhatIsNotKnownIsNotApplied) {
  EXPECT_THROW(apply(parse_transform("zorder"), int32_t{4}, kInt), UnsupportedException);
  for (const char* text : {"bucket[0]", "bucket[-4]", "bucket[]", "bucket", "bucket[4", "Bucket[4]",
                           "truncate[x]", "bucket[99999999999]", ""}) {
    EXPECT_EQ(parse_transform(text).kind, TransformKind::Unknown) << text;
    EXPECT_EQ(transform_text(parse_transform(text)), text);
  }
}

TEST(Transforms, TypesTheyTake) {
  EXPECT_TRUE(accepts(parse_transform("bucket[4]"), kUuid));
  EXPECT_FALSE(accepts(parse_transform("bucket[4]"), {.id = TypeId::Double}));
  EXPECT_FALSE(accepts(parse_transform("truncate[4]"), kDate));
  EXPECT_FALSE(accepts(parse_transform("hour"), kDate));
  EXPECT_TRUE(accepts(parse_transform("day"), kDate));
  EXPECT_FALSE(accepts(parse_transform("identity"), *struct_type({})));
  EXPECT_FALSE(accepts(parse_transform("zorder"), kInt));
  EXPECT_EQ(result_type(parse_transform("day"), primitive(TypeId::Timestamp))->id, TypeId::Date);
  EXPECT_EQ(result_type(parse_transform("hour"), primitive(TypeId::Timestamp))->id, TypeId::Int);
  EXPECT_EQ(result_type(parse_transform("truncate[2]"), primitive(TypeId::String))->id,
            TypeId::String);
}

TEST(CivilTime, DaysAreThoseOfTheCalendar) {
  EXPECT_EQ(day_text(0), "1970-01-01");
  EXPECT_EQ(day_text(17486), "2017-11-16");
  EXPECT_EQ(day_text(-1), "1969-12-31");
  EXPECT_EQ(day_text(19782), "2024-02-29");
  EXPECT_EQ(day_text(-719'528), "0000-01-01");
  int64_t year = 0;
  for (int64_t day = -800'000, previous = civil_day(day - 1).day; day < 800'000; ++day) {
    const CivilDay date = civil_day(day);
    ASSERT_TRUE(date.day == previous + 1 || date.day == 1) << day;
    ASSERT_TRUE(date.month >= 1 && date.month <= 12 && date.day <= 31) << day;
    if (date.month == 1 && date.day == 1 && day > -800'000) {
      ASSERT_EQ(date.year, year + 1) << day;
    }
    previous = date.day;
    year = date.year;
  }
}

TEST(HumanText, IsThatOfPaths) {
  const auto text = [](const char* transform, const Literal& value, const Type& type) {
    return human_text(parse_transform(transform), value, type);
  };
  EXPECT_EQ(text("year", int32_t{47}, kDate), "2017");
  EXPECT_EQ(text("month", int32_t{574}, kDate), "2017-11");
  EXPECT_EQ(text("month", int32_t{-1}, kDate), "1969-12");
  EXPECT_EQ(text("day", int32_t{17486}, kTimestamp), "2017-11-16");
  EXPECT_EQ(text("hour", int32_t{419686}, kTimestamp), "2017-11-16-22");
  EXPECT_EQ(text("hour", int32_t{-1}, kTimestamp), "1969-12-31-23");
  EXPECT_EQ(text("identity", kMoment, kTimestamp), "2017-11-16T22:31:08");
  EXPECT_EQ(text("identity", kMoment + 1, kTimestamptz), "2017-11-16T22:31:08.000001Z");
  EXPECT_EQ(text("identity", int64_t{81'060'000'000}, kTime), "22:31");
  EXPECT_EQ(text("identity", int32_t{17486}, kDate), "2017-11-16");
  EXPECT_EQ(text("identity", "\x05\x8c"s, kDecimal), "14.20");
  EXPECT_EQ(text("identity", kUuidBytes, kUuid), "f79c3e09-677c-4bbd-a479-3f349cb785e7");
  EXPECT_EQ(text("identity", 1.0, {.id = TypeId::Double}), "1.0");
  EXPECT_EQ(text("identity", true, {.id = TypeId::Boolean}), "true");
  EXPECT_EQ(text("truncate[4]", "\0\1"s, kBinary), "AAE=");
  EXPECT_EQ(text("bucket[4]", int32_t{3}, kString), "3");
  EXPECT_EQ(text("identity", {}, kString), "null");
}

TableSchema columns() {
  return {.fields = {{1, "id", true, primitive(TypeId::Long)},
                     {2, "ts", false, primitive(TypeId::Timestamptz)},
                     {3, "kind", false, primitive(TypeId::String)},
                     {4, "at", false,
                      struct_type({{5, "day", false, primitive(TypeId::Date)},
                                   {6, "place.x", false, primitive(TypeId::Int)}})},
                     {7, "ts_day", false, primitive(TypeId::Date)},
                     {8, "tags", false, list_type(9, primitive(TypeId::String), false)},
                     {10, "ratio", false, primitive(TypeId::Double)}}};
}

TEST(PartitionPath, EncodesNamesAndValues) {
  const PartitionSpec spec = parse_partition_by("day(ts_day), kind, bucket(id,4)", columns());
  EXPECT_EQ(partition_path(spec, columns(), {int32_t{17486}, "a/b é+*"s, int32_t{2}}),
            "ts_day_day=2017-11-16/kind=a%2Fb+%C3%A9%2B*/id_bucket=2");
  EXPECT_EQ(partition_path(spec, columns(), {{}, {}, {}}),
            "ts_day_day=null/kind=null/id_bucket=null");
  EXPECT_EQ(partition_path({}, columns(), {}), "");
  EXPECT_THROW(partition_path(spec, columns(), {}), DataException);
}

TEST(PartitionBy, TakesApachesGrammar) {
  const PartitionSpec spec = parse_partition_by(
      " id , months( ts ),bucket( kind , 16 ),truncate(kind,4), at.day, years(at.day)", columns());
  const std::vector<std::string> names = {"id",         "ts_month", "kind_bucket",
                                          "kind_trunc", "at.day",   "at.day_year"};
  const std::vector<std::string> transforms = {"identity",    "month",    "bucket[16]",
                                               "truncate[4]", "identity", "year"};
  const std::vector<int32_t> sources = {1, 2, 3, 3, 5, 5};
  ASSERT_EQ(spec.fields.size(), names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(spec.fields[i].name, names[i]);
    EXPECT_EQ(transform_text(spec.fields[i].transform), transforms[i]);
    EXPECT_EQ(spec.fields[i].transform, parse_transform(transforms[i]));
    EXPECT_EQ(spec.fields[i].source_id, sources[i]);
    EXPECT_EQ(spec.fields[i].field_id, 1000 + static_cast<int32_t>(i));
  }
  EXPECT_TRUE(parse_partition_by("", columns()).is_unpartitioned());
  EXPECT_TRUE(parse_partition_by("  ", columns()).is_unpartitioned());
  EXPECT_EQ(parse_partition_by("at.place.x", columns()).fields[0].source_id, 6);
}

TEST(PartitionBy, WhatIsWrongIsNamed) {
  for (const char* text : {"nothing",
                           "id,,kind",
                           "id,",
                           "bucket(id)",
                           "bucket(id,0)",
                           "bucket(id,x)",
                           "bucket(id,4,5)",
                           "truncate(ts,4)",
                           "day(id)",
                           "day(ts",
                           "day)",
                           "day()",
                           "day(ts,1)",
                           "(id)",
                           "zorder(id)",
                           "identity(id)",
                           "tags",
                           "tags.element",
                           "at",
                           "hour(at.day)",
                           "bucket(ratio,4)",
                           "id,id",
                           "year(ts),month(ts)",
                           "day(ts)",
                           "bucket(id,4),bucket(id,8)",
                           "Day(ts)"}) {
    try {
      parse_partition_by(text, columns());
      ADD_FAILURE() << text;
    } catch (const ConfigException& error) {
      EXPECT_EQ(std::string(error.what()).find("partition-by: `"), 0U) << error.what();
    }
  }
}

TEST(Transforms, KeepTheOrderOfTheirSource) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 5000; ++i) {
    auto a = static_cast<int64_t>(random()) >> (random() % 40 + 4);
    auto b = static_cast<int64_t>(random()) >> (random() % 40 + 4);
    if (a > b) std::swap(a, b);
    for (const char* name : {"identity", "year", "month", "day", "hour"}) {
      const Transform transform = parse_transform(name);
      const Literal low = apply(transform, a, kTimestamp);
      const Literal high = apply(transform, b, kTimestamp);
      if (name != "hour"s || (a > -7'000'000'000'000'000'000 && b < 7'000'000'000'000'000'000)) {
        EXPECT_LE(low, high) << name << ' ' << a << ' ' << b;
      }
    }
    const auto width = static_cast<int32_t>(random() % 1000 + 1);
    const Transform truncate = parse_transform("truncate[" + std::to_string(width) + "]");
    const auto down = std::get<int64_t>(apply(truncate, a, kLong));
    EXPECT_TRUE(down <= a && a - down < width && down % width == 0) << a << ' ' << width;
    EXPECT_EQ(decimal_value(std::get<std::string>(apply(truncate, decimal_bytes(a), kDecimal))),
              Int128{down});
  }
}

}  // namespace
}  // namespace millrace::lakehouse

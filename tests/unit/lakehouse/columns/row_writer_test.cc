#include "connectors/lakehouse/columns/row_writer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "millrace/schema.h"
#include "tests/unit/lakehouse/columns/values.h"
#include "tests/unit/pipeline/allocations/counting_new.h"

namespace millrace::lakehouse {
namespace {

NestedField field(int32_t id, std::string name, TypeId type, bool required = false) {
  return {id, std::move(name), required, primitive(type)};
}

class RowWriterTest : public ::testing::Test {
 protected:
  void use(TableSchemaPtr schema, RowOptions options = {}) {
    batch_.emplace(schema);
    writer_.emplace(std::move(schema), std::move(options));
  }
  std::string put(const Value& value) {
    Record record;
    record.value.value = value;
    record.original_topic = "orders";
    record.original_partition = 3;
    record.offset = 42;
    record.timestamp = 5;
    Reject reject;
    return writer_->write(record, *batch_, reject) ? "ok" : reject.message().substr(0, reject.message().find(':'));
  }
  const Column& column(size_t at) const { return batch_->columns()[at]; }

  Arena arena_;
  std::optional<ColumnBatch> batch_;
  std::optional<RowWriter> writer_;
};

TEST_F(RowWriterTest, FieldsFindTheirColumnsInAnyOrder) {
  use(schema_of({field(1, "a", TypeId::Long), field(2, "b", TypeId::String)}));
  EXPECT_EQ(put(map_of(arena_, {{"a", Value::int64(1)}, {"b", Value::string("x")}})), "ok");
  EXPECT_EQ(put(map_of(arena_, {{"b", Value::string("y")}, {"a", Value::int64(2)}})), "ok");
  EXPECT_EQ(put(map_of(arena_, {{"b", Value::string("z")}})), "ok");
  EXPECT_EQ(fixed_at<int64_t>(column(0), 1), 2);
  EXPECT_FALSE(is_valid(column(0), 2));
  EXPECT_EQ(text_at(column(1), 2), "z");
}

TEST_F(RowWriterTest, StructsFindThemByTheirSchema) {
  use(schema_of({field(1, "a", TypeId::Long), field(2, "b", TypeId::String)}));
  const SchemaPtr schema = SchemaBuilder::structure()
                               .field("b", primitive_schema(::millrace::Type::String, true))
                               .field("a", primitive_schema(::millrace::Type::Int32))
                               .build();
  const Value values[] = {Value::string("x"), Value::int32(7)};
  const StructData data{schema.get(), values};
  EXPECT_EQ(put(Value::structure(&data)), "ok");
  EXPECT_EQ(fixed_at<int64_t>(column(0), 0), 7);
  EXPECT_EQ(text_at(column(1), 0), "x");
}

TEST_F(RowWriterTest, ARecordIsAnObject) {
  use(schema_of({field(1, "a", TypeId::Long)}));
  EXPECT_EQ(put(Value()), "NULL_VALUE");
  EXPECT_EQ(put(Value::int64(1)), "NOT_OBJECT");
  EXPECT_EQ(put(array_of(arena_, {})), "NOT_OBJECT");
  EXPECT_EQ(put(map_of(arena_, {})), "ok");
}

TEST_F(RowWriterTest, TwoFieldsForAColumnAreRejectedAlsoByCase) {
  use(schema_of({field(1, "Name", TypeId::String)}), {.ignore_case = true});
  const Value x = Value::string("x");
  EXPECT_EQ(put(map_of(arena_, {{"NAME", x}})), "ok");
  EXPECT_EQ(put(map_of(arena_, {{"name", x}, {"nAme", x}})), "DUPLICATE_KEY(Name)");
  EXPECT_EQ(put(map_of(arena_, {{"name", Value()}, {"Name", x}})), "DUPLICATE_KEY(Name)");
  EXPECT_EQ(batch_->rows(), 1);
}

TEST_F(RowWriterTest, RequiredColumnsNeedAValue) {
  use(schema_of({field(1, "a", TypeId::Long, true), field(2, "b", TypeId::String)}));
  EXPECT_EQ(put(map_of(arena_, {{"b", Value::string("x")}})), "MISSING_REQUIRED(a)");
  EXPECT_EQ(put(map_of(arena_, {{"a", Value()}})), "MISSING_REQUIRED(a)");
  EXPECT_EQ(batch_->rows(), 0);
  EXPECT_EQ(batch_->columns()[1].rows(), 0);
}

TEST_F(RowWriterTest, UnknownFieldsAreIgnoredRejectedOrCollected) {
  const auto schema = schema_of({field(1, "a", TypeId::Long)});
  const Value record = map_of(arena_, {{"a", Value::int64(1)}, {"new", Value::string("x")}});
  use(schema);
  EXPECT_EQ(put(record), "ok");
  use(schema, {.reject_unknown = true});
  EXPECT_EQ(put(record), "UNKNOWN_FIELD(new)");
  use(schema, {.reject_nested = true});
  EXPECT_EQ(put(map_of(arena_, {{"o", map_of(arena_, {})}})), "NESTED_FIELD(o)");
  use(schema, {.collect_unknown = true});
  EXPECT_EQ(put(record), "UNKNOWN_FIELD(new)");
  // What no column can be made for makes no record wait for one.
  const Value hollow = map_of(arena_, {{"y", Value()}});
  EXPECT_EQ(put(map_of(arena_, {{"n", Value()}, {"e", array_of(arena_, {})}, {"h", hollow}})), "ok");
}

TEST_F(RowWriterTest, BrokerColumnsAreOfTheTypesThatTheTableHas) {
  const std::vector<BrokerField> all = {BrokerField::Topic, BrokerField::Partition, BrokerField::Offset,
                                        BrokerField::Timestamp};
  use(schema_of({field(1, "_kafka_topic", TypeId::String), field(2, "_kafka_partition", TypeId::Long),
                 field(3, "_kafka_offset", TypeId::Long), field(4, "_kafka_timestamp", TypeId::Timestamptz)}),
      {.broker_fields = all});
  EXPECT_EQ(put(map_of(arena_, {})), "ok");
  EXPECT_EQ(text_at(column(0), 0), "orders");
  EXPECT_EQ(fixed_at<int64_t>(column(1), 0), 3);
  EXPECT_EQ(fixed_at<int64_t>(column(2), 0), 42);
  EXPECT_EQ(fixed_at<int64_t>(column(3), 0), 5'000);
  use(schema_of({field(1, "_kafka_topic", TypeId::Long)}), {.broker_fields = all});
  EXPECT_EQ(put(map_of(arena_, {})), "TYPE_MISMATCH(_kafka_topic)");
}

// Rows and rejects in any order: the batch has exactly the rows of a model that copies them.
TEST_F(RowWriterTest, ARejectLeavesNothingBehind) {
  const char* given = std::getenv("MILLRACE_TEST_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  SCOPED_TRACE("MILLRACE_TEST_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  use(schema_of({field(1, "n", TypeId::Long, true), field(2, "s", TypeId::String),
                 {3, "l", false, list_type(4, primitive(TypeId::Int), true)},
                 field(5, "b", TypeId::Boolean)}));
  struct Row {
    int64_t n;
    std::optional<std::string> s;
    std::optional<std::vector<int32_t>> l;
  };
  std::vector<Row> model;
  for (int i = 0; i < 3'000; ++i) {
    if (random() % 100 == 0) {
      batch_->clear();
      model.clear();
    }
    Row row{static_cast<int64_t>(random()), {}, {}};
    std::vector<MapEntry> entries;
    bool good = true;
    if (random() % 10 != 0) {
      entries.push_back({Value::string("n"), Value::int64(row.n)});
    } else {
      good = false;
    }
    if (random() % 3 != 0) {
      row.s = std::string(random() % 40, 'x');
      entries.push_back({Value::string("s"), Value::string(arena_.copy(*row.s))});
    }
    if (random() % 3 != 0) {
      std::vector<Value> items;
      row.l.emplace();
      for (uint64_t left = random() % 5; left > 0; --left) {
        row.l->push_back(static_cast<int32_t>(random()));
        items.push_back(Value::int32(row.l->back()));
      }
      if (random() % 8 == 0) {
        items.push_back(random() % 2 == 0 ? Value() : Value::string("no number"));
        good = false;
      }
      const auto kept = arena_.make_array<Value>(items.size());
      std::copy(items.begin(), items.end(), kept.begin());
      entries.push_back({Value::string("l"), Value::array(kept)});
    }
    if (random() % 10 == 0) {
      entries.push_back({Value::string("b"), Value::int8(1)});
      good = false;
    }
    std::shuffle(entries.begin(), entries.end(), random);
    ASSERT_EQ(put(Value::map(entries)) == "ok", good);
    if (good) model.push_back(row);
    for (const Column& one : batch_->columns()) {
      ASSERT_EQ(one.rows(), static_cast<int64_t>(model.size()));
    }
  }
  int64_t item = 0;
  for (size_t i = 0; i < model.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    ASSERT_EQ(fixed_at<int64_t>(column(0), row), model[i].n);
    ASSERT_EQ(is_valid(column(1), row), model[i].s.has_value());
    ASSERT_EQ(text_at(column(1), row), model[i].s.value_or(""));
    ASSERT_EQ(is_valid(column(2), row), model[i].l.has_value());
    for (const int32_t wanted : model[i].l.value_or(std::vector<int32_t>())) {
      ASSERT_EQ(fixed_at<int32_t>(column(2).children()[0], item++), wanted);
    }
    ASSERT_FALSE(is_valid(column(3), row));
  }
  EXPECT_EQ(column(2).children()[0].rows(), item);
}

TEST_F(RowWriterTest, KnownRowsAllocateNothingOnceThereIsRoom) {
  use(schema_of({field(1, "a_column_with_a_long_name", TypeId::Long), field(2, "text", TypeId::String),
                 field(3, "id", TypeId::Uuid), {4, "price", false, decimal_type(9, 2)},
                 field(5, "blob_of_some_bytes", TypeId::Binary), field(6, "at", TypeId::Timestamptz)}),
      {.ignore_case = true});
  const std::pair<std::string_view, Value> members[] = {
      {"a_column_with_a_long_name", Value::int64(1)},
      {"TEXT", Value::float64(1.0 / 3)},
      {"id", Value::string("f79c3e09-677c-4bbd-a479-3f349cb785e7")},
      {"price", Value::int64(12)},
      {"blob_of_some_bytes", Value::string("AQIDBAUGBwgJCgsMDQ4PEBESExQ=")},
      {"at", Value::string("2017-11-16T22:31:08.123456+01:00")}};
  const Value one = map_of(arena_, {members[0], members[1], members[2], members[3], members[4], members[5]});
  const Value other = map_of(arena_, {members[5], members[4], members[0], members[1], members[3], members[2]});
  Record record;
  const auto write = [&](int rows) {
    Reject reject;
    for (int i = 0; i < rows; ++i) {
      record.value.value = i % 2 == 0 ? one : other;  // of two shapes
      ASSERT_TRUE(writer_->write(record, *batch_, reject)) << reject.message();
    }
  };
  write(200);
  batch_->clear();
  const size_t before = allocations();
  write(200);
  EXPECT_EQ(allocations(), before);
}

}  // namespace
}  // namespace millrace::lakehouse

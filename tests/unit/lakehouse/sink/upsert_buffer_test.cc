#include "connectors/lakehouse/sink/upsert_buffer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "connectors/lakehouse/sink/changes.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/lakehouse/columns/values.h"

namespace millrace::lakehouse {
namespace {

using ::testing::ElementsAre;

TableSchema orders() {
  TableSchema schema;
  schema.fields = {{1, "shop", false, primitive(TypeId::String)},
                   {2, "amount", false, primitive(TypeId::Long)},
                   {3, "id", false, primitive(TypeId::Int)}};
  return schema;
}

class UpsertBufferTest : public ::testing::Test {
 protected:
  explicit UpsertBufferTest() { use(std::make_shared<TableSchema>(orders()), {1, 3}); }
  void use(TableSchemaPtr schema, const std::vector<int32_t>& ids) {
    schema_ = std::move(schema);
    keys_ = key_schema(*schema_, ids);
    buffer_ = std::make_unique<UpsertBuffer>(schema_, keys_, false);
    rows_ = std::make_unique<RowWriter>(schema_, RowOptions());
  }
  Value order(const std::string& shop, int64_t id, int64_t amount) {
    return map_of(arena_, {{"shop", Value::string(shop)}, {"id", Value::int64(id)},
                           {"amount", Value::int64(amount)}});
  }
  bool put(ChangeKind kind, const Value& value) {
    Record record;
    record.value.value = value;
    return buffer_->put(kind, record, *rows_, reject_);
  }
  bool erase(const Value& key) { return buffer_->erase({nullptr, key}, reject_); }
  std::unique_ptr<PartitionWriters> writers(const TableSchemaPtr& schema, const std::string& partition_by) {
    FileTarget target;
    target.files = local_files();
    target.data_folder = folder_.path().string();
    target.name_stem = std::to_string(++files_);
    target.spec = std::make_shared<PartitionSpec>(
        partition_by.empty() ? PartitionSpec() : parse_partition_by(partition_by, *schema_));
    target.schema = schema;
    target.options = data_file_options(*schema, {});
    return std::make_unique<PartitionWriters>(std::move(target), RowOptions());
  }
  static int64_t count(const std::vector<DataFile>& files) {
    int64_t rows = 0;
    for (const DataFile& file : files) rows += file.metrics.record_count;
    return rows;
  }
  struct Written {
    std::vector<DataFile> data;
    std::vector<DataFile> deletes;
  };
  Written write(const std::string& partition_by = "") {
    const auto data = writers(schema_, partition_by);
    const auto deletes = writers(keys_, partition_by);
    buffer_->write_to(*data, *deletes);
    return {data->finish(), deletes->finish()};
  }

  testing_support::TemporaryFolder folder_;
  Arena arena_;
  Reject reject_;
  TableSchemaPtr schema_;
  TableSchemaPtr keys_;
  std::unique_ptr<UpsertBuffer> buffer_;
  std::unique_ptr<RowWriter> rows_;
  int files_ = 0;
};

TEST_F(UpsertBufferTest, TheNewestRowOfAKeyStays) {
  EXPECT_TRUE(put(ChangeKind::Upsert, order("a", 1, 10)));
  EXPECT_TRUE(put(ChangeKind::Upsert, order("b", 1, 20)));
  EXPECT_TRUE(put(ChangeKind::Upsert, order("a", 1, 30)));
  EXPECT_EQ(buffer_->live_rows(), 2);
  const Written written = write();
  EXPECT_EQ(count(written.data), 2);
  EXPECT_EQ(written.data.at(0).metrics.lower_bounds.at(2), std::string("\x14\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(written.data.at(0).metrics.upper_bounds.at(2), std::string("\x1e\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(count(written.deletes), 2);
}

TEST_F(UpsertBufferTest, InsertsDeleteNothing) {
  EXPECT_TRUE(put(ChangeKind::Insert, order("a", 1, 1)));
  EXPECT_TRUE(put(ChangeKind::Upsert, order("a", 2, 1)));
  EXPECT_TRUE(erase(order("a", 3, 1)));
  EXPECT_TRUE(put(ChangeKind::Insert, order("a", 3, 2))) << "what was deleted before is in the table still";
  const Written written = write();
  EXPECT_EQ(count(written.data), 3);
  EXPECT_EQ(count(written.deletes), 2);
}

TEST_F(UpsertBufferTest, DeletionsTakeOnlyTheKey) {
  EXPECT_TRUE(put(ChangeKind::Insert, order("a", 1, 1)));
  EXPECT_TRUE(erase(map_of(arena_, {{"id", Value::int64(1)}, {"shop", Value::string("a")}})));
  EXPECT_EQ(buffer_->live_rows(), 0);
  const Written written = write();
  EXPECT_TRUE(written.data.empty());
  EXPECT_EQ(count(written.deletes), 1);
}

TEST_F(UpsertBufferTest, AKeyOfOneColumnMayBeAValue) {
  use(std::make_shared<TableSchema>(orders()), {3});
  EXPECT_TRUE(put(ChangeKind::Insert, order("a", 7, 1)));
  EXPECT_TRUE(erase(Value::int64(7)));
  EXPECT_EQ(buffer_->live_rows(), 0);
  EXPECT_FALSE(erase(Value::string("seven")));
  EXPECT_EQ(reject_.field, "id");
  EXPECT_FALSE(erase(Value()));
  EXPECT_EQ(reject_.reason, RejectReason::NullValue);
  EXPECT_EQ(count(write().deletes), 1) << "what was rejected left nothing behind";
}

TEST_F(UpsertBufferTest, RowsWithoutAKeyAreNone) {
  EXPECT_FALSE(put(ChangeKind::Upsert, map_of(arena_, {{"id", Value::int64(1)}})));
  EXPECT_EQ(reject_.reason, RejectReason::MissingRequired);
  EXPECT_EQ(reject_.field, "shop");
  EXPECT_FALSE(erase(map_of(arena_, {{"shop", Value::string("a")}, {"id", Value()}})));
  EXPECT_EQ(reject_.reason, RejectReason::MissingRequired);
  EXPECT_TRUE(buffer_->empty());
  EXPECT_TRUE(put(ChangeKind::Upsert, order("a", 1, 1)));
  EXPECT_EQ(count(write().data), 1);
}

TEST_F(UpsertBufferTest, KeysGoWhereTheirRowsWere) {
  for (int64_t i = 0; i < 100; ++i) EXPECT_TRUE(put(ChangeKind::Upsert, order("s" + std::to_string(i % 3), i, i)));
  const Written written = write("shop, bucket(id, 4)");
  std::map<std::string, int64_t> rows;
  for (const DataFile& file : written.data) {
    rows[std::get<std::string>(file.partition[0]) + std::to_string(std::get<int32_t>(file.partition[1]))] +=
        file.metrics.record_count;
  }
  for (const DataFile& file : written.deletes) {
    rows[std::get<std::string>(file.partition[0]) + std::to_string(std::get<int32_t>(file.partition[1]))] -=
        file.metrics.record_count;
  }
  EXPECT_EQ(rows.size(), 12U);
  for (const auto& [partition, left] : rows) EXPECT_EQ(left, 0) << partition;
}

TEST_F(UpsertBufferTest, RandomChangesAreAsInAModel) {
  const auto* given = std::getenv("MILLRACE_TEST_SEED");
  const uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (const size_t keys : {50U, 5'000U}) {
    std::map<int64_t, int64_t> model;
    std::map<int64_t, bool> touched;
    buffer_->clear();
    for (int step = 0; step < 60'000; ++step) {
      const auto id = static_cast<int64_t>(random() % keys);
      if (random() % 4 == 0) {
        ASSERT_TRUE(erase(order("a", id, 0)));
        model.erase(id);
        touched[id] = true;
      } else {
        const bool insert = random() % 2 == 0;
        ASSERT_TRUE(put(insert ? ChangeKind::Insert : ChangeKind::Upsert, order("a", id, step)));
        model[id] = step;
        touched[id] |= !insert;
      }
      if (step == 30'000) {  // the table changes in between
        auto wider = std::make_shared<TableSchema>(*schema_);
        wider->fields[2].type = primitive(TypeId::Long);
        wider->fields.push_back({wider->highest_id() + 1, "c" + std::to_string(keys), false,
                                 primitive(TypeId::Double)});
        keys_ = key_schema(*wider, {1, 3});
        buffer_ = std::make_unique<UpsertBuffer>(buffer_->with_schema(wider, keys_));
        schema_ = wider;
        rows_ = std::make_unique<RowWriter>(schema_, RowOptions());
      }
      if (step % 1'000 == 0) arena_.reset();
    }
    ASSERT_EQ(buffer_->live_rows(), static_cast<int64_t>(model.size()));
    const Written written = write();
    EXPECT_EQ(count(written.data), static_cast<int64_t>(model.size()));
    EXPECT_EQ(count(written.deletes),
              std::count_if(touched.begin(), touched.end(), [](const auto& one) { return one.second; }));
    EXPECT_TRUE(keys > 50 || buffer_->bytes() < 8 << 20) << "superseded rows are swept";
  }
}

class ChangeReaderTest : public ::testing::Test {
 protected:
  RowChange read(const ChangeOptions& options, const Value& value, const Value& key = {}) {
    Record record;
    record.value.value = value;
    record.key.value = key;
    RowChange change;
    Reject reject;
    ok_ = ChangeReader(options).read(record, change, reject);
    message_ = reject.message();
    return change;
  }
  Arena arena_;
  bool ok_ = false;
  std::string message_;
};

TEST_F(ChangeReaderTest, OperationsByTheirFirstLetter) {
  const std::pair<const char*, ChangeKind> cases[] = {
      {"U", ChangeKind::Upsert}, {"update", ChangeKind::Upsert}, {"D", ChangeKind::Delete},
      {" Delete", ChangeKind::Delete}, {"I", ChangeKind::Insert}, {"", ChangeKind::Insert},
      {"?", ChangeKind::Insert}};
  for (const auto& [text, kind] : cases) {
    const Value meta = map_of(arena_, {{"op", Value::string(text)}});
    EXPECT_EQ(read({.operation = "meta.op"}, map_of(arena_, {{"meta", meta}})).kind, kind) << text;
  }
  EXPECT_EQ(read({.operation = "meta.op"}, map_of(arena_, {})).kind, ChangeKind::Insert);
  EXPECT_EQ(read({.upsert = true, .operation = "op"}, map_of(arena_, {})).kind, ChangeKind::Upsert);
}

TEST_F(ChangeReaderTest, EnvelopesHaveTheRowInside) {
  const Value row = map_of(arena_, {{"id", Value::int64(1)}});
  const auto envelope = [&](const char* op, const Value& before, const Value& after) {
    return map_of(arena_, {{"before", before}, {"after", after}, {"op", Value::string(op)}});
  };
  EXPECT_EQ(read({.debezium = true}, envelope("c", {}, row)).kind, ChangeKind::Insert);
  EXPECT_EQ(read({.upsert = true, .debezium = true}, envelope("c", {}, row)).kind, ChangeKind::Upsert);
  EXPECT_EQ(read({.debezium = true}, envelope("r", {}, row)).kind, ChangeKind::Upsert);
  const RowChange update = read({.debezium = true}, envelope("u", {}, row));
  EXPECT_EQ(update.kind, ChangeKind::Upsert);
  EXPECT_TRUE(update.row.value == row);
  EXPECT_TRUE(read({.debezium = true}, envelope("d", row, {})).row.value == row);
  const RowChange by_key = read({.debezium = true}, envelope("d", {}, {}), Value::int64(1));
  EXPECT_EQ(by_key.kind, ChangeKind::Delete);
  EXPECT_TRUE(by_key.row.value == Value::int64(1));
  for (const Value& wrong : {envelope("t", {}, {}), row, Value::string("x")}) {
    read({.debezium = true}, wrong);
    EXPECT_FALSE(ok_);
    EXPECT_EQ(message_, "TYPE_MISMATCH(op): an envelope's operation is expected: c, r, u or d");
  }
  read({.debezium = true}, envelope("u", row, {}));
  EXPECT_FALSE(ok_);
}

}  // namespace
}  // namespace millrace::lakehouse

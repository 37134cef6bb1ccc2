#include "connectors/lakehouse/sink/partition_writers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temporary_folder.h"
#include "tests/unit/lakehouse/columns/values.h"

namespace millrace::lakehouse {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

class PartitionWritersTest : public ::testing::Test {
 protected:
  PartitionWriters writers(const std::string& partition_by, size_t memory = size_t{128} << 20) {
    TableSchema schema;
    schema.fields = {{1, "city", false, primitive(TypeId::String)},
                     {2, "n", false, primitive(TypeId::Long)},
                     {3, "price", false, decimal_type(9, 2)}};
    FileTarget target;
    target.files = local_files();
    target.data_folder = folder_.path().string();
    target.name_stem = "00000-0-id";
    PartitionSpec spec;
    if (!partition_by.empty()) spec = parse_partition_by(partition_by, schema);
    target.spec = std::make_shared<PartitionSpec>(spec);
    target.schema = std::make_shared<TableSchema>(schema);
    target.options = data_file_options(schema, {});
    target.memory_bytes = memory;
    return {std::move(target), {}};
  }
  void put(PartitionWriters& writers, const std::string& city, int64_t n) {
    Arena arena;
    Record record;
    record.value.value = map_of(arena, {{"city", Value::string(city)}, {"n", Value::int64(n)},
                                        {"price", Value::int64(n % 3 - 1)}});
    Reject reject;
    ASSERT_TRUE(writers.write(record, reject)) << reject.message();
  }
  std::vector<std::string> on_disk() const {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
      if (entry.is_regular_file()) paths.push_back(entry.path().string());
    }
    return paths;
  }

  testing_support::TemporaryFolder folder_;
};

TEST_F(PartitionWritersTest, WithoutPartitionsThereIsOneFile) {
  PartitionWriters one = writers("");
  for (int64_t n = 0; n < 10; ++n) put(one, "x", n);
  EXPECT_EQ(one.row_count(), 10);
  const auto files = one.finish();
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].path, folder_.path().string() + "/00000-0-id-00000.parquet");
  EXPECT_EQ(files[0].metrics.record_count, 10);
  EXPECT_EQ(files[0].file_size, static_cast<int64_t>(std::filesystem::file_size(files[0].path)));
  EXPECT_TRUE(files[0].partition.empty());
  EXPECT_EQ(one.row_count(), 0);
  EXPECT_EQ(one.memory_bytes(), 0);
  put(one, "x", 1);
  EXPECT_THAT(one.finish().at(0).path, EndsWith("-00001.parquet")) << "a name of its own";
  EXPECT_TRUE(one.finish().empty());
}

TEST_F(PartitionWritersTest, RowsFindTheFileOfTheirPartition) {
  PartitionWriters two = writers("city, truncate(n, 10)");
  const std::vector<std::pair<std::string, int64_t>> rows = {
      {"a", 1}, {"b", 2}, {"a", 3}, {"a", 11}, {"b", -1}, {"a", 5}, {"b", 9}};
  for (const auto& [city, n] : rows) put(two, city, n);
  std::map<std::string, int64_t> counts;
  for (const DataFile& file : two.finish()) {
    const auto& city = std::get<std::string>(file.partition.at(0));
    const auto ten = std::get<int64_t>(file.partition.at(1));
    counts[city + std::to_string(ten)] = file.metrics.record_count;
    EXPECT_THAT(file.path, StartsWith(folder_.path().string() + "/city=" + city + "/n_trunc=" +
                                      std::to_string(ten) + "/"));
  }
  EXPECT_EQ(counts, (std::map<std::string, int64_t>{{"a0", 3}, {"a10", 1}, {"b0", 2}, {"b-10", 1}}));
}

TEST_F(PartitionWritersTest, DecimalsAreValuesOfPartitions) {
  PartitionWriters three = writers("price");
  for (int64_t n = 0; n < 9; ++n) put(three, "x", n);
  std::map<std::string, int64_t> counts;
  for (const DataFile& file : three.finish()) {
    counts[std::get<std::string>(file.partition.at(0))] = file.metrics.record_count;
  }
  EXPECT_EQ(counts, (std::map<std::string, int64_t>{{"\x9c", 3}, {std::string(1, '\0'), 3}, {"d", 3}}));
}

TEST_F(PartitionWritersTest, ARejectedRowIsInNoFile) {
  PartitionWriters one = writers("city");
  put(one, "a", 1);
  Arena arena;
  Record record;
  record.value.value = map_of(arena, {{"city", Value::string("b")}, {"n", Value::string("x")}});
  Reject reject;
  EXPECT_FALSE(one.write(record, reject));
  EXPECT_EQ(reject.reason, RejectReason::TypeMismatch);
  const auto files = one.finish();
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].metrics.record_count, 1);
}

TEST_F(PartitionWritersTest, MemoryHasALimitHoweverManyPartitions) {
  constexpr size_t kLimit = size_t{1} << 20;
  PartitionWriters many = writers("city", kLimit);
  const int64_t rows = 300;
  for (int64_t n = 0; n < rows; ++n) {
    put(many, "city" + std::to_string(n % 150), n);
    ASSERT_LE(many.memory_bytes(), static_cast<int64_t>(kLimit));
  }
  int64_t written = 0;
  for (const DataFile& file : many.finish()) written += file.metrics.record_count;
  EXPECT_EQ(written, rows);
}

TEST_F(PartitionWritersTest, AFewLargeRowsCountAsWell) {
  constexpr size_t kLimit = size_t{16} << 20;
  PartitionWriters one = writers("", kLimit);
  const std::string large(size_t{1} << 20, 'x');
  for (int64_t n = 0; n < 64; ++n) {
    put(one, large, n);
    ASSERT_LE(one.memory_bytes(), static_cast<int64_t>(kLimit));
  }
  int64_t written = 0;
  for (const DataFile& file : one.finish()) written += file.metrics.record_count;
  EXPECT_EQ(written, 64);
}

TEST_F(PartitionWritersTest, OpenFilesGoWithIt) {
  {
    PartitionWriters many = writers("city", size_t{1} << 20);
    for (int64_t n = 0; n < 200; ++n) put(many, "city" + std::to_string(n), n);
    for (const DataFile& file : many.take_ended()) std::filesystem::remove(file.path);
  }
  EXPECT_TRUE(on_disk().empty());
}

}  // namespace
}  // namespace millrace::lakehouse

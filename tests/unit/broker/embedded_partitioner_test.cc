// Partitions and sizes as Kafka's producer computes them; the numbers come from Kafka 4.1's own
// classes (Utils.murmur2, BuiltInPartitioner.partitionForKey, AbstractRecords).

#include "runtime/broker/embedded/partitioner.h"

#include <set>

#include "embedded_support.h"
#include "runtime/broker/embedded/record_size.h"

namespace millrace::embedded {
namespace {

using namespace std::string_literals;

struct Vector {
  std::string key;
  int32_t murmur2;
  int32_t of_7;
  int32_t of_100;
};

const std::vector<Vector>& vectors() {
  static const std::vector<Vector> all = {
      {"", 275646681, 2, 81},
      {"a", -1563381124, 5, 24},
      {"ab", 316155434, 0, 34},
      {"abc", 479470107, 4, 7},
      {"abcd", -1323649548, 5, 0},
      {"abcde", 461995741, 4, 41},
      {"\x80", 857690492, 1, 92},
      {"\xff", -311467685, 5, 63},
      {"\xff\x80", -442788720, 6, 28},
      {"\x80\xff\x7f", -1765891516, 5, 32},
      {"\0"s, 375494588, 0, 88},
      {"\0\0"s, 595382058, 5, 58},
      {"\0\0\0"s, 1013532917, 5, 17},
      {"\0\0\0\0"s, 850957120, 6, 20},
      {"\xff\xff\xff\xff\xff\xff\xff\xff", 185950397, 3, 97},
      {"éà€", -1500640787, 0, 61},
      {"😀", 131881617, 0, 17},
      {"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11", -1569419596, 6, 52},
      {"21", -973932308, 3, 40},
      {"foobar", -790332482, 0, 66},
  };
  return all;
}

TEST(EmbeddedPartitioner, MatchesKafkaOnItsOwnNumbers) {
  for (const Vector& one : vectors()) {
    SCOPED_TRACE(testing::PrintToString(one.key));
    EXPECT_EQ(static_cast<int32_t>(murmur2(one.key)), one.murmur2);
    EXPECT_EQ(partition_of_key(one.key, 7), one.of_7);
    EXPECT_EQ(partition_of_key(one.key, 100), one.of_100);
    EXPECT_EQ(partition_of_key(one.key, 1), 0);
  }
  EXPECT_EQ(static_cast<int32_t>(murmur2("a-little-bit-long-string")), -985981536);
  EXPECT_EQ(static_cast<int32_t>(murmur2("a-little-bit-longer-string")), -1486304829);
  EXPECT_EQ(static_cast<int32_t>(murmur2("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8")),
            -58897971);
}

class EmbeddedPartitioning : public testing::Test {
 protected:
  EmbeddedPartitioning() { log.store->create_topic({"t", 7}); }
  TempFolder folder;
  TestLog log{folder.log()};
};

TEST_F(EmbeddedPartitioning, KeysGoWhereKafkaPutsThem) {
  std::vector<PlainRecord> records;
  for (const Vector& one : vectors()) records.push_back({one.key, "v"});
  const auto reports = log.send("t", records);
  ASSERT_EQ(reports.size(), vectors().size());
  for (size_t i = 0; i < reports.size(); ++i) EXPECT_EQ(reports[i].partition, vectors()[i].of_7);
}

TEST_F(EmbeddedPartitioning, RecordsWithoutKeyReachEveryPartition) {
  std::set<int32_t> used;
  Reports reports;
  EmbeddedProducer producer(log.store, {}, reports);
  for (int send = 0; send < 14; ++send) {
    RecordBatch batch;
    for (int i = 0; i < 3; ++i) add_record(batch, "t", {std::nullopt, "v"});
    ASSERT_EQ(producer.send(batch, all_rows(batch)).accepted, 3U);
    while (producer.in_flight() > 0) producer.poll(kPatience);
  }
  std::map<int32_t, int> counts;
  for (const Report& report : reports.reports) ++counts[report.partition];
  ASSERT_EQ(counts.size(), 7U);
  for (const auto& [partition, count] : counts) EXPECT_EQ(count, 6) << partition;
}

TEST_F(EmbeddedPartitioning, ThePartitionOfARecordWinsOverItsKey) {
  const auto reports = log.send("t", {{"21", "v", {}, kNoTimestamp, 6}});
  EXPECT_EQ(reports.at(0).partition, 6);
}

TEST_F(EmbeddedPartitioning, KeysCanBeIgnored) {
  Reports reports;
  EmbeddedProducer producer(log.store, {{"partitioner.ignore.keys", "true"}}, reports);
  std::set<int32_t> used;
  for (int send = 0; send < 7; ++send) {
    RecordBatch batch;
    add_record(batch, "t", {"21", "v"});
    producer.send(batch, all_rows(batch));
    while (producer.in_flight() > 0) producer.poll(kPatience);
  }
  for (const Report& report : reports.reports) used.insert(report.partition);
  EXPECT_EQ(used.size(), 7U);
}

size_t size_of(const PlainRecord& record) {
  RecordBatch batch;
  add_record(batch, "t", record);
  return kafka_size(batch[0]);
}

TEST(EmbeddedRecordSize, IsWhatKafkaEstimates) {
  const auto text = [](size_t size) { return std::string(size, 'x'); };
  EXPECT_EQ(size_of({std::nullopt, std::nullopt}), 85U);
  EXPECT_EQ(size_of({"", ""}), 85U);
  EXPECT_EQ(size_of({text(63), text(64)}), 213U);
  EXPECT_EQ(size_of({std::nullopt, text(8191)}), 8277U);
  EXPECT_EQ(size_of({std::nullopt, text(8192)}), 8279U);
  EXPECT_EQ(size_of({std::nullopt, text(1048576)}), 1048664U);
  EXPECT_EQ(size_of({std::nullopt, std::nullopt, {{"é", std::nullopt}, {"k", text(100)}}}), 193U);
}

}  // namespace
}  // namespace millrace::embedded

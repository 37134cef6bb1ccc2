#include "runtime/pipeline/log_reporter.h"

#include "tests/unit/pipeline/pipeline_fixture.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LogReporterTest : public testing::Test {
 protected:
  std::string line(bool is_sink, bool include_messages) {
    lines_.lines.clear();
    LogReporter({"c", 3}, is_sink, include_messages).report(batch_, 0, batch_.error(0), counts_);
    EXPECT_EQ(lines_.lines.size(), 1U);
    return lines_.lines.at(0);
  }
  Record& add_rejected(Stage stage = Stage::ValueConverter) {
    batch_.add();
    batch_.reject(0, {ErrorKind::Data, stage, "why", "org.x.JsonConverter"});
    return batch_[0];
  }

  static constexpr const char* kEnd =
      " org.apache.kafka.connect.errors.DataException: why "
      "(org.apache.kafka.connect.runtime.errors.LogReporter)\n";
  CapturedLines lines_;
  RecordBatch batch_;
  ErrorCounts counts_;
};

// Words of LogReporter of Kafka 4.1.1.
TEST_F(LogReporterTest, WithoutMessages) {
  add_rejected();
  const std::string expected =
      std::string(
          "ERROR Error encountered in task c-3. Executing stage 'VALUE_CONVERTER' with "
          "class 'org.x.JsonConverter'.") +
      kEnd;
  EXPECT_EQ(line(true, false), expected);
  EXPECT_EQ(line(false, false), expected);
  EXPECT_EQ(counts_.errors_logged, 2U);
}

TEST_F(LogReporterTest, AConsumedRecordIsShownByItsPlaceOnly) {
  Record& record = add_rejected(Stage::Transformation);
  record.topic = "renamed";
  record.original_topic = "t";
  record.original_partition = 2;
  record.offset = 17;
  record.timestamp = 1234;
  record.value_wire = WireBytes::of("secret");
  const std::string head =
      "ERROR Error encountered in task c-3. Executing stage 'TRANSFORMATION' with class "
      "'org.x.JsonConverter', where consumed record is {topic='t', partition=2, offset=17";
  EXPECT_EQ(line(true, true), head + "}." + kEnd) << "a record without a timestamp";
  record.timestamp_type = TimestampType::Create;
  EXPECT_EQ(line(true, true), head + ", timestamp=1234, timestampType=CreateTime}." + kEnd);
  record.timestamp_type = TimestampType::LogAppend;
  EXPECT_EQ(line(true, true), head + ", timestamp=1234, timestampType=LogAppendTime}." + kEnd);
}

TEST_F(LogReporterTest, ASourceRecordIsShownWhole) {
  add_rejected(Stage::KeyConverter).topic = "t";
  EXPECT_EQ(line(false, true),
            std::string("ERROR Error encountered in task c-3. Executing stage 'KEY_CONVERTER' with "
                        "class 'org.x.JsonConverter', where source record is = SourceRecord{"
                        "sourcePartition=null, sourceOffset=null} ConnectRecord{topic='t', "
                        "kafkaPartition=null, key=null, keySchema=null, value=null, "
                        "valueSchema=null, timestamp=null, headers=ConnectHeaders(headers=)}.") +
                kEnd);
}

// Text of SourceRecord.toString() of Kafka 4.1.1.
TEST_F(LogReporterTest, TextOfASourceRecord) {
  Arena arena;
  Record record;
  const MapEntry partition[] = {{Value::string("filename"), Value::string("f")}};
  const MapEntry offset[] = {{Value::string("position"), Value::int64(3)}};
  record.source_partition = Value::map(partition);
  record.source_offset = Value::map(offset);
  record.topic = "t";
  record.key = {primitive_schema(Type::String).get(), Value::string("k")};
  const SchemaPtr schema =
      SchemaBuilder::structure().name("n").field("a", primitive_schema(Type::Int32)).build();
  const Value field[] = {Value::int32(1)};
  const StructData structure{schema.get(), field};
  record.value = {schema.get(), Value::structure(&structure)};
  record.timestamp = 99;
  Header headers[] = {{"h", {primitive_schema(Type::String).get(), Value::string("v")}, {}},
                      {"i", {primitive_schema(Type::Int32).get(), Value::int32(3)}, {}}};
  record.headers = headers;
  record.header_count = 2;
  EXPECT_EQ(source_record_text(record),
            "SourceRecord{sourcePartition={filename=f}, sourceOffset={position=3}} "
            "ConnectRecord{topic='t', kafkaPartition=null, key=k, keySchema=Schema{STRING}, "
            "value=Struct{a=1}, valueSchema=Schema{n:STRUCT}, timestamp=99, "
            "headers=ConnectHeaders(headers=[ConnectHeader(key=h, value=v, schema=Schema{STRING}), "
            "ConnectHeader(key=i, value=3, schema=Schema{INT32})])}");
}

TEST_F(LogReporterTest, AnErrorWithoutAClassSaysNullAsJavaDoes) {
  batch_.add();
  batch_.reject(0, {ErrorKind::Data, Stage::KafkaProduce, "why", {}});
  EXPECT_EQ(line(false, false),
            std::string("ERROR Error encountered in task c-3. Executing stage 'KAFKA_PRODUCE' with "
                        "class 'null'.") +
                kEnd);
}

// The whole way: a row that fails in a pipeline is logged once, with its final error.
TEST_F(LogReporterTest, ARetriedRowIsLoggedOnce) {
  FakeClock clock;
  ErrorHandler handler(
      ErrorHandlingConfig::parse({{"errors.retry.timeout", "1000"}, {"errors.tolerance", "all"}}),
      {}, clock);
  handler.add_reporter(std::make_unique<LogReporter>(ConnectorTaskId{"c", 0}, true, false));
  batch_.add();
  RowSet rows;
  batch_.live_rows(rows);
  handler.run(batch_, rows, Stage::KeyConverter, "K", [](RecordBatch& batch, const RowSet& all) {
    for (const uint32_t row : all) batch.reject(row, {ErrorKind::Retriable, {}, "later", {}});
  });
  EXPECT_THAT(lines_.lines, IsEmpty());
  EXPECT_EQ(handler.settle(batch_, rows), std::nullopt);
  EXPECT_THAT(lines_.lines,
              ElementsAre("ERROR Error encountered in task c-0. Executing stage 'KEY_CONVERTER' "
                          "with class 'K'. org.apache.kafka.connect.errors.RetriableException: "
                          "later (org.apache.kafka.connect.runtime.errors.LogReporter)\n"));
  EXPECT_EQ(handler.counts().errors_logged, 1U);
}

}  // namespace
}  // namespace millrace

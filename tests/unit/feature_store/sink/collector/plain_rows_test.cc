// Records without headers: bare Avro, and what converters make of JSON.

#include "connectors/feature_store/sink/own_schema.h"
#include "connectors/feature_store/wire/cell_text.h"
#include "millrace/json.h"
#include "millrace/schema.h"
#include "tests/unit/feature_store/sink/collector/collector_fixture.h"

namespace millrace::feature_store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kGroups = R"json({"featureGroups":[
  {"project":"bank","projectId":119,"id":50,"name":"typed","version":1,"topic":"own_topic","eventTime":"at",
   "features":[{"name":"id","type":"bigint","primary":true},{"name":"at","type":"timestamp"},
               {"name":"text","type":"string"},{"name":"tags","type":"array<string>"},
               {"name":"price","type":"decimal(6,2)"}]},
  {"project":"bank","projectId":119,"id":51,"name":"wide_key","version":1,
   "features":[{"name":"id","type":"bigint","primary":true},{"name":"day","type":"date","primary":true},
               {"name":"text","type":"string"}]},
  {"project":"bank","projectId":119,"id":52,"name":"bare","version":1,"primaryKey":["id"]},
  {"project":"bank","projectId":119,"id":53,"name":"inline","version":1,"primaryKey":["id"],
   "schemas":{"17":{"type":"record","name":"g","fields":[{"name":"id","type":["null","long"]}]},
              "18":{"type":"record","name":"g","fields":[{"name":"id","type":["null","long"]},
                    {"name":"at","type":["null",{"type":"long","logicalType":"timestamp-micros"}]},
                    {"name":"text","type":["null","string"]}]}}}]})json";

CatalogOptions plain_groups() {
  CatalogOptions options;
  options.inline_json = kGroups;
  return options;
}

class PlainRowsTest : public testing::Test {
 protected:
  PlainRowsTest() : catalog_(plain_groups()), schemas_({}, nullptr), plans_(catalog_, schemas_, store_) {}

  Record& add(std::string_view topic, Value value, Value key = {}) {
    Record& record = records_.add();
    record.original_topic = topic;
    record.original_partition = 0;
    record.offset = next_++;
    record.value.value = value;
    record.key.value = key;
    return record;
  }
  Value json(std::string_view text) {
    Value value;
    EXPECT_EQ(parse_json(text, records_.arena(), value, JsonNumbers::Exact), "");
    return value;
  }
  void collect() {
    EXPECT_EQ(collector_.collect(records_, 0, records_.size(), kNowUs), records_.size());
  }
  /// Cells of a change's row as text, by name; nulls are left out.
  static std::string shown(const RowChange& change) {
    std::vector<Cell> cells(change.plan->fields().size());
    if (!change.plan->read(change.row, cells)) return "unreadable";
    std::string out = change.is_delete ? "delete" : "";
    for (size_t i = 0; i < cells.size(); ++i) {
      if (cells[i].is_null()) continue;
      if (!out.empty()) out += ' ';
      out += change.plan->fields()[i].name + "=";
      append_cell_text(out, change.plan->fields()[i], cells[i]);
    }
    return out;
  }
  std::vector<std::string> rows() {
    std::vector<std::string> all;
    for (const RowChange& change : collector_.changes()) all.push_back(shown(change));
    return all;
  }
  std::vector<std::string> failures() {
    std::vector<std::string> all;
    for (const FailedRecord& one : collector_.failed()) {
      all.push_back(std::string(failure_type_name(one.failure.type)) + ": " + one.text);
    }
    return all;
  }

  MemoryStore store_;
  CatalogSource catalog_;
  SchemaSource schemas_;
  PlanCache plans_;
  RecordBatch records_{1000};
  int64_t next_ = 0;
  BatchCollector collector_{plans_,
                            {.group_of_topic = {
                                 {"typed", 50}, {"wide", 51}, {"bare", 52}, {"avro", 53}, {"gone", 99}}}};
};

TEST_F(PlainRowsTest, FieldsGoToColumnsByName) {
  add("typed", json(R"({"text":"a","id":1,"at":"2026-01-02 03:04:05","tags":["x",null],"price":12.5})"));
  add("typed", json(R"({"id":2,"other":true,"price":"1.25","more":null})"));
  add("typed", json(R"({"id":3,"text":null})"));
  collect();
  EXPECT_THAT(failures(), IsEmpty());
  ASSERT_THAT(rows(), ElementsAre("at=2026-01-02 03:04:05 id=1 price=12.50 tags=[\"x\",null] text=a",
                                  "id=2 price=1.25", "id=3"));
  EXPECT_EQ(collector_.unknown_fields(), 2U);
  EXPECT_TRUE(collector_.changes()[0].has_event_time);
  EXPECT_EQ(collector_.changes()[0].plan->group().id, 50);
  records_.reset();
  add("typed", json(R"({"id":4})"));
  collect();
  EXPECT_EQ(collector_.unknown_fields(), 0U) << "of the batch";
}

TEST_F(PlainRowsTest, StructsGoToColumnsByName) {
  const SchemaPtr schema = SchemaBuilder::structure()
                               .field("id", primitive_schema(Type::Int32))
                               .field("at", logical::timestamp().build())
                               .field("text", primitive_schema(Type::String, true))
                               .build();
  const std::array<Value, 3> values{Value::int32(7), Value::date(1'000), Value()};
  const StructData data{schema.get(), values.data()};
  add("typed", Value::structure(&data));
  collect();
  EXPECT_THAT(failures(), IsEmpty());
  ASSERT_THAT(rows(), ElementsAre("at=1970-01-01 00:00:01 id=7"));
}

TEST_F(PlainRowsTest, BytesAreRowsOfTheNewestSchema) {
  std::string bytes;
  avro::Writer out(bytes);
  for (const int64_t number : {1, 9, 0, 1}) out.write_long(number);
  out.write_bytes("a");
  const auto value = [](std::string_view text) {
    return Value::bytes({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  };
  add("avro", value(bytes));
  add("avro", value(std::string_view(bytes).substr(0, bytes.size() - 1)));
  collect();
  ASSERT_THAT(rows(), ElementsAre("id=9 text=a"));
  EXPECT_EQ(collector_.changes()[0].plan->schema_id(), 18);
  EXPECT_THAT(failures(), ElementsAre(HasSubstr("DESERIALIZATION: field text: ")));
}

TEST_F(PlainRowsTest, NullDeletesTheRowOfTheKey) {
  add("typed", Value(), Value::int64(1));
  add("typed", Value(), json(R"({"id":2,"text":"of no interest"})"));
  add("wide", Value(), json(R"({"id":3,"day":"2026-01-02"})"));
  add("wide", Value(), Value::int64(4));
  add("typed", Value());
  add("wide", Value(), json(R"({"id":5})"));
  add("typed", Value(), Value::string("six"));
  collect();
  ASSERT_THAT(rows(), ElementsAre("delete id=1", "delete id=2", "delete day=2026-01-02 id=3"));
  EXPECT_THAT(failures(),
              ElementsAre(HasSubstr("USER_DATA: the value is null, and the key is no struct"),
                          HasSubstr("USER_DATA: the value is null, and so is the key"),
                          HasSubstr("USER_DATA: field day"),
                          "USER_DATA: field id: a number is expected"));
}

TEST_F(PlainRowsTest, ABadRecordFailsByItself) {
  add("typed", json(R"({"id":"x"})"));
  add("typed", json(R"({"text":"without a key"})"));
  add("typed", Value::string("no row"));
  add("typed", json(R"({"id":1,"price":123456.5})"));
  add("typed", json(R"({"id":1,"tags":[1]})"));
  add("typed", json(R"({"id":2})"));
  collect();
  ASSERT_THAT(rows(), ElementsAre("id=2"));
  EXPECT_THAT(failures(), ElementsAre("USER_DATA: field id: a number is expected", HasSubstr("USER_DATA: field id"),
                                      HasSubstr("USER_DATA: the value is neither"),
                                      "USER_DATA: field price: a decimal has more digits than its type",
                                      "USER_DATA: field tags: a text is expected"));
  EXPECT_EQ(collector_.failed()[0].group_id, 50);
}

TEST_F(PlainRowsTest, TheTopicOfTheCatalogCountsWhereTheConfigurationHasNone) {
  add("own_topic", json(R"({"id":1})"));
  add("nobodys", json(R"({"id":1})"));
  add("bare", json(R"({"id":1})"));
  add("gone", json(R"({"id":1})"));
  collect();
  ASSERT_THAT(rows(), ElementsAre("id=1"));
  EXPECT_THAT(failures(), ElementsAre("METADATA: header featureGroupId is missing",
                                      HasSubstr("METADATA: feature group 52 (bare_1) has neither schemas"),
                                      HasSubstr("METADATA: feature group 99")));
}

TEST_F(PlainRowsTest, HeadersStillSayTheRest) {
  std::array<Header, 2> headers{Header{"operation", {}, WireBytes::of("delete")},
                                Header{"onlineIngestionId", {}, WireBytes::of("7")}};
  Record& deleted = add("typed", json(R"({"id":1})"));
  deleted.headers = headers.data();
  deleted.header_count = 2;
  Header offline{"storage", {}, WireBytes::of("offline")};
  Record& ignored = add("typed", json(R"({"id":2})"));
  ignored.headers = &offline;
  ignored.header_count = 1;
  Header half{"featureGroupId", {}, WireBytes::of("50")};
  Record& partly = add("typed", json(R"({"id":3})"));
  partly.headers = &half;
  partly.header_count = 1;
  collect();
  ASSERT_THAT(rows(), ElementsAre("delete id=1"));
  EXPECT_EQ(collector_.counted().size(), 1U);
  EXPECT_THAT(failures(), ElementsAre("METADATA: header subjectId is missing"));
}

TEST_F(PlainRowsTest, RowsOfAKeyCollapseAndComeAgainAfterARefusal) {
  add("typed", json(R"({"id":1,"text":"a"})"));
  add("typed", json(R"({"id":1,"text":"b","new":1})"));
  collect();
  ASSERT_THAT(rows(), ElementsAre("id=1 text=b"));
  collector_.changes()[0].status = RowStatus::Failed;
  collector_.changes()[0].failure = {FailureType::UserData, "refused", -1};
  collector_.collect_without_failed(records_);
  ASSERT_THAT(rows(), ElementsAre("id=1 text=a"));
  EXPECT_THAT(failures(), ElementsAre("USER_DATA: refused"));
}

TEST_F(PlainRowsTest, MadeSchemasHaveIdsThatFollowFromWhatTheySay) {
  const CatalogPtr catalog = catalog_.current();
  const OwnSchema made = own_schema(*catalog->group(50));
  EXPECT_EQ(made.id, own_schema(*catalog->group(50)).id);
  EXPECT_GE(made.id, kFirstMadeSchema);
  EXPECT_NE(made.id, own_schema(*catalog->group(51)).id);
  FeatureGroup wider = *catalog->group(50);
  wider.feature_types["more"] = parse_feature_type("string");
  EXPECT_NE(made.id, own_schema(wider).id);
  EXPECT_EQ(own_schema(*catalog->group(53)).id, 18);
  EXPECT_EQ(own_schema(*catalog->group(52)).schema, nullptr);
}

}  // namespace
}  // namespace millrace::feature_store

// Transformations of topics, headers and the fate of records, and the predicates.

#include "tests/unit/connectors/transforms_fixture.h"

namespace millrace::transforms {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class TransformsRecord : public TransformsFixture {
 protected:
  std::string route(const std::string& topic) {
    fresh().topic = topic;
    EXPECT_EQ(apply(), "");
    return std::string(record().topic);
  }
  std::string route_at(int64_t timestamp) {
    fresh().timestamp = timestamp;
    EXPECT_EQ(apply(), "");
    return std::string(record().topic);
  }
  std::unique_ptr<Predicate> predicate(const std::string& name, const Properties& config = {}) {
    auto made = plugin_class("predicates." + name).predicate();
    made->configure(config);
    return made;
  }
};

TEST_F(TransformsRecord, DropHeadersRemovesExactNames) {
  configure("DropHeaders", {{"headers", "a, c"}});
  for (const char* name : {"a", "b", "A", "c", "a"}) add_header(name, Value::int32(1));
  const auto shared = record().header_span();
  EXPECT_EQ(apply(), "");
  EXPECT_THAT(headers(), ElementsAre("b=1", "A=1"));
  EXPECT_EQ(shared[0].key, "a") << "another row may share the array";
}

TEST_F(TransformsRecord, DropHeadersLeavesRecordsWithoutThem) {
  configure("DropHeaders", {{"headers", "x"}});
  EXPECT_EQ(apply(), "");
  add_header("a", Value());
  const Header* before = record().headers;
  EXPECT_EQ(apply(), "");
  EXPECT_EQ(record().headers, before);
}

TEST_F(TransformsRecord, DropHeadersNeedsNames) {
  EXPECT_EQ(config_error("DropHeaders", {}),
            "Missing required configuration \"headers\" which has no default value.");
  EXPECT_EQ(config_error("DropHeaders", {{"headers", ""}}),
            "Invalid value [] for configuration headers: Empty list");
}

TEST_F(TransformsRecord, FilterDropsTheRowsItIsGiven) {
  configure("Filter");
  batch_.add();
  EXPECT_EQ(apply(), "");
  EXPECT_EQ(batch_[0].state, RowState::Filtered);
  EXPECT_EQ(batch_[1].state, RowState::Live);
}

TEST_F(TransformsRecord, InsertHeaderAddsAParsedLiteral) {
  configure("InsertHeader", {{"header", "h"}, {"value.literal", "[1,2]"}});
  add_header("h", Value::string("old"));
  EXPECT_EQ(apply(), "");
  EXPECT_THAT(headers(), ElementsAre("h=old", "h=[1, 2]"));
  const SchemaAndValue& added = record().headers[1].data;
  ASSERT_NE(added.schema, nullptr);
  EXPECT_EQ(added.schema->type(), Type::Array);
  EXPECT_EQ(added.value.as_array()[0].type(), Type::Int8);
}

TEST_F(TransformsRecord, InsertHeaderValuesOutliveTheTransformation) {
  configure("InsertHeader", {{"header", "name"}, {"value.literal", "some words"}});
  EXPECT_EQ(apply(), "");
  transformation_.reset();
  EXPECT_THAT(headers(), ElementsAre("name=some words"));
  EXPECT_EQ(record().headers[0].data.schema->type(), Type::String);
}

TEST_F(TransformsRecord, InsertHeaderOfNullHasNoSchema) {
  configure("InsertHeader", {{"header", "n"}, {"value.literal", "null"}});
  EXPECT_EQ(apply(), "");
  EXPECT_EQ(record().headers[0].data.schema, nullptr);
  EXPECT_TRUE(record().headers[0].data.value.is_null());
}

TEST_F(TransformsRecord, RegexRouterReplacesGroups) {
  configure("RegexRouter", {{"regex", "(.*)-v(?<version>\\d)"}, {"replacement", "${version}_$1\\$"}});
  EXPECT_EQ(route("orders-v2"), "2_orders$");
  EXPECT_EQ(route("orders-v2"), "2_orders$");
  EXPECT_EQ(route("orders-v2x"), "orders-v2x") << "the whole topic must match";
}

TEST_F(TransformsRecord, RegexRouterReplacesTheFirstMatchOfATopicThatMatches) {
  configure("RegexRouter", {{"regex", "a|ab"}, {"replacement", "x"}});
  EXPECT_EQ(route("ab"), "xb");
  configure("RegexRouter", {{"regex", ".*"}, {"replacement", ""}});
  EXPECT_EQ(route("t"), "");
}

TEST_F(TransformsRecord, RegexRouterTakesAsManyDigitsAsThereAreGroups) {
  configure("RegexRouter", {{"regex", "(t)"}, {"replacement", "$10"}});
  EXPECT_EQ(route("t"), "t0");
}

TEST_F(TransformsRecord, RegexRouterRejectsBadReferences) {
  const auto why = [&](const char* replacement) {
    configure("RegexRouter", {{"regex", "(.)"}, {"replacement", replacement}});
    fresh();
    return apply();
  };
  EXPECT_EQ(why("$2"), "No group 2");
  EXPECT_EQ(error_kind(), ErrorKind::IndexOutOfBounds);
  EXPECT_EQ(why("$"), "Illegal group reference: group index is missing");
  EXPECT_EQ(error_kind(), ErrorKind::IllegalArgument);
  EXPECT_EQ(why("$x"), "Illegal group reference");
  EXPECT_EQ(why("\\"), "character to be escaped is missing");
  EXPECT_EQ(why("${a"), "named capturing group is missing trailing '}'");
  EXPECT_EQ(why("${1a}"), "capturing group name {1a} starts with digit character");
  EXPECT_EQ(why("${no}"), "No group with name {no}");
  EXPECT_EQ(record().topic, "t");
}

TEST_F(TransformsRecord, RegexRouterRefusesABadPattern) {
  EXPECT_THAT(config_error("RegexRouter", {{"regex", "("}, {"replacement", "x"}}),
              StartsWith("Invalid value ( for configuration regex: Invalid regex: "));
}

TEST_F(TransformsRecord, RegexRouterForgetsTopicsWhenThereAreMany) {
  configure("RegexRouter", {{"regex", "t(\\d+)"}, {"replacement", "n$1"}});
  for (int i = 0; i < 2500; ++i) {
    EXPECT_EQ(route("t" + std::to_string(i)), "n" + std::to_string(i));
  }
  EXPECT_EQ(route("t7"), "n7");
}

TEST_F(TransformsRecord, TimestampRouterAppendsTheDay) {
  configure("TimestampRouter");
  EXPECT_EQ(route_at(0), "t-19700101");
  EXPECT_EQ(route_at(1709251199999), "t-20240229");
}

TEST_F(TransformsRecord, TimestampRouterReplacesLiterally) {
  configure("TimestampRouter", {{"topic.format", "${timestamp}.${topic}.$1.${topic}"},
                                {"timestamp.format", "yyyy"}});
  fresh().timestamp = 0;
  record().topic = "a${timestamp}$2";
  EXPECT_EQ(apply(), "");
  EXPECT_EQ(record().topic, "1970.a1970$2.$1.a1970$2");
}

// Answers of java.text.SimpleDateFormat in UTC.
TEST_F(TransformsRecord, TimestampRouterKnowsEveryLetter) {
  struct Case {
    const char* pattern;
    int64_t at;
    const char* expected;
  };
  const Case cases[] = {
      {"G.y.yy.yyy.yyyyy", 1609545599123, "AD.2021.21.2021.02021"},
      {"Y.YY.w.ww.W", 1609545599123, "2021.21.1.01.1"},
      {"YYYY w", 1735603200000, "2025 1"},  // 31 December 2024
      {"M.MM.MMM.MMMM.LLL", 9223372036854775807, "8.08.Aug.August.Aug"},
      {"yyyy D.DDD.d.dd.F w W", 9223372036854775807, "292278994 229.229.17.17.3 34 4"},
      {"E.EEEE.u", 9223372036854775807, "Sun.Sunday.7"},
      {"a H.HH.k.kk.K.KK.h.hh", 0, "AM 0.00.24.24.0.00.12.12"},
      {"a H k K h m s S SSSS", 1609545599123, "PM 23 23 11 11 59 59 123 0123"},
      {"z.zzzz.Z.X.XXX", 0, "UTC.Coordinated Universal Time.+0000.Z.Z"},
      {"yyyy-MM-dd'T'HH:mm:ss''", 253402300800005, "10000-01-01T00:00:00'"},
      {"'o''c'", 0, "o'c"},
  };
  for (const Case& c : cases) {
    configure("TimestampRouter",
              {{"topic.format", "${timestamp}"}, {"timestamp.format", c.pattern}});
    EXPECT_EQ(route_at(c.at), c.expected) << c.pattern;
  }
}

TEST_F(TransformsRecord, TimestampRouterFindsBadPatternsAtTheFirstRecord) {
  const auto why = [&](const char* pattern) {
    configure("TimestampRouter", {{"timestamp.format", pattern}});
    fresh().timestamp = 1;
    return apply();
  };
  EXPECT_EQ(why("b"), "Illegal pattern character 'b'");
  EXPECT_EQ(error_kind(), ErrorKind::IllegalArgument);
  EXPECT_EQ(why("'a"), "Unterminated quote");
  EXPECT_EQ(why("XXXX"), "invalid ISO 8601 format: length=4");
}

TEST_F(TransformsRecord, TimestampRouterNeedsATimestamp) {
  configure("TimestampRouter");
  add_header("h", Value::int8(1), primitive_schema(Type::Int8).get());
  EXPECT_EQ(apply(),
            "Timestamp missing on record: SourceRecord{sourcePartition=null, sourceOffset=null} "
            "ConnectRecord{topic='t', kafkaPartition=null, key=null, keySchema=null, value=null, "
            "valueSchema=null, timestamp=null, headers=ConnectHeaders(headers=[ConnectHeader("
            "key=h, value=1, schema=Schema{INT8})])}");
  EXPECT_EQ(error_kind(), ErrorKind::Data);
  Record& sink = fresh();
  sink.offset = 4;
  sink.original_topic = "o";
  sink.original_partition = 2;
  EXPECT_THAT(apply(), HasSubstr("SinkRecord{kafkaOffset=4, timestampType=NoTimestampType, "
                                 "originalTopic=o, originalKafkaPartition=2, "
                                 "originalKafkaOffset=4} ConnectRecord{topic='t', "));
  fresh().timestamp = -5;
  EXPECT_THAT(apply(), HasSubstr("non-negative"));
}

TEST_F(TransformsRecord, HasHeaderKeyLooksForTheName) {
  const auto p = predicate("HasHeaderKey", {{"name", "k"}});
  EXPECT_FALSE(p->test(record()));
  add_header("K", Value());
  EXPECT_FALSE(p->test(record()));
  add_header("k", Value());
  EXPECT_TRUE(p->test(record()));
  EXPECT_THROW(predicate("HasHeaderKey", {{"name", ""}}), ConfigException);
}

TEST_F(TransformsRecord, RecordIsTombstoneIgnoresTheSchema) {
  const auto p = predicate("RecordIsTombstone");
  record().value.schema = primitive_schema(Type::String, true).get();
  EXPECT_TRUE(p->test(record()));
  record().value.value = Value::string("");
  EXPECT_FALSE(p->test(record()));
}

TEST_F(TransformsRecord, TopicNameMatchesTheWholeTopic) {
  const auto p = predicate("TopicNameMatches", {{"pattern", "my-.*"}});
  record().topic = "my-topic";
  EXPECT_TRUE(p->test(record()));
  EXPECT_TRUE(p->test(record()));
  record().topic = "not my-topic";
  EXPECT_FALSE(p->test(record()));
  record().topic = {};
  EXPECT_FALSE(p->test(record()));
  EXPECT_THROW(predicate("TopicNameMatches", {{"pattern", "*"}}), ConfigException);
  EXPECT_THROW(predicate("TopicNameMatches", {{"pattern", ""}}), ConfigException);
}

class ReadJsonRecord : public TransformsRecord {
 protected:
  std::string read(std::string_view text) {
    configure("org.millrace.transforms.ReadJsonRecord");
    fresh().value.value = Value::string(text);
    record().key.value = Value::int32(1);
    return apply();
  }
};

TEST_F(ReadJsonRecord, TakesEveryPartOfTheRecord) {
  EXPECT_EQ(read(R"({"topic":"bank_onlinefs","timestamp":17,"headers":{"a":"1","b":""},)"
                 R"("key":"AP8=","value":"Ag=="})"), "");
  EXPECT_EQ(record().topic, "bank_onlinefs");
  EXPECT_EQ(record().timestamp, 17);
  EXPECT_THAT(headers(), ElementsAre("a=1", "b="));
  EXPECT_THAT(record().key.value.as_bytes(), ElementsAre(0, 255));
  EXPECT_THAT(record().value.value.as_bytes(), ElementsAre(2));
  ASSERT_NE(record().value.schema, nullptr);
  EXPECT_EQ(record().value.schema->type(), Type::Bytes);
}

TEST_F(ReadJsonRecord, WhatIsMissingIsNull) {
  EXPECT_EQ(read("{}"), "");
  EXPECT_EQ(record().topic, "t");
  EXPECT_TRUE(record().key.value.is_null());
  EXPECT_TRUE(record().value.value.is_null());
  EXPECT_EQ(read(R"({"value":null})"), "");
}

TEST_F(ReadJsonRecord, RefusesWhatIsNoRecord) {
  EXPECT_EQ(read("[1]"), "reading a record: it is no JSON object");
  EXPECT_THAT(read("{"), StartsWith("reading a record: "));
  EXPECT_EQ(read(R"({"value":"?"})"), "reading a record: value is no base64");
  EXPECT_EQ(read(R"({"headers":{"a":1}})"), "reading a record: a header is no text");
  EXPECT_THAT(read(R"({"offset":1})"), StartsWith("reading a record: member offset is not one of"));
  EXPECT_EQ(text(record().value.value), R"({"offset":1})") << "the record stays as it was";
}

}  // namespace
}  // namespace millrace::transforms

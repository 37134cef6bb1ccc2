#include "runtime/pipeline/dead_letter.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

class DeadLetterTest : public testing::Test {
 protected:
  DeadLetterTest() {
    Record& record = consumed_.add();
    record.topic = record.original_topic = "t";
    record.original_partition = 2;
    record.offset = 17;
    record.timestamp = 99;
    record.value_wire = WireBytes::of(std::string_view("v\0w", 3));
    headers_[0] = {"h", {}, WireBytes::of("1")};
    headers_[1] = {"null", {}, {}};
    headers_[2] = {"__connect.errors.topic", {}, WireBytes::of("earlier")};
    record.headers = headers_;
    record.header_count = 3;
  }
  const Record& letter(bool context_headers) {
    letters_.reset();
    add_letter(letters_, "dlq", forms_.original(consumed_, 0, error_), error_, {"c", 3}, context_headers);
    return letters_[0];
  }

  RecordBatch consumed_;
  RecordBatch letters_;
  Header headers_[3];
  ConsumedForms forms_;
  RowError error_{ErrorKind::Data, Stage::ValueConverter, "why", "org.x.JsonConverter",
                  std::make_shared<ErrorCause>(
                      ErrorCause{ErrorKind::Serialization, "bad byte", {}})};
};

TEST_F(DeadLetterTest, BytesAndHeadersAreThoseConsumed) {
  const Record& out = letter(false);
  EXPECT_EQ(out.topic, "dlq");
  EXPECT_EQ(out.partition, kNoPartition);
  EXPECT_EQ(out.timestamp, 99);
  EXPECT_TRUE(out.key_wire.is_null());
  EXPECT_EQ(out.value_wire.text(), std::string_view("v\0w", 3));
  ASSERT_EQ(out.header_count, 3U);
  EXPECT_EQ(out.headers[0].key, "h");
  EXPECT_EQ(out.headers[0].wire.text(), "1");
  EXPECT_TRUE(out.headers[1].wire.is_null());
}

TEST_F(DeadLetterTest, AnEmptyValueIsNotNull) {
  consumed_[0].value_wire = WireBytes::of("");
  EXPECT_FALSE(letter(false).value_wire.is_null());
}

TEST_F(DeadLetterTest, WhatTransformationsChangeDoesNotShow) {
  forms_.remember(consumed_);
  consumed_[0].topic = "renamed";
  consumed_[0].timestamp = 5;
  headers_[0] = headers_[2];
  consumed_[0].header_count = 1;
  const Record& out = letter(true);
  EXPECT_EQ(out.timestamp, 99);
  ASSERT_EQ(out.header_count, 13U);
  EXPECT_EQ(out.headers[0].key, "h");
  EXPECT_EQ(out.headers[3].wire.text(), "t");
}

// Names, order and texts of DeadLetterQueueReporter.populateContextHeaders.
TEST_F(DeadLetterTest, ContextHeadersFollowTheRecordsOwn) {
  const Record& out = letter(true);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"__connect.errors.topic", "earlier"},
      {"__connect.errors.topic", "t"},
      {"__connect.errors.partition", "2"},
      {"__connect.errors.offset", "17"},
      {"__connect.errors.connector.name", "c"},
      {"__connect.errors.task.id", "3"},
      {"__connect.errors.stage", "VALUE_CONVERTER"},
      {"__connect.errors.class.name", "org.x.JsonConverter"},
      {"__connect.errors.exception.class.name", "org.apache.kafka.connect.errors.DataException"},
      {"__connect.errors.exception.message", "why"},
      {"__connect.errors.exception.stacktrace",
       "org.apache.kafka.connect.errors.DataException: why\n"
       "Caused by: org.apache.kafka.common.errors.SerializationException: bad byte"}};
  std::vector<std::pair<std::string, std::string>> actual;
  for (const Header& header : out.header_span().subspan(2)) {
    actual.emplace_back(header.key, header.wire.text());
  }
  EXPECT_EQ(actual, expected);
}

TEST_F(DeadLetterTest, ARowMadeByTheTaskShowsWhereItIsAddressedTo) {
  Record& record = consumed_[0];
  record.original_topic = {};
  record.topic = "own";
  record.partition = 4;
  const Record& out = letter(true);
  EXPECT_EQ(out.headers[3].wire.text(), "own");
  EXPECT_EQ(out.headers[4].wire.text(), "4");
}

}  // namespace
}  // namespace millrace

#include "runtime/pipeline/polled_forms.h"

#include <gtest/gtest.h>

#include "connectors/converters/codec_converter.h"
#include "connectors/converters/json_codec.h"

namespace millrace {
namespace {

class PolledFormsTest : public testing::Test {
 protected:
  PolledFormsTest() {
    using converters::JsonCodec;
    auto json = std::make_unique<converters::CodecConverter<JsonCodec>>();
    auto headers = std::make_unique<converters::CodecHeaderConverter<JsonCodec>>();
    const Properties settings{{"schemas.enable", "true"}};
    json->configure(settings, Side::Value);
    headers->configure(settings);
    forms_ = std::make_unique<PolledForms>(std::move(json), std::move(headers));
    Record& record = batch_.add();
    record.topic = "t";
    record.timestamp = 99;
    record.value = {nullptr, Value::string("v")};
  }
  Record original(Stage stage = Stage::Transformation) {
    return forms_->original(batch_, 0, {ErrorKind::Data, stage, "why"});
  }
  static std::string text(const WireBytes& wire) {
    return wire.is_null() ? "null" : std::string(wire.text());
  }

  RecordBatch batch_;
  std::unique_ptr<PolledForms> forms_;
};

TEST_F(PolledFormsTest, ARecordIsJsonAsItWasBeforeTransformations) {
  Header headers[] = {{"n", {primitive_schema(Type::Int32).get(), Value::int32(3)}, {}},
                      {"none", {}, {}}};
  batch_[0].headers = headers;
  batch_[0].header_count = 2;
  forms_->remember(batch_);
  headers[0] = {"other", {nullptr, Value::boolean(true)}, {}};
  batch_[0].topic = "renamed";
  batch_[0].timestamp = 5;
  batch_[0].header_count = 1;
  batch_[0].value = {nullptr, Value::int64(1)};
  batch_.reject(0, {});
  const Record out = original();
  EXPECT_EQ(out.topic, "t");
  EXPECT_EQ(out.timestamp, 99);
  EXPECT_EQ(text(out.key_wire), "null");
  EXPECT_EQ(text(out.value_wire), R"({"schema":null,"payload":"v"})");
  ASSERT_EQ(out.header_count, 2U);
  EXPECT_EQ(out.headers[0].key, "n");
  EXPECT_EQ(text(out.headers[0].wire),
            R"({"schema":{"type":"int32","optional":false},"payload":3})");
  EXPECT_EQ(text(out.headers[1].wire), "null");
}

TEST_F(PolledFormsTest, WhatJsonRefusesIsText) {
  Header headers[] = {{"h", {primitive_schema(Type::Int32).get(), Value::string("no int")}, {}}};
  batch_[0].headers = headers;
  batch_[0].header_count = 1;
  batch_[0].key = {primitive_schema(Type::Boolean).get(), Value::int64(17)};
  forms_->remember(batch_);
  const Record out = original();
  EXPECT_EQ(text(out.key_wire), "17");
  EXPECT_EQ(text(out.headers[0].wire), "no int");
  EXPECT_EQ(text(out.value_wire), R"({"schema":null,"payload":"v"})") << "the others are JSON";
}

TEST_F(PolledFormsTest, WhatTheLogRefusedHasItsBytes) {
  forms_->remember(batch_);
  batch_[0].topic = "renamed";
  batch_[0].value_wire = WireBytes::of("converted");
  const Record out = original(Stage::KafkaProduce);
  EXPECT_EQ(out.topic, "renamed");
  EXPECT_EQ(text(out.value_wire), "converted");
}

TEST(SourceDeadLetterConfigTest, HasItsOwnKeys) {
  const auto plain = DeadLetterConfig::parse_source(
      {{"errors.deadletterqueue.topic.name", "q"},
       {"errors.deadletterqueue.topic.replication.factor", "nonsense"}});
  EXPECT_TRUE(plain.topic_name.empty());
  EXPECT_EQ(plain.replication_factor, 3);
  EXPECT_TRUE(plain.context_headers_enable);
  const auto own = DeadLetterConfig::parse_source(
      {{"millrace.errors.deadletterqueue.topic.name", "q"},
       {"millrace.errors.deadletterqueue.topic.replication.factor", "1"},
       {"millrace.errors.deadletterqueue.context.headers.enable", "false"}});
  EXPECT_EQ(own.topic_name, "q");
  EXPECT_EQ(own.replication_factor, 1);
  EXPECT_FALSE(own.context_headers_enable);
}

}  // namespace
}  // namespace millrace

#include "connectors/avro/projection.h"

#include <gtest/gtest.h>

#include "connectors/avro/limits.h"
#include "millrace/errors.h"
#include "tests/unit/avro/random_value.h"

namespace millrace::avro {
namespace {

std::string encoded(const Schema& schema, const Value& value) {
  std::string out;
  Writer writer(out);
  encode(writer, schema.root(), value);
  return out;
}

Value decoded(const std::string& bytes, const Projection& projection) {
  Reader reader(bytes);
  return projection.decode(reader);
}

Value read_as(const char* written, const Value& value, const char* read,
              FieldMatch match = FieldMatch::Name) {
  const SchemaPtr from = Schema::parse(written);
  return decoded(encoded(*from, value), Projection(from, Schema::parse(read), match));
}

std::string misfit(const char* written, const Value& value, const char* read,
                   FieldMatch match = FieldMatch::Name) {
  try {
    read_as(written, value, read, match);
  } catch (const DataException& error) {
    return error.what();
  }
  return "";
}

TEST(AvroProjection, WhatIsWrittenComesBack) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomValue random(seed);
  for (int round = 0; round < 300; ++round) {
    const SchemaPtr schema = Schema::from_json(random.schema());
    const SchemaPtr again = Schema::parse(schema->to_text());
    ASSERT_EQ(again->to_json(), schema->to_json());
    const Value value = random.value(schema->root());
    const std::string bytes = encoded(*schema, value);
    Reader reader(bytes);
    ASSERT_EQ(Projection(again).decode(reader), value) << schema->to_text();
    ASSERT_EQ(reader.remaining(), 0U);
  }
}

TEST(AvroProjection, CutAndChangedInputGivesAnErrorOrAValue) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomValue random(seed);
  int errors = 0;
  for (int round = 0; round < 300; ++round) {
    const SchemaPtr schema = Schema::from_json(random.schema());
    std::string bytes = encoded(*schema, random.value(schema->root()));
    if (bytes.empty()) continue;
    if (random.below(2) == 0) {
      bytes.resize(random.below(bytes.size()));
    } else {
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    }
    try {
      decoded(bytes, Projection(schema));
    } catch (const DataException&) {
      ++errors;
    }
  }
  EXPECT_GT(errors, 10);
}

TEST(AvroProjection, PromotesNumbersAndText) {
  EXPECT_EQ(read_as(R"("int")", 7, R"("long")"), Value(int64_t{7}));
  EXPECT_EQ(read_as(R"("int")", 7, R"("double")"), Value(7.0));
  EXPECT_EQ(read_as(R"("long")", int64_t{7}, R"("float")"), Value(7.0F));
  EXPECT_EQ(read_as(R"("float")", 0.5F, R"("double")"), Value(0.5));
  EXPECT_EQ(read_as(R"("string")", std::string("x"), R"("bytes")"), Value(std::string("x")));
  EXPECT_NE(misfit(R"("long")", int64_t{7}, R"("int")"), "");
  EXPECT_EQ(misfit(R"("string")", std::string("x"), R"("int")"),
            "reading an Avro value: string cannot be read as int");
}

TEST(AvroProjection, MatchesFieldsByNameAndAlias) {
  const char* written = R"({"type":"record","name":"w","fields":[{"name":"gone","type":
    {"type":"map","values":["null","string"]}},{"name":"b","type":"int"},
    {"name":"old","type":"string"}]})";
  const char* read = R"({"type":"record","name":"r","fields":[
    {"name":"new","type":"string","aliases":["old"]},{"name":"more","type":["null","int"],
    "default":null},{"name":"b","type":"long"},{"name":"bytes","type":"bytes",
    "default":"\u00ff"}]})";
  const Value value = Record{{Map{{"k", Value()}, {"l", Value(std::string("m"))}}, 5,
                              std::string("text")}};
  EXPECT_EQ(read_as(written, value, read),
            Value(Record{{std::string("text"), Value(), int64_t{5}, std::string("\xff")}}));
  EXPECT_EQ(misfit(written, value, R"({"type":"record","name":"r","fields":[
    {"name":"must","type":"int"}]})"),
            "reading an Avro value: w has no must, which has no default");
}

TEST(AvroProjection, MatchesFieldsById) {
  const char* written = R"({"type":"record","name":"w","fields":[
    {"name":"a","type":{"type":"fixed","name":"f","size":2},"field-id":2},
    {"name":"b","type":"int","field-id":1},{"name":"c","type":"int"}]})";
  const char* read = R"({"type":"record","name":"r","fields":[
    {"name":"x","type":"int","field-id":1},{"name":"a","type":"bytes","field-id":2},
    {"name":"c","type":"int","field-id":3,"default":9}]})";
  const Value value = Record{{std::string("ab"), 1, 2}};
  EXPECT_EQ(read_as(written, value, read, FieldMatch::FieldId),
            Value(Record{{1, std::string("ab"), 9}}));
}

TEST(AvroProjection, Unions) {
  EXPECT_EQ(read_as(R"("int")", 7, R"(["null","double","long"])"), Value(7.0));
  EXPECT_EQ(read_as(R"("int")", 7, R"(["null","double","int"])"), Value(7));
  EXPECT_EQ(read_as(R"(["null","int"])", 7, R"("long")"), Value(int64_t{7}));
  EXPECT_NE(misfit(R"(["null","int"])", Value(), R"("long")"), "");
}

TEST(AvroProjection, Enums) {
  const char* written = R"({"type":"enum","name":"e","symbols":["A","B"]})";
  EXPECT_EQ(read_as(written, std::string("B"), R"({"type":"enum","name":"x.e",
    "symbols":["B"]})"), Value(std::string("B")));
  EXPECT_EQ(read_as(written, std::string("A"), R"({"type":"enum","name":"e",
    "symbols":["B"],"default":"B"})"), Value(std::string("B")));
  EXPECT_EQ(misfit(written, std::string("A"), R"({"type":"enum","name":"e","symbols":["B"]})"),
            "reading an Avro value: \"A\" is no symbol of e");
}

TEST(AvroProjection, SkipsBlocksThatNoteTheirSize) {
  const SchemaPtr from = Schema::parse(R"({"type":"record","name":"w","fields":[
    {"name":"gone","type":{"type":"array","items":"string"}},{"name":"b","type":"int"}]})");
  const SchemaPtr to = Schema::parse(R"({"type":"record","name":"w","fields":[
    {"name":"b","type":"int"}]})");
  // Two items in two bytes that are none: nobody looks at them.
  const std::string bytes("\x03\x04\xff\xff\x00\x0a", 6);
  EXPECT_EQ(decoded(bytes, Projection(from, to, FieldMatch::Name)), Value(Record{{5}}));
  EXPECT_THROW(decoded(bytes, Projection(from)), DataException);
}

TEST(AvroProjection, HostileValues) {
  // A recursive type without end.
  const SchemaPtr chain = Schema::parse(
      R"({"type":"record","name":"r","fields":[{"name":"next","type":["null","r"]}]})");
  EXPECT_THROW(decoded(std::string(100'000, '\x02'), Projection(chain)), DataException);
  // A record that holds itself takes no bytes and has no end.
  const SchemaPtr self =
      Schema::parse(R"({"type":"record","name":"r","fields":[{"name":"self","type":"r"}]})");
  EXPECT_THROW(decoded("", Projection(self)), DataException);
  // 2^40 nulls in six bytes.
  const SchemaPtr nulls = Schema::parse(R"({"type":"array","items":"null"})");
  std::string bytes;
  Writer(bytes).write_long(int64_t{1} << 40);
  EXPECT_THROW(decoded(bytes + '\0', Projection(nulls)), DataException);
  const SchemaPtr number = Schema::parse(R"("int")");
  const SchemaPtr wrapped = Schema::parse(R"({"type":"record","name":"w","fields":[
    {"name":"n","type":{"type":"array","items":"null"}}]})");
  const SchemaPtr empty = Schema::parse(R"({"type":"record","name":"w","fields":[]})");
  EXPECT_THROW(decoded(bytes + '\0', Projection(wrapped, empty, FieldMatch::Name)), DataException);
}

TEST(AvroValue, RefusesWhatDoesNotFit) {
  const SchemaPtr schema = Schema::parse(R"({"type":"record","name":"r","fields":[
    {"name":"id","type":{"type":"fixed","name":"f","size":2}}]})");
  std::string out;
  Writer writer(out);
  try {
    encode(writer, schema->root(), Record{{std::string("abc")}});
    FAIL() << "it was written";
  } catch (const DataException& error) {
    EXPECT_STREQ(error.what(), "writing an Avro value: id is no f");
  }
}

}  // namespace
}  // namespace millrace::avro

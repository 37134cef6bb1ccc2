#include "connectors/lakehouse/sink/table_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TableSchema schema() {
  TableSchema schema;
  schema.fields = {{1, "id", false, primitive(TypeId::Long)},
                   {2, "Shop", false, primitive(TypeId::String)},
                   {3, "price", false, primitive(TypeId::Double)},
                   {4, "inner", false, struct_type({{5, "id", true, primitive(TypeId::Long)}})},
                   {6, "ts", false, primitive(TypeId::Timestamptz)}};
  return schema;
}

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const ConfigException& error) {
    return error.what();
  }
  return "";
}

TEST(TableKeysTest, NamesOrTheTablesIdentifierFields) {
  EXPECT_THAT(key_ids(schema(), {"Shop", "id"}, false), ElementsAre(2, 1));
  EXPECT_THAT(key_ids(schema(), {"shop"}, true), ElementsAre(2));
  EXPECT_THAT(key_ids(with_identifiers(schema(), {1}), {}, false), ElementsAre(1));
  EXPECT_TRUE(with_identifiers(schema(), {1}).fields[0].required);
}

TEST(TableKeysTest, ColumnsThatCannotBeKeys) {
  EXPECT_THAT(refusal([] { key_ids(schema(), {}, false); }), HasSubstr("iceberg.tables.default-id-columns"));
  EXPECT_THAT(refusal([] { key_ids(schema(), {"shop"}, false); }), HasSubstr("key column shop"));
  EXPECT_THAT(refusal([] { key_ids(schema(), {"price"}, false); }), HasSubstr("it is double"));
  EXPECT_THAT(refusal([] { key_ids(schema(), {"inner"}, false); }), HasSubstr("it is struct"));
  TableSchema nested = schema();
  nested.identifier_ids = {5};
  EXPECT_THAT(refusal([&] { key_ids(nested, {}, false); }), HasSubstr("inner.id"));
}

TEST(TableKeysTest, PartitionsAreOfTheKey) {
  const auto check = [](const char* partition_by, const std::vector<int32_t>& keys) {
    return refusal([&] { require_partition_of_key(parse_partition_by(partition_by, schema()), keys); });
  };
  EXPECT_EQ(check("bucket(id, 4), Shop", {1, 2}), "");
  EXPECT_THAT(check("bucket(id, 4), day(ts)", {1, 2}), HasSubstr("partition ts_day"));
}

}  // namespace
}  // namespace millrace::lakehouse

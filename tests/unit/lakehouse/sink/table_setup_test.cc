#include "connectors/lakehouse/sink/table_setup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "millrace/errors.h"
#include "tests/support/temporary_folder.h"

namespace millrace::lakehouse {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class TableSetupTest : public ::testing::Test {
 protected:
  void use(Properties more) {
    Properties config{{"iceberg.tables", "db.orders"},
                      {"iceberg.catalog.type", "hadoop"},
                      {"iceberg.catalog.warehouse", folder_.path().string()},
                      {"iceberg.tables.auto-create-enabled", "true"},
                      {"iceberg.tables.evolve-schema-enabled", "true"},
                      {"lakehouse.broker.columns", "offset"}};
    for (auto& [key, value] : more) config[key] = value;
    options_ = SinkOptions::parse(config);
    catalog_ = make_catalog(options_.catalog_name, options_.catalog);
    setup_.emplace(catalog_, "c", "db.orders", options_);
  }
  static SchemaChange columns(std::initializer_list<std::pair<const char*, TypeId>> fields) {
    SchemaChange change;
    for (const auto& [name, type] : fields) change.columns.push_back({0, {0, name, false, primitive(type)}});
    return change;
  }
  std::string text() const {
    const TableSchema schema = setup_->table().metadata.current_schema();
    return type_text({.id = TypeId::Struct, .fields = schema.fields});
  }
  size_t partition_fields() const { return setup_->table().metadata.default_spec().fields.size(); }

  testing_support::TemporaryFolder folder_;
  SinkOptions options_;
  std::shared_ptr<Catalog> catalog_;
  std::optional<TableSetup> setup_;
};

TEST_F(TableSetupTest, ATableIsMadeAndItsColumnsAndPartitionComeTogether) {
  use({{"iceberg.tables.default-partition-by", "bucket(id, 4)"}});
  setup_->load();
  EXPECT_EQ(text(), "struct<_kafka_offset: long>");
  EXPECT_EQ(partition_fields(), 0U);
  setup_->evolve(columns({{"id", TypeId::Int}, {"name", TypeId::String}}));
  EXPECT_EQ(text(), "struct<_kafka_offset: long, id: int, name: string>");
  EXPECT_EQ(partition_fields(), 1U);
  setup_->evolve({.types = {{2, primitive(TypeId::Long)}}});
  EXPECT_EQ(text(), "struct<_kafka_offset: long, id: long, name: string>");
  const int32_t schema = setup_->table().metadata.current_schema().id;
  setup_->evolve({.types = {{2, primitive(TypeId::Long)}}});
  setup_->evolve({});
  EXPECT_EQ(setup_->table().metadata.current_schema().id, schema) << "there was nothing to change";
  EXPECT_EQ(partition_fields(), 1U);
}

TEST_F(TableSetupTest, WhatAnotherTaskDidIsKept) {
  use({});
  setup_->load();
  TableSetup other(catalog_, "c", "db.orders", options_);
  other.load();
  other.evolve(columns({{"id", TypeId::Long}, {"odd", TypeId::String}}));
  setup_->evolve(columns({{"id", TypeId::Long}, {"odd", TypeId::Long}, {"name", TypeId::String}}));
  EXPECT_EQ(text(), "struct<_kafka_offset: long, id: long, odd: string, name: string>")
      << "a column of quite another type stays; rows tell";
}

TEST_F(TableSetupTest, APartitionWithoutItsColumnsIsAnError) {
  use({{"iceberg.tables.default-partition-by", "day(at)"}});
  setup_->load();
  try {
    setup_->evolve(columns({{"id", TypeId::Long}}));
    FAIL() << "rows would be without a partition for good";
  } catch (const ConfigException& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("db.orders"), HasSubstr("`day(at)`"),
                                    HasSubstr("lakehouse.partition.missing=wait")));
  }
  EXPECT_EQ(setup_->load().metadata.current_schema().fields.size(), 1U);
  setup_->evolve(columns({{"id", TypeId::Long}, {"at", TypeId::Timestamptz}}));
  EXPECT_EQ(partition_fields(), 1U);
}

TEST_F(TableSetupTest, ColumnsOfAKnownTypeNeedNoRecord) {
  use({{"iceberg.tables.default-partition-by", "day(at),on"},
       {"lakehouse.timestamp.columns", "at,other"}, {"lakehouse.date.columns", "on"}});
  setup_->load();
  setup_->evolve(columns({{"id", TypeId::Long}}));
  EXPECT_EQ(text(), "struct<_kafka_offset: long, id: long, at: timestamptz, on: date>");
  EXPECT_EQ(partition_fields(), 2U);
}

TEST_F(TableSetupTest, ItMayWaitForThem) {
  use({{"iceberg.tables.default-partition-by", "day(at)"}, {"lakehouse.partition.missing", "wait"}});
  setup_->load();
  setup_->evolve(columns({{"id", TypeId::Long}}));
  EXPECT_EQ(partition_fields(), 0U);
  setup_->evolve(columns({{"at", TypeId::Timestamptz}}));
  EXPECT_EQ(partition_fields(), 1U);
}

TEST_F(TableSetupTest, ATableThatWasThereKeepsItsPartition) {
  use({{"iceberg.tables.default-partition-by", "day(at)"}});
  NewTable what;
  what.schema.fields = {{1, "id", true, primitive(TypeId::Long)}};
  catalog_->create(parse_table_name("db.orders"), what);
  setup_->load();
  setup_->evolve(columns({{"at", TypeId::Timestamptz}}));
  EXPECT_EQ(partition_fields(), 0U);
}

TEST_F(TableSetupTest, ANameMappingGrowsWithTheSchema) {
  use({{std::string("iceberg.tables.auto-create-props.") + kNameMapping, "[]"}});
  setup_->load();
  setup_->evolve(columns({{"id", TypeId::Long}}));
  EXPECT_THAT(*setup_->table().metadata.property(kNameMapping), HasSubstr("\"id\""));
}

TEST_F(TableSetupTest, AMissingTableSaysWhatToDo) {
  use({{"iceberg.tables.auto-create-enabled", "false"}});
  EXPECT_THROW(setup_->load(), NotFoundException);
}

}  // namespace
}  // namespace millrace::lakehouse

#include "connectors/lakehouse/table/metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "millrace/errors.h"
#include "tests/unit/lakehouse/table/sample_table.h"

namespace millrace::lakehouse {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class Exception, class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const Exception& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

TableMetadata parse_after(const TableMetadata& table, const char* pointer, const Json& value) {
  Json document = table.document();
  document[Json::json_pointer(pointer)] = value;
  return TableMetadata::parse(document.dump());
}

TEST(NewTable, HasIdsAsServersGiveThem) {
  const TableMetadata table = sample_metadata();
  const TableSchema schema = table.current_schema();
  EXPECT_EQ(schema.column("id")->id, 1);
  EXPECT_EQ(schema.column("ts")->id, 2);
  EXPECT_EQ(schema.column("tags")->id, 3);
  EXPECT_EQ(schema.column("kind")->id, 4);
  EXPECT_EQ(schema.path_of(5), "tags.element");
  EXPECT_EQ(table.last_column_id(), 5);
  EXPECT_THAT(schema.identifier_ids, ElementsAre(1));
  EXPECT_EQ(table.default_spec().fields[0].source_id, 2);
  EXPECT_EQ(table.default_spec().fields[1].field_id, 1001);
}

TEST(NewTable, GivesIdsStructByStruct) {
  NewTable wanted = sample_table();
  wanted.spec = {};
  wanted.schema = {
      .fields = {
          {1, "a", false,
           struct_type({{2, "b", false, struct_type({{3, "c", false, primitive(TypeId::Int)}})},
                        {4, "d", false, primitive(TypeId::Int)}})},
          {5, "m", false,
           map_type(6, primitive(TypeId::String), 7,
                    struct_type({{8, "e", false, primitive(TypeId::Int)}}), false)}}};
  const TableSchema schema = TableMetadata::create(wanted, kUuid, kNow).current_schema();
  EXPECT_EQ(schema.path_of(1), "a");
  EXPECT_EQ(schema.path_of(2), "m");
  EXPECT_EQ(schema.path_of(3), "a.b");
  EXPECT_EQ(schema.path_of(4), "a.d");
  EXPECT_EQ(schema.path_of(5), "a.b.c");
  EXPECT_EQ(schema.path_of(6), "m.key");
  EXPECT_EQ(schema.path_of(7), "m.value");
  EXPECT_EQ(schema.path_of(8), "m.value.e");
}

TEST(NewTable, DocumentIsCompleteAndInJavasOrder) {
  const TableMetadata table = sample_metadata();
  std::vector<std::string> names;
  for (const auto& [name, value] : table.document().items()) names.push_back(name);
  EXPECT_THAT(names,
              ElementsAre("format-version", "table-uuid", "location", "last-sequence-number",
                          "last-updated-ms", "last-column-id", "current-schema-id", "schemas",
                          "default-spec-id", "partition-specs", "last-partition-id",
                          "default-sort-order-id", "sort-orders", "properties",
                          "current-snapshot-id", "refs", "snapshots", "statistics",
                          "partition-statistics", "snapshot-log", "metadata-log"));
  EXPECT_EQ(table.document()["current-snapshot-id"], -1);
  EXPECT_EQ(table.document()["last-partition-id"], 1001);
  EXPECT_EQ(table.format_version(), 2);
  EXPECT_EQ(table.uuid(), kUuid);
  EXPECT_EQ(table.location(), "file:///warehouse/db/orders");
  EXPECT_EQ(*table.property("owner"), "é");
  EXPECT_EQ(table.property("nothing"), nullptr);
  EXPECT_EQ(table.ref("main"), std::nullopt);
  EXPECT_TRUE(table.snapshot_ids().empty());
}

TEST(NewTable, WithoutPartitionsHasTheLowestLastPartitionId) {
  NewTable wanted = sample_table();
  wanted.spec = {};
  const TableMetadata table = TableMetadata::create(wanted, kUuid, kNow);
  EXPECT_EQ(table.document()["last-partition-id"], 999);
  EXPECT_TRUE(table.default_spec().is_unpartitioned());
}

TEST(NewTable, VersionComesFromTheProperties) {
  NewTable wanted = sample_table();
  wanted.properties["format-version"] = "3";
  const TableMetadata table = TableMetadata::create(wanted, kUuid, kNow);
  EXPECT_EQ(table.format_version(), 3);
  EXPECT_TRUE(table.document()["current-snapshot-id"].is_null());
  EXPECT_EQ(table.document()["next-row-id"], 0);
  EXPECT_EQ(table.property("format-version"), nullptr);
  for (const char* version : {"1", "4", "two", ""}) {
    wanted.properties["format-version"] = version;
    EXPECT_THROW(TableMetadata::create(wanted, kUuid, kNow), UnsupportedException) << version;
  }
}

TEST(NewTable, WhatCannotBeIsRefused) {
  const auto refused = [](auto edit) {
    NewTable wanted = sample_table();
    edit(wanted);
    return message_of<DataException>([&] { TableMetadata::create(wanted, kUuid, kNow); });
  };
  EXPECT_THAT(refused([](NewTable& t) { t.schema.identifier_ids = {20}; }),
              HasSubstr("`ts` cannot identify rows"));
  EXPECT_THAT(refused([](NewTable& t) { t.schema.identifier_ids = {99}; }), HasSubstr("field 99"));
  EXPECT_THAT(refused([](NewTable& t) { t.schema.fields[3].name = "id"; }), HasSubstr("`id`"));
  EXPECT_THAT(refused([](NewTable& t) { t.spec.fields[0].source_id = 77; }), HasSubstr("ts_day"));
  EXPECT_THAT(refused([](NewTable& t) { t.spec.fields[0].source_id = 10; }), HasSubstr("long"));
}

TEST(Metadata, FoldersFollowLocationAndProperties) {
  const TableMetadata table = sample_metadata();
  EXPECT_EQ(table.metadata_folder(), "file:///warehouse/db/orders/metadata");
  EXPECT_EQ(table.data_folder(), "file:///warehouse/db/orders/data");
  const TableMetadata moved =
      table.apply({change::set_properties(
                      {{"write.metadata.path", "s3://b/m/"}, {"write.data.path", "s3://b/d"}})},
                  kNow);
  EXPECT_EQ(moved.metadata_folder(), "s3://b/m");
  EXPECT_EQ(moved.data_folder(), "s3://b/d");
}

TEST(Metadata, LargeIdsAreKeptExactly) {
  constexpr int64_t kId = 9'007'199'254'740'993;  // 2^53 + 1
  constexpr int64_t kTop = std::numeric_limits<int64_t>::max();
  const TableMetadata table =
      TableMetadata::parse(with_snapshot(with_snapshot(sample_metadata(), kId), kTop).to_text());
  EXPECT_EQ(table.ref("main"), kTop);
  EXPECT_EQ(table.snapshot(kTop)->parent_id, kId);
  EXPECT_THAT(table.snapshot_ids(), ElementsAre(kId, kTop));
  EXPECT_EQ(table.snapshot(kId + 1), std::nullopt);
}

TEST(Metadata, WhatIsNoTableIsRefusedByName) {
  const TableMetadata table = with_snapshot(sample_metadata(), 7);
  for (const auto& [name, value] : table.document().items()) {
    const std::string pointer = "/" + name;
    EXPECT_THAT(message_of<DataException>([&] { parse_after(table, pointer.c_str(), true); }),
                HasSubstr(name))
        << name;
  }
}

TEST(Metadata, BrokenTextIsRefused) {
  for (const char* text : {"", "{", "[]", "null", "{}", "{\"format-version\":\"2\"}", "\xff"}) {
    EXPECT_THROW(TableMetadata::parse(text), DataException) << text;
  }
  EXPECT_THROW(TableMetadata::parse(std::string(100'000, '[')), DataException);
  EXPECT_THROW(parse_after(sample_metadata(), "/format-version", 4), UnsupportedException);
  EXPECT_THROW(parse_after(sample_metadata(), "/format-version", 0), DataException);
  EXPECT_THROW(parse_after(sample_metadata(), "/properties/x", 4), DataException);
  EXPECT_THROW(parse_after(with_snapshot(sample_metadata(), 7), "/current-snapshot-id", 8),
               DataException);
}

TEST(Metadata, OldDocumentsAreCompleted) {
  const TableMetadata table = TableMetadata::parse(
      R"({"format-version":1,"location":"/w/t","last-updated-ms":5,"last-column-id":1,)"
      R"("schema":{"type":"struct","fields":[{"id":1,"name":"d","required":false,"type":"date"}]},)"
      R"("partition-spec":[{"name":"d","transform":"identity","source-id":1,"field-id":1000}],)"
      R"("current-snapshot-id":3,"snapshots":[{"snapshot-id":3,"timestamp-ms":5,"manifests":["m"]}]})");
  EXPECT_EQ(table.format_version(), 1);
  EXPECT_EQ(table.uuid(), "");
  EXPECT_EQ(table.current_schema().fields[0].name, "d");
  EXPECT_EQ(table.default_spec().fields[0].field_id, 1000);
  EXPECT_EQ(table.document()["last-partition-id"], 1000);
  EXPECT_EQ(table.ref("main"), 3);
  EXPECT_EQ(table.last_sequence_number(), 0);
  EXPECT_EQ(table.snapshot(3)->manifest_list, "");
  const TableMetadata upgraded =
      table.apply({{{"action", "upgrade-format-version"}, {"format-version", 2}}}, kNow);
  EXPECT_EQ(upgraded.format_version(), 2);
  EXPECT_FALSE(upgraded.document().contains("schema"));
  EXPECT_FALSE(upgraded.uuid().empty());
  EXPECT_EQ(TableMetadata::parse(upgraded.to_text()).current_schema().fields[0].name, "d");
}

TEST(Requirements, HoldOrSayWhyNot) {
  const TableMetadata empty = sample_metadata();
  const TableMetadata table = with_snapshot(empty, 7);
  EXPECT_EQ(table.unmet(change::assert_uuid("9C12D441-03fe-4693-9a96-a0705ddf69c1")), "");
  EXPECT_THAT(table.unmet(change::assert_uuid("other")), HasSubstr("another one"));
  EXPECT_EQ(table.unmet(change::assert_ref("main", 7)), "");
  EXPECT_EQ(empty.unmet(change::assert_ref("main", std::nullopt)), "");
  EXPECT_EQ(table.unmet(change::assert_ref("audit", std::nullopt)), "");
  EXPECT_THAT(table.unmet(change::assert_ref("main", 8)), HasSubstr("main is at snapshot 7"));
  EXPECT_THAT(table.unmet(change::assert_ref("main", std::nullopt)), HasSubstr("snapshot 7"));
  EXPECT_THAT(empty.unmet(change::assert_ref("main", 7)), HasSubstr("main does not exist"));
  EXPECT_EQ(table.unmet(change::assert_schema(0)), "");
  EXPECT_THAT(table.unmet(change::assert_schema(1)), HasSubstr("current-schema-id"));
  EXPECT_EQ(table.unmet(change::assert_last_field_id(5)), "");
  EXPECT_THAT(table.unmet(change::assert_last_field_id(4)), HasSubstr("last-column-id"));
  EXPECT_THAT(table.unmet({{"type", "assert-create"}}), HasSubstr("exists"));
  EXPECT_EQ(table.unmet({{"type", "assert-last-assigned-partition-id"},
                         {"last-assigned-partition-id", 1001}}),
            "");
  EXPECT_THAT(table.unmet({{"type", "assert-default-spec-id"}, {"default-spec-id", 3}}),
              HasSubstr("default-spec-id"));
  EXPECT_EQ(table.unmet({{"type", "assert-default-sort-order-id"}, {"default-sort-order-id", 0}}),
            "");
  EXPECT_THROW(table.unmet({{"type", "assert-weather"}}), UnsupportedException);
  EXPECT_THROW(table.unmet({{"type", "assert-current-schema-id"}}), DataException);
}

TEST(MetadataLog, KeepsAsManyAsThePropertySays) {
  TableMetadata table = sample_metadata().apply(
      {change::set_properties({{"write.metadata.previous-versions-max", "2"}})}, kNow);
  std::vector<std::string> dropped;
  for (const char* file : {"a", "b", "c"}) {
    table = table.with_previous(file, table.last_updated_ms(), &dropped);
  }
  EXPECT_THAT(dropped, ElementsAre("a"));
  const Json& log = table.document()["metadata-log"];
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log[0].dump(), R"({"timestamp-ms":1700000000000,"metadata-file":"b"})");
  table =
      table.apply({change::set_properties({{"write.metadata.previous-versions-max", "0"}})}, kNow);
  dropped.clear();
  table = table.with_previous("d", 1, &dropped);
  EXPECT_THAT(dropped, ElementsAre("b", "c")) << "one at least is kept";
}

TEST(Ids, AreRandomAndPositive) {
  const TableMetadata table = sample_metadata();
  EXPECT_GT(new_snapshot_id(table), 0);
  EXPECT_NE(new_snapshot_id(table), new_snapshot_id(table));
  const std::string uuid = new_uuid();
  EXPECT_THAT(uuid,
              ::testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                      "[0-9a-f]{12}"));
  EXPECT_NE(uuid, new_uuid());
}

}  // namespace
}  // namespace millrace::lakehouse

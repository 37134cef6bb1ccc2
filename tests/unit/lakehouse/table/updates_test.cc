// TableMetadata::apply: every update a writer uses.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "connectors/lakehouse/table/metadata.h"
#include "millrace/errors.h"
#include "tests/unit/lakehouse/table/sample_table.h"

namespace millrace::lakehouse {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kMinute = 60'000;

TEST(Updates, ASnapshotMovesMainAndTheLog) {
  const TableMetadata table = with_snapshot(with_snapshot(sample_metadata(), 7), 8);
  EXPECT_EQ(table.ref("main"), 8);
  EXPECT_EQ(table.document()["current-snapshot-id"], 8);
  EXPECT_EQ(table.last_sequence_number(), 2);
  EXPECT_EQ(table.snapshot(8)->parent_id, 7);
  EXPECT_EQ(table.snapshot(8)->summary.at("operation"), "append");
  EXPECT_EQ(table.snapshot(8)->schema_id, 0);
  EXPECT_EQ(table.last_updated_ms(), kNow + 2'000);
  EXPECT_EQ(table.document()["snapshot-log"].dump(),
            R"([{"timestamp-ms":1700000001000,"snapshot-id":7},)"
            R"({"timestamp-ms":1700000002000,"snapshot-id":8}])");
  EXPECT_EQ(table.document()["snapshots"][1].dump(),
            R"({"sequence-number":2,"snapshot-id":8,"parent-snapshot-id":7,)"
            R"("timestamp-ms":1700000002000,"summary":{"operation":"append"},)"
            R"("manifest-list":"file:///warehouse/db/orders/metadata/snap-8.avro","schema-id":0})");
}

TEST(Updates, SnapshotsThatDoNotFitAreRefused) {
  const TableMetadata table = with_snapshot(sample_metadata(), 7);
  Snapshot snapshot = sample_snapshot(table, 7);
  EXPECT_THROW(table.apply({change::add_snapshot(snapshot)}, kNow), DataException);
  snapshot.id = 8;
  snapshot.sequence_number = 1;
  EXPECT_THROW(table.apply({change::add_snapshot(snapshot)}, kNow), DataException);
  EXPECT_THROW(table.apply({change::set_branch("main", 9)}, kNow), DataException);
}

TEST(Updates, OtherBranchesLeaveMainAlone) {
  const TableMetadata table = with_snapshot(sample_metadata(), 7);
  const Snapshot snapshot = sample_snapshot(table, 8);
  const TableMetadata after =
      table.apply({change::add_snapshot(snapshot), change::set_branch("audit", 8)}, kNow);
  EXPECT_EQ(after.ref("main"), 7);
  EXPECT_EQ(after.ref("audit"), 8);
  EXPECT_EQ(after.document()["snapshot-log"].size(), 1U);
  EXPECT_EQ(after.last_sequence_number(), 2);
}

TEST(Updates, TagsAndRetentionOfReferences) {
  const Json tag = {{"action", "set-snapshot-ref"},
                    {"ref-name", "v1"},
                    {"type", "tag"},
                    {"snapshot-id", 7},
                    {"max-ref-age-ms", 5}};
  TableMetadata table = with_snapshot(sample_metadata(), 7).apply({tag}, kNow);
  EXPECT_EQ(table.document()["refs"]["v1"].dump(),
            R"({"type":"tag","snapshot-id":7,"max-ref-age-ms":5})");
  Json branch = change::set_branch("main", 7);
  branch["min-snapshots-to-keep"] = 3;
  table = with_snapshot(table.apply({branch}, kNow), 8);
  EXPECT_EQ(table.document()["refs"]["main"]["min-snapshots-to-keep"], 3);
  EXPECT_EQ(change::set_branch(table, "main", 9)["min-snapshots-to-keep"], 3);
  EXPECT_FALSE(change::set_branch(table, "other", 9).contains("min-snapshots-to-keep"));
  EXPECT_EQ(table.document()["snapshot-log"].size(), 2U) << "main at the same place is no move";
  Json main_tag = tag;
  main_tag["ref-name"] = "main";
  EXPECT_THROW(table.apply({main_tag}, kNow), DataException);
}

TEST(Updates, RemovedReferencesAreGone) {
  const TableMetadata table = with_snapshot(sample_metadata(), 7);
  const TableMetadata after =
      table.apply({{{"action", "remove-snapshot-ref"}, {"ref-name", "main"}}}, kNow);
  EXPECT_EQ(after.ref("main"), std::nullopt);
  EXPECT_EQ(after.document()["current-snapshot-id"], -1);
  EXPECT_TRUE(after.document()["snapshot-log"].empty());
}

TEST(Updates, RemovedSnapshotsTakeTheLogBeforeThem) {
  TableMetadata table = sample_metadata();
  for (int64_t id : {1, 2, 3, 4}) table = with_snapshot(table, id);
  const Json statistics = {{"action", "set-statistics"},
                           {"statistics", {{"snapshot-id", 2}, {"statistics-path", "x"}}}};
  table = table.apply({statistics, statistics}, kNow);
  EXPECT_EQ(table.document()["statistics"].size(), 1U);
  const TableMetadata after = table.apply({change::remove_snapshots({2})}, kNow);
  EXPECT_THAT(after.snapshot_ids(), ElementsAre(1, 3, 4));
  ASSERT_EQ(after.document()["snapshot-log"].size(), 2U);
  EXPECT_EQ(after.document()["snapshot-log"][0]["snapshot-id"], 3);
  EXPECT_TRUE(after.document()["statistics"].empty());
  EXPECT_THROW(table.apply({change::remove_snapshots({4})}, kNow), DataException)
      << "the head of a branch";
}

TEST(Updates, TimesNeverGoBack) {
  TableMetadata table = with_snapshot(sample_metadata(), 7);
  const int64_t before = table.last_updated_ms();
  Snapshot late = sample_snapshot(table, 8);
  late.timestamp_ms = before - 10 * kMinute;
  table = table.apply({change::add_snapshot(late), change::set_branch("main", 8)},
                      before - 10 * kMinute);
  EXPECT_EQ(table.last_updated_ms(), before);
  EXPECT_EQ(table.document()["snapshot-log"][1]["timestamp-ms"], before);
  Snapshot early = sample_snapshot(table, 9);
  early.timestamp_ms = before + 10 * kMinute;
  table = table.apply({change::add_snapshot(early), change::set_branch("main", 9)}, before);
  EXPECT_EQ(table.last_updated_ms(), before + 10 * kMinute);
  EXPECT_EQ(table.document()["snapshot-log"][2]["timestamp-ms"], before + 10 * kMinute);
  const TableMetadata back = table.apply({change::set_branch("main", 7)}, before);
  EXPECT_EQ(back.document()["snapshot-log"][3]["timestamp-ms"], before + 10 * kMinute);
}

TEST(Updates, PropertiesAreSetAndRemoved) {
  const TableMetadata table = sample_metadata().apply(
      {change::set_properties({{"a", "1"}, {"b", "2"}}), change::remove_properties({"a", "zzz"})},
      kNow);
  EXPECT_EQ(table.property("a"), nullptr);
  EXPECT_EQ(*table.property("b"), "2");
  EXPECT_EQ(*table.property("owner"), "é");
  EXPECT_THROW(table.apply({{{"action", "set-properties"}, {"updates", {{"a", 1}}}}}, kNow),
               DataException);
}

TEST(Updates, ASchemaIsAddedAndMadeCurrent) {
  const TableMetadata table = sample_metadata();
  TableSchema wider = table.current_schema();
  wider.fields.push_back({6, "note", false, primitive(TypeId::String)});
  const std::vector<Json> updates = {change::add_schema(wider, 6), change::set_current_schema(-1)};
  const TableMetadata after = table.apply(updates, kNow);
  EXPECT_EQ(after.current_schema().id, 1);
  EXPECT_EQ(after.current_schema().column("note")->id, 6);
  EXPECT_EQ(after.last_column_id(), 6);
  EXPECT_EQ(after.schema(0)->column("note"), nullptr);
  EXPECT_EQ(after.apply(updates, kNow).document()["schemas"].size(), 2U)
      << "the same schema is not added again";
  const TableMetadata back = after.apply({change::set_current_schema(0)}, kNow);
  EXPECT_EQ(back.current_schema().id, 0);
  EXPECT_EQ(back.last_column_id(), 6);
}

TEST(Updates, SchemasThatDoNotFitAreRefused) {
  const TableMetadata table = sample_metadata();
  EXPECT_THROW(table.apply({change::set_current_schema(-1)}, kNow), DataException);
  EXPECT_THROW(table.apply({change::set_current_schema(5)}, kNow), DataException);
  EXPECT_THROW(table.apply({change::add_schema(table.current_schema(), 4)}, kNow), DataException);
  TableSchema twice = table.current_schema();
  twice.fields.push_back({6, "id", false, primitive(TypeId::String)});
  EXPECT_THROW(table.apply({change::add_schema(twice, 6)}, kNow), DataException);
  TableSchema less = table.current_schema();
  less.fields.pop_back();
  EXPECT_THROW(table.apply({change::add_schema(less, 5), change::set_current_schema(-1)}, kNow),
               DataException)
      << "the spec needs the column";
}

TEST(Updates, SpecsKeepTheIdsOfEqualFields) {
  const TableMetadata table = sample_metadata();
  const Json spec = Json::parse(R"({"action":"add-spec","spec":{"spec-id":9,"fields":[)"
                                R"({"name":"id_bucket","transform":"bucket[4]","source-id":1},)"
                                R"({"name":"kind","transform":"identity","source-id":4}]}})");
  const Json choose = {{"action", "set-default-spec"}, {"spec-id", -1}};
  const TableMetadata after = table.apply({spec, choose}, kNow);
  EXPECT_EQ(after.default_spec().id, 1);
  EXPECT_EQ(after.default_spec().fields[0].field_id, 1002);
  EXPECT_EQ(after.default_spec().fields[1].field_id, 1001);
  EXPECT_EQ(after.document()["last-partition-id"], 1002);
  EXPECT_EQ(after.apply({spec}, kNow).document()["partition-specs"].size(), 2U);
  EXPECT_THROW(table.apply({choose}, kNow), DataException);
  Json wrong = spec;
  wrong["spec"]["fields"][0]["source-id"] = 66;
  EXPECT_THROW(table.apply({wrong}, kNow), DataException);
}

TEST(Updates, SortOrdersAreAdded) {
  const Json order = Json::parse(
      R"({"action":"add-sort-order","sort-order":{"order-id":5,"fields":[{"transform":"identity",)"
      R"("source-id":1,"direction":"asc","null-order":"nulls-first"}]}})");
  const TableMetadata after = sample_metadata().apply(
      {order, {{"action", "set-default-sort-order"}, {"sort-order-id", -1}}}, kNow);
  EXPECT_EQ(after.document()["default-sort-order-id"], 1);
  EXPECT_EQ(after.document()["sort-orders"][1]["order-id"], 1);
  Json missing = order;
  missing["sort-order"]["fields"][0]["source-id"] = 66;
  EXPECT_THROW(after.apply({missing}, kNow), DataException);
  Json other_column = order;
  other_column["sort-order"]["fields"][0]["source-id"] = 3;
  const TableMetadata by_tags = after.apply(
      {other_column, {{"action", "set-default-sort-order"}, {"sort-order-id", -1}}}, kNow);
  TableSchema without = by_tags.current_schema();
  without.fields.erase(without.fields.begin() + 2);
  EXPECT_THROW(
      by_tags.apply({change::add_schema(without, 5), change::set_current_schema(-1)}, kNow),
      DataException)
      << "the default order needs the column";
}

TEST(Updates, OfTheTableAsSuch) {
  const TableMetadata table = sample_metadata();
  EXPECT_EQ(table.apply({{{"action", "set-location"}, {"location", "/x"}}}, kNow).location(), "/x");
  EXPECT_EQ(table.apply({{{"action", "assign-uuid"}, {"uuid", kUuid}}}, kNow).uuid(), kUuid);
  EXPECT_THROW(table.apply({{{"action", "assign-uuid"}, {"uuid", "x"}}}, kNow), DataException);
  const auto upgrade = [](int32_t to) {
    return Json{{"action", "upgrade-format-version"}, {"format-version", to}};
  };
  EXPECT_EQ(table.apply({upgrade(3)}, kNow).document()["next-row-id"], 0);
  EXPECT_THROW(table.apply({upgrade(1)}, kNow), DataException);
  EXPECT_THROW(table.apply({upgrade(4)}, kNow), UnsupportedException);
  EXPECT_THROW(table.apply({{{"action", "paint"}}}, kNow), UnsupportedException);
  EXPECT_THROW(table.apply({Json::array()}, kNow), DataException);
}

TEST(Updates, OfVersion3CountRows) {
  NewTable wanted = sample_table();
  wanted.properties["format-version"] = "3";
  const TableMetadata table = TableMetadata::create(wanted, kUuid, kNow);
  Json add = change::add_snapshot(sample_snapshot(table, 7));
  EXPECT_THROW(table.apply({add}, kNow), DataException) << "without first-row-id";
  add["snapshot"]["first-row-id"] = 0;
  add["snapshot"]["added-rows"] = 12;
  const TableMetadata after = table.apply({add, change::set_branch("main", 7)}, kNow);
  EXPECT_EQ(after.document()["next-row-id"], 12);
  add["snapshot"]["snapshot-id"] = 8;
  add["snapshot"]["sequence-number"] = 2;
  EXPECT_THROW(after.apply({add}, kNow), DataException);
}

TEST(Updates, LeaveTheOriginalAlone) {
  const TableMetadata table = sample_metadata();
  const std::string before = table.to_text();
  with_snapshot(table, 7);
  EXPECT_EQ(table.to_text(), before);
}

/// Adds members to the objects, but for maps whose every member means something.
void add_extras(Json& json, std::mt19937_64& random, int& count) {
  if (json.is_object() && random() % 3 == 0) {
    const std::string name = "x-" + std::to_string(count++);
    json[name] = random() % 2 == 0 ? Json(static_cast<int64_t>(random()))
                                   : Json{{"deep", Json::array({1.5, nullptr, "é"})}};
  }
  for (auto& [name, value] : json.items()) {
    if (name == "refs") {
      for (auto& [branch, ref] : value.items()) add_extras(ref, random, count);
    } else if (value.is_structured() && name != "properties" && name != "summary" &&
               !name.starts_with("x-")) {
      add_extras(value, random, count);
    }
  }
}

void collect_extras(const Json& json, std::map<std::string, std::string>& extras) {
  if (!json.is_structured()) return;
  for (const auto& [name, value] : json.items()) {
    if (name.starts_with("x-")) {
      extras[name] = value.dump();
    } else {
      collect_extras(value, extras);
    }
  }
}

TEST(Updates, MembersThatAreNotKnownSurvive) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 60; ++round) {
    TableMetadata table = with_snapshot(with_snapshot(sample_metadata(), 7), 8);
    Json document = table.document();
    int count = 0;
    add_extras(document, random, count);
    table = TableMetadata::parse(document.dump());
    std::map<std::string, std::string> before;
    collect_extras(table.document(), before);
    EXPECT_EQ(before.size(), static_cast<size_t>(count));
    TableSchema wider = table.current_schema();
    wider.fields.push_back({6, "note", false, primitive(TypeId::String)});
    table = with_snapshot(table, 9)
                .apply({change::add_schema(wider, 6), change::set_current_schema(-1),
                        change::set_properties({{"a", "b"}}), change::remove_properties({"owner"}),
                        change::set_branch("audit", 7)},
                       kNow)
                .with_previous("file", kNow);
    std::map<std::string, std::string> after;
    collect_extras(TableMetadata::parse(table.to_text()).document(), after);
    ASSERT_EQ(after, before);
  }
}

/// Anything may stand in the document: it is refused with one of our exceptions or it works.
TEST(Updates, MutatedDocumentsNeverCrash) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const Json flat = with_snapshot(with_snapshot(sample_metadata(), 7), 8).document().flatten();
  const Json values[] = {nullptr, true, -1, 1.5, "x", Json::array(), Json::object(), 1ULL << 63};
  for (int round = 0; round < 1500; ++round) {
    Json mutated = flat;
    for (auto left = random() % 3 + 1; left > 0; --left) {
      auto at = mutated.begin();
      std::advance(at, static_cast<std::ptrdiff_t>(random() % mutated.size()));
      *at = random() % 4 == 0 ? Json() : Json(values[random() % 4]);
    }
    Json document = mutated.unflatten();
    auto at = document.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random() % document.size()));
    if (random() % 2 == 0) *at = values[random() % 8];
    try {
      const TableMetadata table = TableMetadata::parse(document.dump());
      table.default_spec();
      with_snapshot(table, 9).apply(
          {change::remove_snapshots({7}), change::add_schema(table.current_schema(), 9)}, kNow);
    } catch (const Error&) {  // a clear refusal
    }
  }
}

}  // namespace
}  // namespace millrace::lakehouse

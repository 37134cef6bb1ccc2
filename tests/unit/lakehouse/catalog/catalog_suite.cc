#include "tests/unit/lakehouse/catalog/catalog_suite.h"

#include <gmock/gmock.h>

#include <atomic>
#include <set>
#include <thread>

#include "connectors/lakehouse/catalog/gzip.h"
#include "tests/unit/lakehouse/table/sample_table.h"

namespace millrace::lakehouse {

std::shared_ptr<Catalog> CatalogTest::make() const {
  const std::string kind = GetParam().substr(0, GetParam().find(':'));
  Properties settings = {{"type", kind == "postgresql" ? "jdbc" : kind},
                         {"warehouse", (folder_ / "warehouse").string()}};
  if (kind == "jdbc") settings["uri"] = "jdbc:sqlite:" + (folder_ / "catalog.db").string();
  if (kind == "postgresql") settings["uri"] = "jdbc:" + GetParam();
  // Catalogs of other names in one database are apart.
  return make_catalog(folder_.path().filename().string(), settings);
}

namespace {

using ::testing::HasSubstr;
using testing_support::read_text;
using testing_support::write_text;

const TableName kOrders = parse_table_name("db.raw.orders");

NewTable new_orders() {
  NewTable table = sample_table();
  table.location.clear();
  return table;
}

TableChange set(const std::string& name, const std::string& value) {
  return {.requirements = {}, .updates = {change::set_properties({{name, value}})}};
}

/// One more snapshot on main, legal on exactly this head.
TableChange append(const TableMetadata& table) {
  const int64_t id = new_snapshot_id(table);
  return {.requirements = {change::assert_uuid(table.uuid()),
                           change::assert_ref("main", table.ref("main"))},
          .updates = {change::add_snapshot(sample_snapshot(table, id)),
                      change::set_branch("main", id)}};
}

TEST_P(CatalogTest, ATableIsMadeAndLoaded) {
  const auto catalog = make();
  EXPECT_FALSE(catalog->load(kOrders).has_value());
  const LoadedTable made = catalog->create(kOrders, new_orders());
  EXPECT_EQ(made.metadata.location(), (folder_ / "warehouse/db/raw/orders").string());
  EXPECT_EQ(made.metadata.current_schema().column("ts")->id, 2);
  EXPECT_TRUE(made.files->exists(made.metadata_location));
  const auto loaded = make()->load(kOrders);
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->metadata.document(), made.metadata.document());
  EXPECT_EQ(loaded->metadata_location, made.metadata_location);
  EXPECT_FALSE(catalog->load(parse_table_name("db.orders")).has_value());
}

TEST_P(CatalogTest, ATableIsMadeOnce) {
  const auto catalog = make();
  catalog->create(kOrders, new_orders());
  EXPECT_THROW(catalog->create(kOrders, new_orders()), AlreadyExistsException);
  EXPECT_THROW(make()->create(kOrders, new_orders()), AlreadyExistsException);
}

TEST_P(CatalogTest, OfManyWhoMakeATableOneDoes) {
  constexpr int kThreads = 4;
  make()->create(parse_table_name("db.raw.other"), new_orders());
  std::atomic<int> made = 0;
  std::atomic<int> late = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      try {
        make()->create(kOrders, new_orders());
        ++made;
      } catch (const AlreadyExistsException&) {
        ++late;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(late, kThreads - 1);
}

TEST_P(CatalogTest, ACommitIsSeenByOthers) {
  const auto catalog = make();
  const LoadedTable base = catalog->create(kOrders, new_orders());
  const LoadedTable after = catalog->commit(kOrders, base, append(base.metadata));
  EXPECT_NE(after.metadata_location, base.metadata_location);
  EXPECT_TRUE(after.metadata.ref("main").has_value());
  EXPECT_EQ(make()->load(kOrders)->metadata.document(), after.metadata.document());
  const Json& log = after.metadata.document()["metadata-log"];
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(log[0]["metadata-file"], base.metadata_location);
  EXPECT_EQ(log[0]["timestamp-ms"], base.metadata.last_updated_ms());
}

TEST_P(CatalogTest, AnOldBaseIsAConflict) {
  const auto catalog = make();
  const LoadedTable base = catalog->create(kOrders, new_orders());
  const LoadedTable after = catalog->commit(kOrders, base, set("a", "1"));
  EXPECT_THROW(make()->commit(kOrders, base, set("b", "2")), CommitConflict);
  const auto loaded = catalog->load(kOrders);
  EXPECT_EQ(loaded->metadata_location, after.metadata_location);
  EXPECT_EQ(loaded->metadata.property("b"), nullptr);
  EXPECT_NO_THROW(make()->commit(kOrders, *loaded, set("b", "2")));
}

TEST_P(CatalogTest, ARequirementThatDoesNotHoldIsAConflict) {
  const auto catalog = make();
  const LoadedTable base = catalog->create(kOrders, new_orders());
  TableChange change = set("a", "1");
  change.requirements = {change::assert_ref("main", 7)};
  try {
    catalog->commit(kOrders, base, change);
    ADD_FAILURE();
  } catch (const CommitConflict& conflict) {
    EXPECT_THAT(conflict.what(), HasSubstr("db.raw.orders"));
    EXPECT_THAT(conflict.what(), HasSubstr("main does not exist"));
  }
  EXPECT_EQ(catalog->load(kOrders)->metadata_location, base.metadata_location);
}

TEST_P(CatalogTest, AChangeThatDoesNotFitChangesNothing) {
  const auto catalog = make();
  const LoadedTable base = catalog->create(kOrders, new_orders());
  EXPECT_THROW(catalog->commit(kOrders, base, {{}, {change::set_branch("main", 7)}}),
               DataException);
  EXPECT_THROW(catalog->commit(kOrders, base, {{}, {{{"action", "paint"}}}}), UnsupportedException);
  EXPECT_EQ(catalog->load(kOrders)->metadata_location, base.metadata_location);
}

TEST_P(CatalogTest, EveryCommitOfManyWritersLandsOnce) {
  constexpr int kThreads = 4;
  constexpr int kCommits = 15;
  make()->create(kOrders, new_orders());
  std::atomic<int> conflicts = 0;
  std::vector<std::vector<int64_t>> landed(kThreads);
  std::vector<std::jthread> threads;
  for (auto& mine : landed) {
    threads.emplace_back([this, &mine, &conflicts] {
      const auto catalog = make();
      while (mine.size() < kCommits) {
        const LoadedTable base = *catalog->load(kOrders);
        try {
          mine.push_back(
              *catalog->commit(kOrders, base, append(base.metadata)).metadata.ref("main"));
        } catch (const CommitConflict&) {
          ++conflicts;
        }
      }
    });
  }
  threads.clear();
  std::set<int64_t> all;
  for (const auto& mine : landed) all.insert(mine.begin(), mine.end());
  const TableMetadata table = make()->load(kOrders)->metadata;
  const auto ids = table.snapshot_ids();
  EXPECT_EQ(all.size(), static_cast<size_t>(kThreads * kCommits));
  EXPECT_EQ(std::set<int64_t>(ids.begin(), ids.end()), all);
  EXPECT_EQ(table.last_sequence_number(), kThreads * kCommits);
  EXPECT_EQ(table.document()["metadata-log"].size(), all.size());
  std::optional<int64_t> parent;
  for (int64_t id : ids) {
    EXPECT_EQ(table.snapshot(id)->parent_id, parent);
    parent = id;
  }
}

TEST_P(CatalogTest, ThreadsMayShareACatalog) {
  constexpr int kThreads = 4;
  constexpr int kCommits = 5;
  const auto catalog = make();
  catalog->create(kOrders, new_orders());
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&catalog] {
      for (int landed = 0; landed < kCommits;) {
        const LoadedTable base = *catalog->load(kOrders);
        try {
          catalog->commit(kOrders, base, append(base.metadata));
          ++landed;
        } catch (const CommitConflict&) {  // another was faster
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(catalog->load(kOrders)->metadata.snapshot_ids().size(),
            static_cast<size_t>(kThreads * kCommits));
}

TEST_P(CatalogTest, MembersOfOtherWritersSurvive) {
  const auto catalog = make();
  const LoadedTable base = catalog->create(kOrders, new_orders());
  Json document = base.metadata.document();
  document["x-new"] = {{"id", 9'007'199'254'740'993}};
  write_text(base.metadata_location, document.dump());
  catalog->commit(kOrders, *catalog->load(kOrders), set("a", "1"));
  EXPECT_EQ(catalog->load(kOrders)->metadata.document()["x-new"].dump(),
            R"({"id":9007199254740993})");
}

TEST_P(CatalogTest, MetadataIsCompressedWhenThePropertySaysSo) {
  const auto catalog = make();
  LoadedTable table = catalog->create(kOrders, new_orders());
  table = catalog->commit(kOrders, table, set("write.metadata.compression-codec", "gzip"));
  EXPECT_THAT(table.metadata_location, HasSubstr(".gz.metadata.json"));
  EXPECT_TRUE(is_gzip(read_text(table.metadata_location)));
  table = catalog->commit(kOrders, *make()->load(kOrders), set("a", "1"));
  EXPECT_EQ(*make()->load(kOrders)->metadata.property("a"), "1");
  table = catalog->commit(kOrders, table, set("write.metadata.compression-codec", "none"));
  EXPECT_EQ(read_text(table.metadata_location).front(), '{');
  EXPECT_EQ(make()->load(kOrders)->metadata_location, table.metadata_location);
}

TEST_P(CatalogTest, OldMetadataGoesWhenTheOwnerWantsIt) {
  const auto catalog = make();
  NewTable wanted = new_orders();
  wanted.properties = {{"write.metadata.previous-versions-max", "2"}};
  LoadedTable table = catalog->create(kOrders, wanted);
  const std::string first = table.metadata_location;
  for (int i = 0; i < 3; ++i) table = catalog->commit(kOrders, table, set("n", std::to_string(i)));
  EXPECT_TRUE(table.files->exists(first));
  const std::string second = table.metadata.document()["metadata-log"][0]["metadata-file"];
  table =
      catalog->commit(kOrders, table, set("write.metadata.delete-after-commit.enabled", "true"));
  EXPECT_FALSE(table.files->exists(second));
  EXPECT_EQ(make()->load(kOrders)->metadata_location, table.metadata_location);
}

TEST_P(CatalogTest, BrokenMetadataIsNamed) {
  const auto catalog = make();
  const LoadedTable table = catalog->create(kOrders, new_orders());
  for (const char* text : {"{}", "\x1f\x8b\x08garbage", ""}) {
    write_text(table.metadata_location, text);
    try {
      catalog->load(kOrders);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::Data);
      EXPECT_THAT(error.what(), HasSubstr(table.metadata_location));
    }
  }
}

TEST_P(CatalogTest, NamesThatLeaveTheWarehouseAreRefused) {
  const auto catalog = make();
  EXPECT_THROW(catalog->create({{"..", ".."}, "x"}, new_orders()), ConfigException);
  EXPECT_THROW(catalog->load({{"db"}, "a/../../b"}), ConfigException);
}

}  // namespace
}  // namespace millrace::lakehouse

#include "connectors/lakehouse/catalog/sql_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <utility>

#include "tests/support/temporary_folder.h"
#include "tests/unit/lakehouse/table/sample_table.h"

namespace millrace::lakehouse {
namespace {

using ::testing::HasSubstr;
using testing_support::TemporaryFolder;

const TableName kOrders = parse_table_name("db.orders");

TableChange set(const std::string& name, const std::string& value) {
  return {.requirements = {}, .updates = {change::set_properties({{name, value}})}};
}

/// Throws what a test wants after, or instead of, the next change of `iceberg_tables`.
class FailingDatabase : public SqlDatabase {
 public:
  explicit FailingDatabase(const std::string& path) : database_(open_sqlite(path)) {}
  int64_t execute(const std::string& sql, const Values& values) override {
    if (!sql.starts_with("UPDATE")) return database_->execute(sql, values);
    if (refuse) throw RetriableException("the database is busy");
    const int64_t rows = database_->execute(sql, values);
    if (lose_answer) throw CommitUnknown("the connection broke");
    return rows;
  }
  std::vector<Row> query(const std::string& sql, const Values& values) override {
    return database_->query(sql, values);
  }
  bool has_column(const std::string& table, const std::string& column) override {
    return database_->has_column(table, column);
  }
  bool refuse = false;
  bool lose_answer = false;

 private:
  std::unique_ptr<SqlDatabase> database_;
};

class SqlCatalogTest : public ::testing::Test {
 protected:
  SqlCatalog make(const std::string& name = "lake", Properties settings = {}) const {
    settings.emplace("warehouse", warehouse());
    return {name, std::move(settings), open_sqlite(path())};
  }
  std::string path() const { return (folder_ / "catalog.db").string(); }
  std::string warehouse() const { return (folder_ / "warehouse").string(); }
  static NewTable new_orders() {
    NewTable table = sample_table();
    table.location.clear();
    return table;
  }
  static size_t metadata_files(const LoadedTable& table) {
    return table.files->list(table.metadata.metadata_folder()).size();
  }

  TemporaryFolder folder_;
};

TEST_F(SqlCatalogTest, RowsAreThoseOfOtherPrograms) {
  SqlCatalog catalog = make();
  const LoadedTable base = catalog.create(parse_table_name("a.b.orders"), new_orders());
  const LoadedTable after = catalog.commit(parse_table_name("a.b.orders"), base, set("n", "1"));
  const auto database = open_sqlite(path());
  const auto rows = database->query(
      "SELECT catalog_name, table_namespace, table_name, metadata_location, "
      "previous_metadata_location, iceberg_type FROM iceberg_tables",
      {});
  const SqlDatabase::Row expected = {
      "lake", "a.b", "orders", after.metadata_location, base.metadata_location, "TABLE"};
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0], expected);
  const auto namespaces = database->query(
      "SELECT namespace, property_key, property_value FROM iceberg_namespace_properties "
      "ORDER BY namespace",
      {});
  const std::vector<SqlDatabase::Row> levels = {{"a", "exists", "true"}, {"a.b", "exists", "true"}};
  EXPECT_EQ(namespaces, levels);
  EXPECT_THAT(std::filesystem::path(base.metadata_location).filename().string(),
              ::testing::StartsWith("00000-"));
  EXPECT_THAT(std::filesystem::path(after.metadata_location).filename().string(),
              ::testing::StartsWith("00001-"));
}

TEST_F(SqlCatalogTest, DatabasesWithoutTheTypeColumnAreUsed) {
  open_sqlite(path())->execute(
      "CREATE TABLE iceberg_tables (catalog_name VARCHAR(255), table_namespace VARCHAR(255), "
      "table_name VARCHAR(255), metadata_location VARCHAR(1000), previous_metadata_location "
      "VARCHAR(1000), PRIMARY KEY (catalog_name, table_namespace, table_name))",
      {});
  SqlCatalog catalog = make();
  const LoadedTable base = catalog.create(kOrders, new_orders());
  catalog.commit(kOrders, base, set("n", "1"));
  EXPECT_EQ(*make().load(kOrders)->metadata.property("n"), "1");
}

TEST_F(SqlCatalogTest, CatalogsOfOtherNamesAreApart) {
  make("lake").create(kOrders, new_orders());
  EXPECT_FALSE(make("pond").load(kOrders).has_value());
}

TEST_F(SqlCatalogTest, AViewIsNoTableButItsNameIsTaken) {
  SqlCatalog catalog = make();
  catalog.create(kOrders, new_orders());
  open_sqlite(path())->execute("UPDATE iceberg_tables SET iceberg_type = 'VIEW'", {});
  EXPECT_FALSE(catalog.load(kOrders).has_value());
  EXPECT_THROW(catalog.create(kOrders, new_orders()), AlreadyExistsException);
  open_sqlite(path())->execute("UPDATE iceberg_tables SET iceberg_type = NULL", {});
  EXPECT_TRUE(catalog.load(kOrders).has_value());
}

TEST_F(SqlCatalogTest, ANamespaceMayHaveALocation) {
  make().create(parse_table_name("db.first"), new_orders());
  open_sqlite(path())->execute(
      "INSERT INTO iceberg_namespace_properties VALUES ('lake', 'db', 'location', $1)",
      {(folder_ / "elsewhere/").string()});
  EXPECT_EQ(make().create(kOrders, new_orders()).metadata.location(),
            (folder_ / "elsewhere/orders").string());
}

TEST_F(SqlCatalogTest, ALocationThatIsGivenIsTaken) {
  NewTable table = new_orders();
  table.location = "file://" + (folder_ / "mine").string();
  const LoadedTable made = make().create(kOrders, table);
  EXPECT_EQ(made.metadata.location(), table.location);
  EXPECT_THAT(made.metadata_location, ::testing::StartsWith(table.location + "/metadata/00000-"));
}

TEST_F(SqlCatalogTest, WithoutAPlaceForTablesItSaysSo) {
  SqlCatalog catalog("lake", {}, open_sqlite(path()));
  EXPECT_THROW(catalog.create(kOrders, new_orders()), ConfigException);
}

TEST_F(SqlCatalogTest, NamesThatTheLayoutCannotHoldAreRefused) {
  SqlCatalog catalog = make();
  EXPECT_THROW(catalog.load(parse_table_name("orders")), ConfigException);
  EXPECT_THROW(catalog.load(parse_table_name("`a.b`.orders")), ConfigException);
  EXPECT_NO_THROW(catalog.create(parse_table_name("db.`a.b'; --`"), new_orders()));
  EXPECT_TRUE(make().load(parse_table_name("db.`a.b'; --`")).has_value());
}

TEST_F(SqlCatalogTest, AfterAnUnknownOutcomeNothingIsDeleted) {
  auto database = std::make_unique<FailingDatabase>(path());
  FailingDatabase& failing = *database;
  SqlCatalog catalog("lake", {{"warehouse", warehouse()}}, std::move(database));
  const LoadedTable base = catalog.create(kOrders, new_orders());
  failing.lose_answer = true;
  EXPECT_THROW(catalog.commit(kOrders, base, set("n", "1")), CommitUnknown);
  EXPECT_EQ(*catalog.load(kOrders)->metadata.property("n"), "1");
}

TEST_F(SqlCatalogTest, AfterAFailureNoFileStays) {
  auto database = std::make_unique<FailingDatabase>(path());
  FailingDatabase& failing = *database;
  SqlCatalog catalog("lake", {{"warehouse", warehouse()}}, std::move(database));
  const LoadedTable base = catalog.create(kOrders, new_orders());
  failing.refuse = true;
  EXPECT_THROW(catalog.commit(kOrders, base, set("n", "1")), RetriableException);
  EXPECT_EQ(metadata_files(base), 1U);
  failing.refuse = false;
  const LoadedTable after = catalog.commit(kOrders, base, set("n", "1"));
  EXPECT_THROW(catalog.commit(kOrders, base, set("n", "2")), CommitConflict);
  EXPECT_EQ(metadata_files(after), 2U);
}

TEST_F(SqlCatalogTest, ADatabaseThatCannotBeOpenedIsNamed) {
  try {
    open_sqlite((folder_ / "no/such/folder.db").string());
    ADD_FAILURE();
  } catch (const ConnectException& error) {
    EXPECT_THAT(error.what(), HasSubstr("no/such/folder.db"));
  }
}

TEST_F(SqlCatalogTest, SpellingsOfSqliteAreOne) {
  make().create(kOrders, new_orders());
  for (const std::string& uri : {"jdbc:sqlite:" + path(), "sqlite:///" + path(),
                                 "sqlite+pysqlite:///" + path(), "jdbc:sqlite:file:" + path()}) {
    const auto catalog =
        make_catalog("lake", {{"type", "jdbc"}, {"uri", uri}, {"warehouse", warehouse()}});
    EXPECT_TRUE(catalog->load(kOrders).has_value()) << uri;
  }
}

TEST(Postgres, AServerThatIsNotThereIsNamedWithoutSecrets) {
  try {
    open_postgres("postgresql://127.0.0.1:1/lake", "me", "secret");
    ADD_FAILURE();
  } catch (const RetriableException& error) {
    EXPECT_THAT(error.what(), HasSubstr("connecting to the catalog's database"));
    EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace millrace::lakehouse

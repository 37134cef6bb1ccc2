// On a server of its own, whose URI is in MILLRACE_TEST_POSTGRES.

#include <gmock/gmock.h>

#include <cstdlib>
#include <thread>

#include "connectors/lakehouse/catalog/sql_catalog.h"
#include "tests/unit/lakehouse/catalog/catalog_suite.h"
#include "tests/unit/lakehouse/table/sample_table.h"

namespace millrace::lakehouse {
namespace {

using ::testing::HasSubstr;

/// Not set is a failure in each test, not none.
std::string server() {
  const char* uri = std::getenv("MILLRACE_TEST_POSTGRES");
  return uri == nullptr ? "postgresql://127.0.0.1:1/none" : uri;
}

INSTANTIATE_TEST_SUITE_P(Postgres, CatalogTest, ::testing::Values(server()));

std::unique_ptr<SqlDatabase> open() {
  return open_postgres(server(), "", "");
}

void end_other_connections(SqlDatabase& database) {
  database.query(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
      "WHERE pid <> pg_backend_pid() AND application_name = 'millrace'",
      {});
}

TEST(PostgresDatabase, AnswersAsSqliteDoes) {
  const auto database = open();
  database->execute("CREATE TABLE answers (name TEXT PRIMARY KEY, value TEXT)", {});
  EXPECT_TRUE(database->has_column("answers", "value"));
  EXPECT_FALSE(database->has_column("answers", "other"));
  EXPECT_FALSE(database->has_column("nothing", "value"));
  const std::string insert = "INSERT INTO answers VALUES ($1, $2) ON CONFLICT DO NOTHING";
  EXPECT_EQ(database->execute(insert, {"a", "it's \"é\""}), 1);
  EXPECT_EQ(database->execute(insert, {"a", "again"}), 0);
  database->execute("INSERT INTO answers VALUES ('b', NULL)", {});
  const std::vector<SqlDatabase::Row> expected = {{"a", "it's \"é\""}, {"b", std::nullopt}};
  EXPECT_EQ(database->query("SELECT * FROM answers ORDER BY name", {}), expected);
  EXPECT_THROW(database->execute("NONSENSE", {}), ConnectException);
}

TEST(PostgresDatabase, ReadsAgainOverANewConnection) {
  const auto database = open();
  end_other_connections(*open());
  EXPECT_EQ(database->query("SELECT 1", {}).size(), 1U);
}

TEST(PostgresDatabase, AChangeOverABrokenConnectionIsUnknown) {
  const auto database = open();
  end_other_connections(*open());
  EXPECT_THROW(database->execute("SELECT 1", {}), CommitUnknown);
  EXPECT_NO_THROW(database->execute("SELECT 1", {})) << "the next has a new connection";
}

TEST(PostgresDatabase, WhoMayNotIsToldSo) {
  const auto owner = open();
  owner->execute("CREATE ROLE stranger LOGIN", {});
  owner->execute("CREATE TABLE hidden (name TEXT)", {});
  const auto stranger = open_postgres(server(), "stranger", "");
  try {
    stranger->query("SELECT * FROM hidden", {});
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Authorization);
    EXPECT_THAT(error.what(), HasSubstr("hidden"));
  }
  EXPECT_THROW(open_postgres(server(), "nobody_at_all", ""), Error);
}

TEST(PostgresDatabase, CatalogsThatStartAtOnceMakeTheTablesOnce) {
  const auto owner = open();
  owner->execute("DROP TABLE IF EXISTS iceberg_tables", {});
  owner->execute("DROP TABLE IF EXISTS iceberg_namespace_properties", {});
  std::vector<std::jthread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([] {
      SqlCatalog catalog("start", {}, open());
      while (true) {
        try {
          EXPECT_FALSE(catalog.load(parse_table_name("db.orders")).has_value());
          return;
        } catch (const RetriableException&) {  // another was making them
        }
      }
    });
  }
  threads.clear();
  EXPECT_TRUE(owner->has_column("iceberg_tables", "iceberg_type"));
}

}  // namespace
}  // namespace millrace::lakehouse

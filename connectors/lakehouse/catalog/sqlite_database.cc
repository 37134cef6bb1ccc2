#include <sqlite3.h>

#include "connectors/lakehouse/catalog/catalog.h"
#include "connectors/lakehouse/catalog/sql_database.h"

namespace millrace::lakehouse {
namespace {

struct Close {
  void operator()(sqlite3* connection) const noexcept { sqlite3_close(connection); }
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Close>;

class SqliteDatabase : public SqlDatabase {
 public:
  explicit SqliteDatabase(const std::string& path) : path_(path) {
    sqlite3* connection = nullptr;
    const int result = sqlite3_open_v2(
        path.c_str(), &connection,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
        nullptr);
    connection_.reset(connection);
    if (result != SQLITE_OK) fail("opening", result, false);
    sqlite3_busy_timeout(connection, kSqlTimeoutMs);
    sqlite3_extended_result_codes(connection, 1);
  }

  int64_t execute(const std::string& sql, const Values& values) override {
    const Statement statement = prepare(sql, values);
    int result = SQLITE_ROW;
    while (result == SQLITE_ROW) result = sqlite3_step(statement.get());
    if (result != SQLITE_DONE) fail("changing", result, true);
    return sqlite3_changes64(connection_.get());
  }

  std::vector<Row> query(const std::string& sql, const Values& values) override {
    const Statement statement = prepare(sql, values);
    std::vector<Row> rows;
    int result = SQLITE_ROW;
    while ((result = sqlite3_step(statement.get())) == SQLITE_ROW) {
      rows.push_back(row(statement.get()));
    }
    if (result != SQLITE_DONE) fail("reading", result, false);
    return rows;
  }

  bool has_column(const std::string& table, const std::string& column) override {
    return !query("SELECT name FROM pragma_table_info($1) WHERE name = $2", {table, column})
                .empty();
  }

 private:
  static Row row(sqlite3_stmt* statement) {
    Row row;
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
      row.push_back(text == nullptr ? std::nullopt : std::optional<std::string>(text));
    }
    return row;
  }

  Statement prepare(const std::string& sql, const Values& values) {
    sqlite3_stmt* raw = nullptr;
    const int result = sqlite3_prepare_v2(connection_.get(), sql.c_str(), -1, &raw, nullptr);
    Statement statement(raw);
    if (result != SQLITE_OK) fail("reading", result, false);
    for (size_t i = 0; i < values.size(); ++i) {
      const std::string& value = values[i];
      sqlite3_bind_text64(raw, static_cast<int>(i + 1), value.data(), value.size(),
                          SQLITE_TRANSIENT, SQLITE_UTF8);
    }
    return statement;
  }

  [[noreturn]] void fail(const char* action, int result, bool is_change) {
    const std::string message =
        std::string(action) + " the catalog " + path_ + ": " +
        (connection_ ? sqlite3_errmsg(connection_.get()) : sqlite3_errstr(result));
    switch (result & 0xff) {
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
      case SQLITE_FULL:
      case SQLITE_NOMEM:
      case SQLITE_INTERRUPT:
        throw RetriableException(message);
      case SQLITE_IOERR:
        if (is_change) throw CommitUnknown(message);
        throw RetriableException(message);
      default:
        throw ConnectException(message);
    }
  }

  std::string path_;
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace

std::unique_ptr<SqlDatabase> open_sqlite(const std::string& path) {
  return std::make_unique<SqliteDatabase>(path);
}

}  // namespace millrace::lakehouse

#pragma once
// As much of SQL as a catalog needs, over SQLite and PostgreSQL.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/properties.h"

namespace millrace::lakehouse {

/// How long a statement may wait for other connections' locks, or for the server.
inline constexpr int kSqlTimeoutMs = 30'000;
inline constexpr int kSqlConnectTimeoutS = 10;

/// One connection, for one thread at a time, with each statement a transaction of its own. Values
/// are
/// `$1`, `$2`, ... in this order. Throws RetriableException for what may pass by itself and was not
/// done, Error(Authentication/Authorization), ConnectException for the rest.
class SqlDatabase {
 public:
  using Values = std::vector<std::string>;
  using Row = std::vector<std::optional<std::string>>;

  virtual ~SqlDatabase() = default;
  /// Rows that were changed. Throws CommitUnknown when it may have been done.
  virtual int64_t execute(const std::string& sql, const Values& values = {}) = 0;
  virtual std::vector<Row> query(const std::string& sql, const Values& values = {}) = 0;
  virtual bool has_column(const std::string& table, const std::string& column) = 0;
};

/// Opens at once.
std::unique_ptr<SqlDatabase> open_sqlite(const std::string& path);
/// `uri` as libpq takes it (`postgresql://host:port/db?...`); `user` and `password` may be empty.
std::unique_ptr<SqlDatabase> open_postgres(const std::string& uri, const std::string& user,
                                           const std::string& password);
/// By the property `uri` in the spelling of JDBC or SQLAlchemy, `jdbc.user` and `jdbc.password`.
/// Throws ConfigException, without the URI: it may have a password.
std::unique_ptr<SqlDatabase> open_database(const Properties& settings);

}  // namespace millrace::lakehouse

#pragma once
// A connection to a database that speaks MySQL's protocol; the only includer of the client library.

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "connectors/feature_store/mysql/mysql_store.h"
#include "connectors/feature_store/mysql/parameters.h"

namespace millrace::feature_store {

/// What the server, or the client library (2000 and up), says.
class MysqlError : public std::runtime_error {
 public:
  MysqlError(uint32_t code, const std::string& message)
      : std::runtime_error(message), code_(code) {}
  uint32_t code() const noexcept { return code_; }
  bool is_lost() const noexcept;       // the connection is of no further use
  bool is_deadlock() const noexcept;   // the transaction was rolled back, and may go well at once
  bool may_pass() const noexcept;      // the same later may go well
  bool is_refused() const noexcept;    // a login or a right
  bool is_bad_value() const noexcept;  // a row does not fit its table
  /// As the store's callers know it: RetriableException, ConfigException, ConnectException.
  [[noreturn]] void rethrow(std::string_view doing) const;

  static constexpr uint32_t kDuplicateColumn = 1060;
  static constexpr uint32_t kDuplicateKey = 1062;

 private:
  uint32_t code_;
};

/// Used by one thread. Functions throw MysqlError.
class MysqlConnection {
 public:
  using Row = std::vector<std::optional<std::string>>;
  static constexpr size_t kMaxStatements = 128;  // that are kept prepared; the least used goes
  static constexpr int64_t kMaxLockWaitS = 10;

  /// Connects and sets up the session: strict, UTC, utf8mb4, READ COMMITTED.
  explicit MysqlConnection(const MysqlOptions& options);
  ~MysqlConnection();
  MysqlConnection(const MysqlConnection&) = delete;
  MysqlConnection& operator=(const MysqlConnection&) = delete;

  /// Without answers or parameters.
  void run(const std::string& sql);
  /// Number of rows that were changed, as the server counts them.
  uint64_t execute(const std::string& sql, Parameters& parameters);
  /// Values as the server prints them.
  std::vector<Row> query(const std::string& sql, Parameters& parameters);
  std::vector<Row> query(const std::string& sql);

  bool is_mariadb() const noexcept;

 private:
  struct Handle;
  struct Statement;
  Statement& prepared(const std::string& sql);
  void start(Statement& statement, Parameters& parameters);

  std::unique_ptr<Handle> handle_;
  std::list<std::string> recent_;  // the last used first
  struct Kept {
    std::unique_ptr<Statement> statement;
    std::list<std::string>::iterator place;
  };
  std::unordered_map<std::string, Kept> statements_;
};

/// Quoted with backticks.
std::string sql_name(std::string_view name);

}  // namespace millrace::feature_store

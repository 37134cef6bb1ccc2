#include <libpq-fe.h>

#include <charconv>
#include <string_view>

#include "connectors/lakehouse/catalog/catalog.h"
#include "connectors/lakehouse/catalog/sql_database.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

struct Close {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Close>;

std::string state_of(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return state == nullptr ? std::string() : std::string(state);
}

/// Refused as a whole, and perhaps not the next time: conflicts, locks, timeouts, resources, and
/// another connection that makes the same database table.
bool may_pass(std::string_view state) noexcept {
  return state == "23505" || state == "42P07" || state == "42710" || state == "40001" ||
         state == "40P01" || state == "55P03" || state == "57014" || state.starts_with("53");
}

/// The connection broke or the server is going: what was asked may be done.
bool is_lost(std::string_view state) noexcept {
  return state.empty() || state.starts_with("08") || state.starts_with("57P");
}

class PostgresDatabase : public SqlDatabase {
 public:
  PostgresDatabase(std::string uri, std::string user, std::string password)
      : uri_(std::move(uri)), user_(std::move(user)), password_(std::move(password)) {
    connect();
  }

  int64_t execute(const std::string& sql, const Values& values) override {
    const Result result = run(sql, values);
    check("changing", result.get(), true);
    const std::string_view changed = PQcmdTuples(result.get());
    int64_t rows = 0;
    std::from_chars(changed.data(), changed.data() + changed.size(), rows);
    return rows;
  }

  std::vector<Row> query(const std::string& sql, const Values& values) override {
    Result result = run(sql, values);
    // The connection may have been cut since the last statement; reading again does no harm.
    if (is_broken()) result = run(sql, values);
    check("reading", result.get(), false);
    std::vector<Row> rows(static_cast<size_t>(PQntuples(result.get())));
    for (size_t at = 0; at < rows.size(); ++at) rows[at] = row(result.get(), static_cast<int>(at));
    return rows;
  }

  bool has_column(const std::string& table, const std::string& column) override {
    return !query(
                "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND "
                "attname = $2 AND NOT attisdropped",
                {table, column})
                .empty();
  }

 private:
  static Row row(const PGresult* result, int at) {
    Row row;
    for (int i = 0; i < PQnfields(result); ++i) {
      row.push_back(PQgetisnull(result, at, i) != 0
                        ? std::nullopt
                        : std::optional<std::string>(PQgetvalue(result, at, i)));
    }
    return row;
  }

  bool is_broken() const noexcept { return PQstatus(connection_.get()) != CONNECTION_OK; }

  void connect() {
    const std::string connect_timeout = std::to_string(kSqlConnectTimeoutS);
    const std::string timeout = std::to_string(kSqlTimeoutMs);
    const std::string options = "-c statement_timeout=" + timeout;
    // What stands behind `dbname` overrides what the URI says; what is empty does not.
    const char* names[] = {"connect_timeout", "tcp_user_timeout",
                           "options",         "application_name",
                           "dbname",          "user",
                           "password",        nullptr};
    const char* values[] = {
        connect_timeout.c_str(), timeout.c_str(),   options.c_str(), "millrace", uri_.c_str(),
        user_.c_str(),           password_.c_str(), nullptr};
    connection_.reset(PQconnectdbParams(names, values, 1));
    if (!is_broken()) {
      PQsetNoticeProcessor(
          connection_.get(), [](void*, const char*) {}, nullptr);
      return;
    }
    const std::string message = "connecting to the catalog's database: " + said(connection_.get());
    if (message.find("authentication") != std::string::npos ||
        PQconnectionNeedsPassword(connection_.get()) != 0) {
      throw Error(ErrorKind::Authentication, message);
    }
    if (PQsocket(connection_.get()) < 0 && message.find("URI") != std::string::npos) {
      throw ConfigException("uri: the catalog's database cannot be read from it");
    }
    throw RetriableException(message);
  }

  Result run(const std::string& sql, const Values& values) {
    if (is_broken()) connect();
    std::vector<const char*> texts;
    for (const std::string& value : values) texts.push_back(value.c_str());
    return Result(PQexecParams(connection_.get(), sql.c_str(), static_cast<int>(texts.size()),
                               nullptr, texts.data(), nullptr, nullptr, 0));
  }

  /// libpq's message without the line's end.
  static std::string said(const PGconn* connection) {
    return std::string(java_trim(PQerrorMessage(connection)));
  }

  void check(const char* action, const PGresult* result, bool is_change) {
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return;
    const std::string state = state_of(result);
    const std::string message =
        std::string(action) + " the catalog's database: " + said(connection_.get());
    if (is_lost(state) && is_change) throw CommitUnknown(message);
    if (is_lost(state) || may_pass(state)) throw RetriableException(message);
    if (state == "42501") throw Error(ErrorKind::Authorization, message);
    throw ConnectException(message);
  }

  std::string uri_;
  std::string user_;
  std::string password_;
  std::unique_ptr<PGconn, Close> connection_;
};

}  // namespace

std::unique_ptr<SqlDatabase> open_postgres(const std::string& uri, const std::string& user,
                                           const std::string& password) {
  return std::make_unique<PostgresDatabase>(uri, user, password);
}

}  // namespace millrace::lakehouse

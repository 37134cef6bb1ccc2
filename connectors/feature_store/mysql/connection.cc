#include "connectors/feature_store/mysql/connection.h"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysqld_error.h>

#include <algorithm>
#include <array>

#include "connectors/feature_store/mysql/slots.h"

namespace millrace::feature_store {
namespace {

template <size_t N>
bool is_one_of(uint32_t code, const std::array<uint32_t, N>& codes) noexcept {
  return std::ranges::find(codes, code) != codes.end();
}

constexpr std::array<uint32_t, 4> kDeadlocks = {1213, 1297, 1020, 1412};
constexpr std::array<uint32_t, 22> kMayPass = {1205, 1040, 1041, 1043, 1053, 1077, 1079, 1114,
                                               1203, 1226, 1290, 1296, 1317, 1436, 1615, 1637,
                                               1792, 1836, 1840, 1969, 3024, 3170};
constexpr std::array<uint32_t, 12> kLost = {1053, 1158, 1159, 1160, 1161, 1184,
                                            1927, 2002, 2003, 2006, 2013, 2055};
constexpr std::array<uint32_t, 8> kRefused = {1044, 1045, 1142, 1143, 1227, 1698, 1049, 2026};
constexpr std::array<uint32_t, 11> kBadValues = {1406, 1264, 1366, 1048, 1292, 1265,
                                                 1364, 1411, 1416, 3140, 4025};

constexpr size_t kFetched = 256;  // bytes of a value; longer ones are fetched again

[[noreturn]] void fail(MYSQL* handle) {
  throw MysqlError(mysql_errno(handle), mysql_error(handle));
}

std::string error_of(MYSQL_STMT* statement) {
  return mysql_stmt_error(statement);
}

void set_seconds(MYSQL* handle, mysql_option option, std::chrono::milliseconds time) {
  const auto seconds = static_cast<unsigned>(std::max<int64_t>((time.count() + 999) / 1'000, 1));
  mysql_options(handle, option, &seconds);
}

}  // namespace

bool MysqlError::is_lost() const noexcept {
  return is_one_of(code_, kLost);
}
bool MysqlError::is_deadlock() const noexcept {
  return is_one_of(code_, kDeadlocks);
}
bool MysqlError::may_pass() const noexcept {
  return is_lost() || is_deadlock() || is_one_of(code_, kMayPass) || code_ == CR_UNKNOWN_HOST;
}
bool MysqlError::is_refused() const noexcept {
  return is_one_of(code_, kRefused);
}
bool MysqlError::is_bad_value() const noexcept {
  return is_one_of(code_, kBadValues);
}

void MysqlError::rethrow(std::string_view doing) const {
  const std::string message = fmt::format("{}: {} (error {})", doing, what(), code_);
  if (may_pass()) throw RetriableException(message);
  if (is_refused()) throw ConfigException(message);
  throw ConnectException(message);
}

struct MysqlConnection::Handle {
  Handle() {
    static const int once =
        mysql_library_init(0, nullptr, nullptr);  // not safe with several threads
    mysql = once == 0 ? mysql_init(nullptr) : nullptr;
    if (mysql == nullptr) throw MysqlError(CR_OUT_OF_MEMORY, "no memory");
  }
  ~Handle() { mysql_close(mysql); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  MYSQL* mysql = nullptr;
};

struct MysqlConnection::Statement {
  explicit Statement(MYSQL* mysql) : stmt(mysql_stmt_init(mysql)) {
    if (stmt == nullptr) fail(mysql);
  }
  ~Statement() { mysql_stmt_close(stmt); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  [[noreturn]] void throw_error() const {
    throw MysqlError(mysql_stmt_errno(stmt), error_of(stmt));
  }

  MYSQL_STMT* stmt;
};

MysqlConnection::MysqlConnection(const MysqlOptions& options)
    : handle_(std::make_unique<Handle>()) {
  MYSQL* const mysql = handle_->mysql;
  for (const auto option :
       {MYSQL_OPT_CONNECT_TIMEOUT, MYSQL_OPT_READ_TIMEOUT, MYSQL_OPT_WRITE_TIMEOUT}) {
    set_seconds(mysql, option, options.timeout);
  }
  mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  if (!options.ca_file.empty()) {
    const my_bool yes = 1;
    mysql_options(mysql, MYSQL_OPT_SSL_CA, options.ca_file.c_str());
    mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
    mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
  }
  const std::string password = options.password ? options.password->value() : std::string();
  const bool by_socket = !options.socket.empty();
  if (mysql_real_connect(mysql, by_socket ? "localhost" : options.host.c_str(),
                         options.user.c_str(), password.c_str(), nullptr,
                         by_socket ? 0U : static_cast<unsigned>(options.port),
                         by_socket ? options.socket.c_str() : nullptr, 0) == nullptr) {
    fail(mysql);
  }
  run("SET SESSION sql_mode = "
      "'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', "
      "time_zone = '+00:00', autocommit = 1");
  run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
  const int64_t wait_s = std::clamp<int64_t>(options.timeout.count() / 2'000, 1, kMaxLockWaitS);
  run(fmt::format("SET SESSION innodb_lock_wait_timeout = {}", wait_s));
}

MysqlConnection::~MysqlConnection() {
  statements_.clear();  // before the connection they belong to
}

bool MysqlConnection::is_mariadb() const noexcept {
  return std::string_view(mysql_get_server_info(handle_->mysql)).find("MariaDB") !=
         std::string_view::npos;
}

void MysqlConnection::run(const std::string& sql) {
  if (mysql_real_query(handle_->mysql, sql.data(), static_cast<unsigned long>(sql.size())) != 0) {
    fail(handle_->mysql);
  }
}

MysqlConnection::Statement& MysqlConnection::prepared(const std::string& sql) {
  const auto at = statements_.find(sql);
  if (at != statements_.end()) {
    recent_.splice(recent_.begin(), recent_, at->second.place);
    return *at->second.statement;
  }
  auto made = std::make_unique<Statement>(handle_->mysql);
  if (mysql_stmt_prepare(made->stmt, sql.data(), static_cast<unsigned long>(sql.size())) != 0) {
    made->throw_error();
  }
  if (statements_.size() >= kMaxStatements) {
    statements_.erase(recent_.back());
    recent_.pop_back();
  }
  recent_.push_front(sql);
  return *statements_.emplace(sql, Kept{std::move(made), recent_.begin()}).first->second.statement;
}

void MysqlConnection::start(Statement& statement, Parameters& parameters) {
  if (mysql_stmt_param_count(statement.stmt) != parameters.size()) {
    throw MysqlError(CR_INVALID_PARAMETER_NO,
                     "a statement has not as many values as question marks");
  }
  if ((parameters.size() != 0 &&
       mysql_stmt_bind_param(statement.stmt, parameters.slots_->bind()) != 0) ||
      mysql_stmt_execute(statement.stmt) != 0) {
    statement.throw_error();
  }
}

uint64_t MysqlConnection::execute(const std::string& sql, Parameters& parameters) {
  Statement& statement = prepared(sql);
  start(statement, parameters);
  return mysql_stmt_affected_rows(statement.stmt);
}

std::vector<MysqlConnection::Row> MysqlConnection::query(const std::string& sql) {
  Parameters none;
  return query(sql, none);
}

std::vector<MysqlConnection::Row> MysqlConnection::query(const std::string& sql,
                                                         Parameters& parameters) {
  Statement& statement = prepared(sql);
  MYSQL_STMT* const stmt = statement.stmt;
  start(statement, parameters);
  struct Column {
    std::array<char, kFetched> buffer{};
    unsigned long length = 0;
    my_bool is_null = 0;
    my_bool is_cut = 0;
  };
  std::vector<Column> columns(mysql_stmt_field_count(stmt));
  std::vector<MYSQL_BIND> binds(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    binds[i].buffer_type = MYSQL_TYPE_STRING;
    binds[i].buffer = columns[i].buffer.data();
    binds[i].buffer_length = kFetched;
    binds[i].length = &columns[i].length;
    binds[i].is_null = &columns[i].is_null;
    binds[i].error = &columns[i].is_cut;
  }
  if (mysql_stmt_bind_result(stmt, binds.data()) != 0 || mysql_stmt_store_result(stmt) != 0) {
    statement.throw_error();
  }
  std::vector<Row> rows;
  int state = 0;
  while ((state = mysql_stmt_fetch(stmt)) == 0 || state == MYSQL_DATA_TRUNCATED) {
    Row& row = rows.emplace_back(columns.size());
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].is_null != 0) continue;
      std::string& value = row[i].emplace(columns[i].length, '\0');
      if (value.size() <= kFetched) {
        value.assign(columns[i].buffer.data(), columns[i].length);
        continue;
      }
      MYSQL_BIND whole = binds[i];
      whole.buffer = value.data();
      whole.buffer_length = static_cast<unsigned long>(value.size());
      mysql_stmt_fetch_column(stmt, &whole, static_cast<unsigned>(i), 0);
    }
  }
  const bool has_failed = state == 1;
  const MysqlError error(mysql_stmt_errno(stmt), error_of(stmt));
  mysql_stmt_free_result(stmt);
  if (has_failed) throw error;
  return rows;
}

std::string sql_name(std::string_view name) {
  std::string out = "`";
  for (const char c : name) {
    out += c;
    if (c == '`') out += c;
  }
  return out + "`";
}

}  // namespace millrace::feature_store

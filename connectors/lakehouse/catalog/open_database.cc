#include "connectors/lakehouse/catalog/sql_database.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

std::string setting(const Properties& settings, std::string_view name) {
  const std::string* value = find(settings, name);
  return value == nullptr ? std::string() : *value;
}

/// `jdbc:sqlite:/a.db`, `sqlite:////a.db` (SQLAlchemy's: three slashes, then the path).
std::string sqlite_path(std::string_view rest, bool is_jdbc) {
  if (!is_jdbc) {
    if (!rest.starts_with("///")) {
      throw ConfigException(
          "uri: a path must follow `sqlite:///`, as in sqlite:////var/catalog.db");
    }
    rest.remove_prefix(3);
  }
  if (!rest.starts_with("file:")) rest = rest.substr(0, rest.find('?'));
  if (rest.empty()) throw ConfigException("uri: the path of the SQLite database is missing");
  return std::string(rest);
}

}  // namespace

std::unique_ptr<SqlDatabase> open_database(const Properties& settings) {
  const std::string uri = setting(settings, "uri");
  std::string_view rest = uri;
  const bool is_jdbc = rest.starts_with("jdbc:");
  if (is_jdbc) rest.remove_prefix(5);
  const size_t colon = rest.find(':');
  std::string_view scheme = rest.substr(0, colon);
  scheme = scheme.substr(0, scheme.find('+'));  // SQLAlchemy's driver
  rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
  if (scheme == "sqlite") return open_sqlite(sqlite_path(rest, is_jdbc));
  if (scheme == "postgresql" || scheme == "postgres") {
    // Without a host it is the name of a database alone.
    const std::string database = (rest.starts_with("//") ? "postgresql:" : "") + std::string(rest);
    return open_postgres(database, setting(settings, "jdbc.user"),
                         setting(settings, "jdbc.password"));
  }
  throw ConfigException(
      "uri: the catalog's database must be `jdbc:sqlite:<path>` or "
      "`jdbc:postgresql://<host>/<database>`");
}

}  // namespace millrace::lakehouse

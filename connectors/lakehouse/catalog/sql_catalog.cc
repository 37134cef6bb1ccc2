#include "connectors/lakehouse/catalog/sql_catalog.h"

#include <fmt/format.h>

#include <charconv>

#include "connectors/lakehouse/catalog/metadata_file.h"
#include "connectors/lakehouse/storage/local_path.h"
#include "millrace/clock.h"
#include "millrace/errors.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

constexpr int kLoadTries = 5;  // the file may be cleaned up between finding and reading it

constexpr const char* kMakeTables =
    "CREATE TABLE IF NOT EXISTS iceberg_tables (catalog_name VARCHAR(255) NOT NULL, "
    "table_namespace VARCHAR(255) NOT NULL, table_name VARCHAR(255) NOT NULL, "
    "metadata_location VARCHAR(1000), previous_metadata_location VARCHAR(1000), "
    "iceberg_type VARCHAR(5), PRIMARY KEY (catalog_name, table_namespace, table_name))";
constexpr const char* kMakeNamespaces =
    "CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (catalog_name VARCHAR(255) NOT NULL, "
    "namespace VARCHAR(255) NOT NULL, property_key VARCHAR(255) NOT NULL, "
    "property_value VARCHAR(1000), PRIMARY KEY (catalog_name, namespace, property_key))";
constexpr const char* kFind =
    "SELECT metadata_location FROM iceberg_tables "
    "WHERE catalog_name = $1 AND table_namespace = $2 AND table_name = $3";
constexpr const char* kOnlyTables = " AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)";
constexpr const char* kInsert =
    "INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, metadata_location) "
    "VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
constexpr const char* kInsertTyped =
    "INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, metadata_location, "
    "iceberg_type) VALUES ($1, $2, $3, $4, 'TABLE') ON CONFLICT DO NOTHING";
constexpr const char* kSwap =
    "UPDATE iceberg_tables SET metadata_location = $1, previous_metadata_location = $2 "
    "WHERE catalog_name = $3 AND table_namespace = $4 AND table_name = $5 AND "
    "metadata_location = $6";
constexpr const char* kInsertNamespace =
    "INSERT INTO iceberg_namespace_properties (catalog_name, namespace, property_key, "
    "property_value) VALUES ($1, $2, 'exists', 'true') ON CONFLICT DO NOTHING";
constexpr const char* kNamespaceLocation =
    "SELECT property_value FROM iceberg_namespace_properties "
    "WHERE catalog_name = $1 AND namespace = $2 AND property_key = 'location'";

/// Levels with dots between, as all who share the database have them.
std::string namespace_of(const TableName& table) {
  check_table_name(table);
  for (const std::string& level : table.levels) {
    if (level.find('.') == std::string::npos) continue;
    throw ConfigException(
        fmt::format("table {}: a namespace in a SQL catalog cannot have dots in its levels",
                    table.to_string()));
  }
  if (table.levels.empty()) {
    throw ConfigException(fmt::format("table {}: a SQL catalog needs a namespace, as in `db.{}`",
                                      table.to_string(), table.name));
  }
  return join(table.levels, ".");
}

std::string without_slash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

/// `%05d-<uuid>.metadata.json`: the number behind that of `base`, 0 when that has none.
std::string next_metadata_path(const TableMetadata& table, std::string_view base) {
  const std::string_view name = base.substr(base.rfind('/') + 1);
  int64_t number = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || number < 0 || *end != '-') number = -1;
  return fmt::format("{}/{:05}-{}{}.metadata.json", table.metadata_folder(), number + 1, new_uuid(),
                     metadata_suffix(table));
}

/// What `change` answers. The new file goes when the change was surely not made.
template <class Change>
bool or_removed(FileIO& files, const std::string& path, const Change& change) {
  try {
    return change();
  } catch (const CommitUnknown&) {
    throw;  // it may be the table's by now
  } catch (...) {
    remove_files(files, {path});
    throw;
  }
}

/// The bytes written.
std::string write_metadata(FileIO& files, const std::string& path, const TableMetadata& table) {
  std::string bytes = metadata_bytes(table);
  if (files.publish(path, bytes)) return bytes;
  throw ConnectException("writing " + path + ": there is a file of that name already");
}

}  // namespace

SqlCatalog::SqlCatalog(std::string name, Properties settings, std::unique_ptr<SqlDatabase> database)
    : name_(std::move(name)), settings_(std::move(settings)), database_(std::move(database)) {}

SqlDatabase& SqlCatalog::ready() {
  if (is_ready_) return *database_;
  // Who may not make tables can use those that are there.
  if (!database_->has_column("iceberg_tables", "table_name")) database_->execute(kMakeTables);
  if (!database_->has_column("iceberg_namespace_properties", "namespace")) {
    database_->execute(kMakeNamespaces);
  }
  has_type_ = database_->has_column("iceberg_tables", "iceberg_type");
  is_ready_ = true;
  return *database_;
}

std::shared_ptr<FileIO> SqlCatalog::files_for(const std::string& path) {
  const std::lock_guard lock(mutex_);
  auto& files = files_[scheme_of(path)];
  if (!files) files = make_file_io(path, settings_);
  return files;
}

std::optional<std::string> SqlCatalog::find_metadata(const TableName& table) {
  const std::lock_guard lock(mutex_);
  SqlDatabase& database = ready();
  const std::string sql = std::string(kFind) + (has_type_ ? kOnlyTables : "");
  const auto rows = database.query(sql, {name_, namespace_of(table), table.name});
  return rows.empty() ? std::nullopt : rows[0][0];
}

std::string SqlCatalog::make_namespaces(const TableName& table) {
  const std::string whole = namespace_of(table);
  const std::lock_guard lock(mutex_);
  SqlDatabase& database = ready();
  std::string path;
  for (const std::string& level : table.levels) {
    path += path.empty() ? level : '.' + level;
    database.execute(kInsertNamespace, {name_, path});
  }
  const auto rows = database.query(kNamespaceLocation, {name_, whole});
  return rows.empty() ? std::string() : rows[0][0].value_or("");
}

bool SqlCatalog::insert(const TableName& table, const std::string& metadata) {
  const std::lock_guard lock(mutex_);
  SqlDatabase& database = ready();
  return database.execute(has_type_ ? kInsertTyped : kInsert,
                          {name_, namespace_of(table), table.name, metadata}) == 1;
}

bool SqlCatalog::swap(const TableName& table, const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  return ready().execute(kSwap, {to, from, name_, namespace_of(table), table.name, from}) == 1;
}

std::optional<LoadedTable> SqlCatalog::load(const TableName& table) {
  for (int tries = 1;; ++tries) {
    const auto path = find_metadata(table);
    if (!path) return std::nullopt;
    auto files = files_for(*path);
    try {
      return LoadedTable{read_metadata(*files, *path, cache_), *path, std::move(files)};
    } catch (const NotFoundException&) {
      if (tries == kLoadTries) throw;
    }
  }
}

LoadedTable SqlCatalog::create(const TableName& table, const NewTable& what) {
  const std::string in_namespace = make_namespaces(table);
  NewTable placed = what;
  if (placed.location.empty() && !in_namespace.empty()) {
    placed.location = without_slash(in_namespace) + '/' + table.name;
  }
  if (placed.location.empty()) {
    const std::string* warehouse = find(settings_, "warehouse");
    if (warehouse == nullptr || warehouse->empty()) {
      throw ConfigException(
          "warehouse: a folder for new tables is needed, as the catalog's namespace "
          "has no location");
    }
    placed.location = without_slash(*warehouse) + '/' + join(table.levels, "/") + '/' + table.name;
  }
  TableMetadata metadata = TableMetadata::create(placed, new_uuid(), wall_clock_ms());
  if (find_metadata(table)) {
    throw AlreadyExistsException("creating table " + table.to_string() + ": there is one already");
  }
  std::string path = next_metadata_path(metadata, "");
  auto files = files_for(path);
  write_metadata(*files, path, metadata);
  if (!or_removed(*files, path, [&] { return insert(table, path); })) {
    remove_files(*files, {path});
    throw AlreadyExistsException("creating table " + table.to_string() +
                                 ": another writer was faster");
  }
  return {std::move(metadata), std::move(path), std::move(files)};
}

LoadedTable SqlCatalog::commit(const TableName& table, const LoadedTable& base,
                               const TableChange& change) {
  auto [metadata, dropped] = changed_table(table, base, change);
  std::string path = next_metadata_path(metadata, base.metadata_location);
  auto files = files_for(path);
  std::string bytes = write_metadata(*files, path, metadata);
  const bool swapped =
      or_removed(*files, path, [&] { return swap(table, base.metadata_location, path); });
  if (!swapped) {
    remove_files(*files, {path});
    throw CommitConflict("changing table " + table.to_string() + ": another writer was faster");
  }
  cache_.put(path, std::move(bytes), metadata, base.metadata_location);
  remove_files(*files, dropped);
  return {std::move(metadata), std::move(path), std::move(files)};
}

}  // namespace millrace::lakehouse

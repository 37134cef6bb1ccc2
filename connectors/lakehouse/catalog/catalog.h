#pragma once
// Catalogs: which metadata file is a table's current one (iceberg-sink.md §6).

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/lakehouse/storage/file_io.h"
#include "connectors/lakehouse/table/metadata.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {

/// Namespace levels, then the name. Printed with dots.
struct TableName {
  std::vector<std::string> levels;
  std::string name;

  auto operator<=>(const TableName&) const = default;
  /// As parse_table_name() takes it.
  std::string to_string() const;
};
/// `db.orders`; a part in backquotes may have dots, and two backquotes for one. Throws ConfigException,
/// also for what check_table_name() refuses.
TableName parse_table_name(const std::string& text);
/// Throws ConfigException for parts that are empty or could leave the warehouse's folder (`..`, slashes).
void check_table_name(const TableName& table);

struct LoadedTable {
  TableMetadata metadata;
  std::string metadata_location;  // of the file it was read from
  std::shared_ptr<FileIO> files;  // of the table, with credentials the catalog gave for it
};

/// Nothing was changed: a requirement did not hold, or another writer was faster. Load again.
class CommitConflict : public Error {
 public:
  explicit CommitConflict(const std::string& message) : Error(ErrorKind::Retriable, message) {}
};
/// The change may have been made or may still be. Load again and look (§4.3).
class CommitUnknown : public Error {
 public:
  explicit CommitUnknown(const std::string& message) : Error(ErrorKind::Retriable, message) {}
};

/// Thread-safe. Calls block. But for the two above they throw RetriableException for what may pass by
/// itself, ConnectException or Error(Authorization/Authentication) for the rest.
class Catalog {
 public:
  virtual ~Catalog() = default;
  /// nullopt: no such table.
  virtual std::optional<LoadedTable> load(const TableName& table) = 0;
  /// Makes namespaces that are missing, too. An empty `location` is the catalog's choice. Throws
  /// AlreadyExistsException when another was faster.
  virtual LoadedTable create(const TableName& table, const NewTable& what) = 0;
  /// `base` is what the change was made for: catalogs that swap a pointer swap exactly that one.
  /// Returns the table after it.
  virtual LoadedTable commit(const TableName& table, const LoadedTable& base,
                             const TableChange& change) = 0;
};

/// From `iceberg.catalog.*` without the prefix: `type` = hadoop (file system), jdbc (`uri` =
/// `jdbc:sqlite:..`, `jdbc:postgresql:..`) or rest; `warehouse`, `uri`, .... Throws ConfigException.
std::shared_ptr<Catalog> make_catalog(const std::string& name, const Properties& settings);

}  // namespace millrace::lakehouse

#include "connectors/lakehouse/catalog/file_catalog.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/lakehouse/catalog/metadata_file.h"
#include "millrace/clock.h"
#include "millrace/errors.h"
#include "millrace/log.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

constexpr int kLoadTries = 5;  // a version may be cleaned up between finding and reading it
constexpr const char* kLogger = "millrace.lakehouse.FileCatalog";
/// Java writes the first and the second, and reads the third.
constexpr const char* kNames[] = {"v{}.metadata.json", "v{}.gz.metadata.json",
                                  "v{}.metadata.json.gz"};

std::optional<int64_t> version_number(std::string_view text) {
  const auto number = whole_number<int64_t>(text);
  return number.value_or(0) > 0 ? number : std::nullopt;
}

/// N of one of kNames.
std::optional<int64_t> version_of(std::string_view name) {
  if (!name.starts_with('v')) return std::nullopt;
  const size_t dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view rest = name.substr(dot);
  const bool known =
      rest == ".metadata.json" || rest == ".gz.metadata.json" || rest == ".metadata.json.gz";
  return known ? version_number(name.substr(1, dot - 1)) : std::nullopt;
}

std::string in_metadata(const std::string& location, const std::string& name) {
  return location + "/metadata/" + name;
}

std::string version_path(const std::string& location, const char* name, int64_t number) {
  return in_metadata(location, fmt::format(fmt::runtime(name), number));
}

void check_stays(const TableName& table, const TableMetadata& metadata,
                 const std::string& location) {
  if (metadata.location() == location && metadata.property("write.metadata.path") == nullptr)
    return;
  throw ConnectException(fmt::format(
      "table {}: a file system catalog keeps a table at {} and its metadata in a folder "
      "there; remove `write.metadata.path` and leave the location as it is",
      table.to_string(), location));
}

}  // namespace

FileCatalog::FileCatalog(std::string warehouse, std::shared_ptr<FileIO> files)
    : warehouse_(std::move(warehouse)), files_(std::move(files)) {
  while (warehouse_.size() > 1 && warehouse_.ends_with('/')) warehouse_.pop_back();
}

std::string FileCatalog::location_of(const TableName& table) const {
  check_table_name(table);
  std::string location = warehouse_;
  for (const std::string& level : table.levels) location += '/' + level;
  return location + '/' + table.name;
}

std::optional<int64_t> FileCatalog::hint(const std::string& location) {
  try {
    const std::string text = files_->read(in_metadata(location, "version-hint.text"));
    return version_number(java_trim(text));
  } catch (const NotFoundException&) {
    return std::nullopt;
  }
}

int64_t FileCatalog::highest_listed(const std::string& location) {
  int64_t number = 0;
  for (const std::string& name : files_->list(location + "/metadata")) {
    number = std::max(number, version_of(name).value_or(0));
  }
  return number;
}

std::optional<FileCatalog::Version> FileCatalog::version(const std::string& location,
                                                         int64_t number) {
  for (const char* name : kNames) {
    std::string path = version_path(location, name, number);
    if (files_->exists(path)) return Version{number, std::move(path)};
  }
  return std::nullopt;
}

std::optional<FileCatalog::Version> FileCatalog::find_version(const std::string& location) {
  std::optional<Version> found;
  if (const auto number = hint(location)) found = version(location, *number);
  // Without a hint that leads somewhere, the folder knows.
  if (!found) {
    const int64_t number = highest_listed(location);
    if (number > 0) found = version(location, number);
  }
  while (found) {
    auto next = version(location, found->number + 1);
    if (!next) break;
    found = std::move(next);
  }
  return found;
}

std::optional<LoadedTable> FileCatalog::load(const TableName& table) {
  const std::string location = location_of(table);
  for (int tries = 1;; ++tries) {
    const auto found = find_version(location);
    if (!found) return std::nullopt;
    try {
      return LoadedTable{read_metadata(*files_, found->path, cache_), found->path, files_};
    } catch (const NotFoundException&) {
      if (tries == kLoadTries) throw;
    }
  }
}

void FileCatalog::write_hint(const std::string& location, int64_t number) noexcept {
  // Readers look for newer versions than the hint's, so one that is late does no harm.
  try {
    const std::string text = std::to_string(number);
    auto file = files_->create(in_metadata(location, "version-hint.text"));
    file->write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    file->finish();
  } catch (const std::exception& error) {
    log(LogLevel::Warn, kLogger,
        fmt::format("writing the version hint of {}: {}", location, error.what()));
  }
}

bool FileCatalog::publish(const std::string& location, int64_t number,
                          const TableMetadata& metadata, std::string& path,
                          const std::string& previous) {
  if (version(location, number)) return false;
  path = version_path(location, metadata_suffix(metadata).empty() ? kNames[0] : kNames[1], number);
  std::string bytes = metadata_bytes(metadata);
  try {
    if (!files_->publish(path, bytes)) return false;
    cache_.put(path, std::move(bytes), metadata, previous);
    return true;
  } catch (const std::exception& error) {
    throw CommitUnknown(fmt::format("publishing {}: {}", path, error.what()));
  }
}

LoadedTable FileCatalog::create(const TableName& table, const NewTable& what) {
  const std::string location = location_of(table);
  NewTable placed = what;
  if (placed.location.empty()) placed.location = location;
  TableMetadata metadata = TableMetadata::create(placed, new_uuid(), wall_clock_ms());
  check_stays(table, metadata, location);
  std::string path;
  if (find_version(location) || !publish(location, 1, metadata, path)) {
    throw AlreadyExistsException(
        fmt::format("creating table {}: there is one at {} already", table.to_string(), location));
  }
  write_hint(location, 1);
  return {std::move(metadata), std::move(path), files_};
}

bool FileCatalog::is_newest(const TableName& table, const LoadedTable& base) {
  const auto newest = load(table);
  if (!newest || newest->metadata_location != base.metadata_location) return false;
  const Json& document = newest->metadata.document();
  return &document == &base.metadata.document() || document == base.metadata.document();
}

LoadedTable FileCatalog::commit(const TableName& table, const LoadedTable& base,
                                const TableChange& change) {
  const std::string location = location_of(table);
  const auto slash = base.metadata_location.rfind('/');
  const auto number = version_of(std::string_view(base.metadata_location).substr(slash + 1));
  if (!number) {
    throw ConnectException(fmt::format("changing table {}: {} is no metadata file of this catalog",
                                       table.to_string(), base.metadata_location));
  }
  auto [metadata, dropped] = changed_table(table, base, change);
  check_stays(table, metadata, location);
  std::string path;
  if (!is_newest(table, base) || !publish(location, *number + 1, metadata, path, base.metadata_location)) {
    throw CommitConflict(fmt::format("changing table {}: another writer made version {} first",
                                     table.to_string(), *number + 1));
  }
  write_hint(location, *number + 1);
  remove_files(*files_, dropped);
  return {std::move(metadata), std::move(path), files_};
}

}  // namespace millrace::lakehouse

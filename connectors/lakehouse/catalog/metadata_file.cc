#include "connectors/lakehouse/catalog/metadata_file.h"

#include <fmt/format.h>

#include "connectors/lakehouse/catalog/gzip.h"
#include "millrace/clock.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

bool has(const TableMetadata& table, const char* property, std::string_view value) {
  const std::string* text = table.property(property);
  return text != nullptr && *text == value;
}

}  // namespace

TableMetadata read_metadata(FileIO& files, const std::string& path, MetadataCache& cache) {
  std::string bytes = files.read(path);
  if (auto known = cache.find(path, &bytes)) return *std::move(known);
  try {
    if (bytes.size() > kMaxMetadataBytes) throw DataException("it has too many bytes");
    TableMetadata metadata =
        TableMetadata::parse(is_gzip(bytes) ? gunzip(bytes, kMaxMetadataBytes) : bytes);
    cache.put(path, std::move(bytes), metadata);
    return metadata;
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("reading {}: {}", path, error.what()));
  }
}

std::string metadata_suffix(const TableMetadata& table) {
  return has(table, "write.metadata.compression-codec", "gzip") ? ".gz" : "";
}

std::string metadata_bytes(const TableMetadata& table) {
  std::string text = table.to_text();
  return metadata_suffix(table).empty() ? text : gzip(text);
}

ChangedTable changed_table(const TableName& name, const LoadedTable& base,
                           const TableChange& change) {
  for (const Json& requirement : change.requirements) {
    const std::string why = base.metadata.unmet(requirement);
    if (!why.empty()) throw CommitConflict("changing table " + name.to_string() + ": " + why);
  }
  std::vector<std::string> dropped;
  TableMetadata metadata =
      base.metadata.apply(change.updates, wall_clock_ms())
          .with_previous(base.metadata_location, base.metadata.last_updated_ms(), &dropped);
  if (!has(metadata, "write.metadata.delete-after-commit.enabled", "true")) dropped.clear();
  return {std::move(metadata), std::move(dropped)};
}

void remove_files(FileIO& files, const std::vector<std::string>& paths) noexcept {
  for (const std::string& path : paths) {
    try {
      files.remove(path);
    } catch (...) {  // it stays
    }
  }
}

}  // namespace millrace::lakehouse

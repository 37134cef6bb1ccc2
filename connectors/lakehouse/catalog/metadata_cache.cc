#include "connectors/lakehouse/catalog/metadata_cache.h"

#include <algorithm>

namespace millrace::lakehouse {

std::optional<TableMetadata> MetadataCache::find(const std::string& path, const std::string* bytes) {
  const std::lock_guard lock(mutex_);
  const auto at = std::find_if(entries_.begin(), entries_.end(),
                               [&](const Entry& entry) { return entry.path == path; });
  if (at == entries_.end() || (bytes != nullptr && at->bytes != *bytes)) return std::nullopt;
  std::rotate(entries_.begin(), at, at + 1);
  return entries_.front().metadata;
}

void MetadataCache::put(const std::string& path, std::string bytes, const TableMetadata& metadata,
                        const std::string& previous) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const Entry& entry) {
    return entry.path == path || entry.path == previous;
  });
  if (bytes.size() > kMaxBytes) return;
  entries_.push_front({path, std::move(bytes), metadata});
  if (entries_.size() > kMaxTables) entries_.pop_back();
}

}  // namespace millrace::lakehouse

#include "runtime/storage/memory_offset_store.h"

namespace millrace {

std::optional<std::string> MemoryOffsetStore::get(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto at = entries_.find(key);
  return at == entries_.end() ? std::nullopt : at->second;
}

OffsetEntries MemoryOffsetStore::connector_offsets(std::string_view connector) const {
  OffsetEntries result;
  for (const auto& [key, value] : snapshot()) {
    const auto parsed = parse_offset_key(key);
    if (value && parsed && parsed->first == connector) result.emplace(key, value);
  }
  return result;
}

void MemoryOffsetStore::set(OffsetEntries entries, WriteCallback done) {
  merge(entries);
  done(nullptr);
}

void MemoryOffsetStore::merge(const OffsetEntries& entries) {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, value] : entries) entries_.insert_or_assign(key, value);
}

void MemoryOffsetStore::apply(std::string_view key, std::optional<std::string_view> value) {
  const std::lock_guard lock(mutex_);
  const auto at = entries_.find(key);
  if (!value) {
    if (at != entries_.end()) entries_.erase(at);
  } else if (at != entries_.end()) {
    at->second = *value;
  } else {
    entries_.emplace(key, std::string(*value));
  }
}

OffsetEntries MemoryOffsetStore::snapshot() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}

void MemoryOffsetStore::replace(OffsetEntries entries) {
  const std::lock_guard lock(mutex_);
  entries_ = std::move(entries);
}

}  // namespace millrace

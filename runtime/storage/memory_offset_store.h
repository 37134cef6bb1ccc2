#pragma once
// Offsets in memory: the base of the file store, and enough for tests.

#include <mutex>

#include "runtime/storage/offset_store.h"

namespace millrace {

class MemoryOffsetStore : public OffsetStore {
 public:
  void start() override {}
  void stop() noexcept override {}
  std::optional<std::string> get(std::string_view key) const override;
  OffsetEntries connector_offsets(std::string_view connector) const override;
  void set(OffsetEntries entries, WriteCallback done) override;

 protected:
  /// Merges `entries` over what is stored.
  void merge(const OffsetEntries& entries);
  /// One entry over what is stored; a tombstone leaves nothing.
  void apply(std::string_view key, std::optional<std::string_view> value);
  OffsetEntries snapshot() const;
  void replace(OffsetEntries entries);

 private:
  mutable std::mutex mutex_;
  OffsetEntries entries_;
};

}  // namespace millrace

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
  OffsetEntries snapshot() const;
  void replace(OffsetEntries entries);

 private:
  mutable std::mutex mutex_;
  OffsetEntries entries_;
};

}  // namespace millrace

#pragma once
// Ingestions of `online_ingestion` (feature-store-sink.md §14).

#include <mutex>
#include <optional>
#include <vector>

#include "connectors/feature_store/rocksdb/engine.h"

namespace millrace::feature_store {

/// Thread-safe.
class Ingestions {
 public:
  static constexpr int64_t kMaxKept = 1'000;  // of a group; the oldest go

  explicit Ingestions(Engine& engine) : engine_(engine) {}

  /// Throw as Engine::write.
  Ingestion begin(int64_t group_id, std::optional<int64_t> entries);
  std::vector<Ingestion> newest(int64_t group_id, size_t limit) const;
  std::optional<Ingestion> find(int64_t group_id, int64_t id) const;
  /// Adds the steps of a batch to what it writes.
  void put(const CounterSteps& steps, rocksdb::WriteBatch& batch) const;

 private:
  Engine& engine_;
  std::mutex mutex_;  // of new ids
};

}  // namespace millrace::feature_store

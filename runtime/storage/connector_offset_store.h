#pragma once
// Offsets of one connector that has a topic of its own for them (ConnectorOffsetBackingStore,
// connect-cluster.md §1.5).

#include "runtime/storage/offset_store.h"

namespace millrace {

/// Reads prefer the connector's store and fall back to the worker's. Writes go to the connector's,
/// then to the worker's, where a failure is only logged; tombstones go to the worker's first, and a
/// failure there fails the write: an offset that was removed must not come back from it.
///
/// Both stores outlive this and the callbacks of its writes; the worker's is neither started nor
/// stopped here. Thread-safe as they are.
class ConnectorOffsetStore final : public OffsetStore {
 public:
  ConnectorOffsetStore(OffsetStore& own, OffsetStore& worker) : own_(own), worker_(worker) {}

  void start() override { own_.start(); }
  void stop() noexcept override { own_.stop(); }
  void refresh(WriteCallback done) const override;
  std::optional<std::string> get(std::string_view key) const override;
  OffsetEntries connector_offsets(std::string_view connector) const override;
  void set(OffsetEntries entries, WriteCallback done) override;
  /// Of the connector's own store; the worker's is given up by the worker.
  void abandon_writes() noexcept override { own_.abandon_writes(); }

 private:
  OffsetStore& own_;
  OffsetStore& worker_;
};

}  // namespace millrace

#include "runtime/storage/connector_offset_store.h"

#include <utility>

#include "millrace/errors.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

spdlog::logger& logger() {
  static auto& instance =
      logging::get("org.apache.kafka.connect.storage.ConnectorOffsetBackingStore");
  return instance;
}

void log_failure(const std::exception_ptr& error) {
  if (!error) return;
  logger().warn("Failed to write offsets to secondary backing store: {}", describe(error));
}

}  // namespace

void ConnectorOffsetStore::refresh(WriteCallback done) const {
  own_.refresh([this, done = std::move(done)](const std::exception_ptr& error) {
    error ? done(error) : worker_.refresh(done);
  });
}

std::optional<std::string> ConnectorOffsetStore::get(std::string_view key) const {
  auto value = own_.get(key);
  return value ? value : worker_.get(key);
}

OffsetEntries ConnectorOffsetStore::connector_offsets(std::string_view connector) const {
  OffsetEntries all = own_.connector_offsets(connector);
  all.merge(worker_.connector_offsets(connector));
  return all;
}

void ConnectorOffsetStore::set(OffsetEntries entries, WriteCallback done) {
  OffsetEntries offsets;
  OffsetEntries tombstones;
  for (const auto& [key, value] : entries) (value ? offsets : tombstones).emplace(key, value);
  auto write_all = [this, entries = std::move(entries), offsets = std::move(offsets),
                    done](const std::exception_ptr& removing) {
    if (removing) return done(removing);
    own_.set(entries, [this, offsets, done](const std::exception_ptr& error) {
      if (!error && !offsets.empty()) worker_.set(offsets, log_failure);
      done(error);
    });
  };
  if (tombstones.empty()) return write_all(nullptr);
  worker_.set(std::move(tombstones), std::move(write_all));
}

}  // namespace millrace

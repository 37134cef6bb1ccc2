#pragma once
// Source offsets for tasks, read back from the store as Connect gives them: maps with int64,
// double, string, boolean and null values.

#include <chrono>
#include <future>
#include <memory>
#include <string>

#include "millrace/connector.h"
#include "millrace/errors.h"
#include "millrace/json.h"
#include "runtime/storage/offset_store.h"

namespace millrace {

/// Waits until `store` has all that was durable at the time of the call: not for the control thread.
/// Throws with the connector's name.
inline void wait_for_offsets(const OffsetStore& store, const std::string& connector,
                             std::chrono::milliseconds limit) {
  const auto promise = std::make_shared<std::promise<void>>();
  auto all = promise->get_future();
  store.refresh([promise](const std::exception_ptr& error) {
    error ? promise->set_exception(error) : promise->set_value();
  });
  if (all.wait_for(limit) != std::future_status::ready) {
    throw TimeoutException("reading the offsets of connector " + connector +
                           " from the offset store took longer than " +
                           std::to_string(limit.count()) + " ms");
  }
  all.get();
}

/// Thread-safe as the store is. Each read waits until all that is durable is there, so it is none
/// for the control thread.
class StoreOffsetReader final : public OffsetStorageReader {
 public:
  /// Longest wait for a store that is behind a broker.
  static constexpr std::chrono::minutes kRefreshLimit{5};

  StoreOffsetReader(const OffsetStore& store, std::string connector)
      : store_(store), connector_(std::move(connector)) {}

  Value offset(const Value& partition, Arena& arena) override {
    wait_for_offsets(store_, connector_, kRefreshLimit);
    const auto text = store_.get(offset_key(connector_, partition));
    if (!text) return {};
    Value value;
    const std::string error = parse_json(arena.copy(*text), arena, value);
    if (!error.empty()) {
      throw ConnectException("reading the offset of connector " + connector_ +
                             " from the offset store: " + error);
    }
    return value;
  }

 private:
  const OffsetStore& store_;
  std::string connector_;
};

}  // namespace millrace

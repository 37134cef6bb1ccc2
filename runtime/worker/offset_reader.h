#pragma once
// Source offsets for tasks, read back from the store as Connect gives them: maps with int64,
// double, string, boolean and null values.

#include <string>

#include "millrace/connector.h"
#include "millrace/errors.h"
#include "millrace/json.h"
#include "runtime/storage/offset_store.h"

namespace millrace {

/// Thread-safe as the store is.
class StoreOffsetReader final : public OffsetStorageReader {
 public:
  StoreOffsetReader(const OffsetStore& store, std::string connector)
      : store_(store), connector_(std::move(connector)) {}

  Value offset(const Value& partition, Arena& arena) override {
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

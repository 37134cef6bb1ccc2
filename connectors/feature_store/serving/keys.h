#pragma once
// Primary keys from what requests bring.

#include <cstdint>
#include <string>

#include "connectors/feature_store/rocksdb/database.h"
#include "millrace/arena.h"
#include "millrace/value.h"

namespace millrace::feature_store {

enum class KeyFault : uint8_t {
  None,
  WrongType,  // 10
  BadValue,   // 16: the right type, but no such key can be
};

/// Appends part `i` of the table's key. `reason` is set, in static storage, when there is a fault.
KeyFault append_key_part(const KeySchema& schema, size_t i, const Value& json, Arena& arena,
                         std::string& key, const char*& reason);

}  // namespace millrace::feature_store

#pragma once
// Keys and fields as Feast names them (feature-store-sink.md §10).

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/feature_store/wire/key_schema.h"

namespace millrace::feature_store {

/// MurmurHash3, x86, 32 bits.
uint32_t murmur3_32(std::string_view bytes, uint32_t seed = 0) noexcept;

/// Name of a feature's field: four bytes.
std::string feast_field(std::string_view view, std::string_view feature);

/// Entity keys of one table, serialization version 3. The width of whole numbers is that of the
/// declared type; booleans are INT32; decimals, which Feast has no keys of, are STRING. Immutable.
class EntityKeys {
 public:
  /// `join_keys`: join key -> primary key feature, where they differ.
  EntityKeys(const KeySchema& key, const std::map<std::string, std::string>& join_keys,
             std::string project);
  /// Appends the key of a row. `cells` are in the order of the key. False: a decimal that is too
  /// long.
  bool append(std::string& out, std::span<const Cell> cells) const;

 private:
  std::string prefix_;
  std::vector<size_t> order_;
  std::vector<FeatureType> types_;
  std::string project_;
};

}  // namespace millrace::feature_store

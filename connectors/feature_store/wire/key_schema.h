#pragma once
// Primary keys as bytes that sort as their values do (feature-store-sink.md §9).

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/feature_store/model/feature_group.h"
#include "connectors/feature_store/wire/cell.h"

namespace millrace::feature_store {

/// Names and types of a table's primary key. Fixed when the table is made. Immutable.
class KeySchema {
 public:
  KeySchema() = default;
  /// Throws DataException for FLOAT, DOUBLE and complex features, and for no key at all.
  KeySchema(std::vector<std::string> names, std::vector<FeatureType> types);

  size_t size() const noexcept { return names_.size(); }
  const std::vector<std::string>& names() const noexcept { return names_; }
  const std::vector<FeatureType>& types() const noexcept { return types_; }

  /// Appends part `i`. Null, or why the value cannot be a key (static storage): null, out of range of the
  /// type, of another kind. Whole numbers of other widths, and decimals of other scales when nothing is lost,
  /// are taken over.
  const char* append(std::string& out, size_t i, const Cell& cell, int32_t decimal_scale = 0) const;
  /// All parts, `cells` in the order of the key; nothing on failure.
  const char* append_all(std::string& out, std::span<const Cell> cells) const;
  /// The parts of a key made by append_all; text goes to `texts`, which the cells point into. False: `key` is
  /// none of this schema.
  bool read(std::string_view key, std::vector<Cell>& cells, std::vector<std::string>& texts) const;

  bool operator==(const KeySchema&) const = default;

 private:
  std::vector<std::string> names_;
  std::vector<FeatureType> types_;
};

}  // namespace millrace::feature_store

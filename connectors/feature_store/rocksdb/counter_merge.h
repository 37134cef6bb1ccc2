#pragma once
// Counts of an ingestion, added without being read: several tasks count into one (feature-store-sink.md §14).

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "connectors/feature_store/store/online_store.h"

namespace rocksdb {
class MergeOperator;
}

namespace millrace::feature_store {

struct IngestionCounts {
  std::optional<int64_t> entries = {};
  std::array<int64_t, kRowStatuses> rows = {};

  std::string text() const;
  /// False: no counts.
  bool parse(std::string_view text);
  void add(const IngestionCounts& more);
};

std::shared_ptr<rocksdb::MergeOperator> counter_merge();

}  // namespace millrace::feature_store

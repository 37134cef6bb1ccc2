#pragma once
// What the requests of one thread work with, kept from one to the next.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connectors/feature_store/model/catalog.h"
#include "connectors/feature_store/serving/api_keys.h"
#include "connectors/feature_store/serving/call.h"
#include "connectors/feature_store/serving/checkpoints.h"
#include "connectors/feature_store/serving/lookup_stats.h"
#include "connectors/feature_store/serving/row_source.h"
#include "connectors/feature_store/wire/cell.h"
#include "connectors/feature_store/wire/row_plan.h"
#include "millrace/arena.h"

namespace millrace::feature_store {

/// Of a server; outlives its threads' work.
struct ServingParts {
  std::shared_ptr<RowSource> rows;
  std::function<CatalogPtr()> catalog;
  std::shared_ptr<ApiKeys> keys;
  std::shared_ptr<Checkpoints> checkpoints = {};  // null: off
  ApiLimits limits = {};
};

/// Used by one thread.
class Workspace {
 public:
  static constexpr size_t kKeptLookups = 1'024;  // over the end of a request

  Workspace(const ServingParts& shared, LookupStats& counters) : parts(shared), stats(counters) {}

  /// Forgets the last request.
  void begin();
  /// One more row to look up: its table and an empty key. References to others become invalid.
  /// Throws RequestError when the request asks for too many.
  Lookup& add_lookup(const StoredTablePtr& table);
  /// Takes back the last one.
  void drop_lookup() noexcept { --used_; }
  size_t lookups() const noexcept { return used_; }
  Lookup& lookup(size_t i) noexcept { return lookups_[i]; }
  /// Looks all of them up, and counts what was found.
  void look_up();
  void count(const Lookup& lookup) noexcept;

  const ServingParts& parts;
  LookupStats& stats;
  Arena arena;
  std::vector<Cell> cells;

 private:
  std::vector<Lookup> lookups_;
  size_t used_ = 0;
};

/// Microseconds since the epoch.
int64_t wall_clock_us() noexcept;

/// Throws RequestError when an answer has outgrown its limit.
void check_size(const std::string& answer, const ApiLimits& limits);

}  // namespace millrace::feature_store

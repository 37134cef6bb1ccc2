#pragma once
// The online store that a configuration asks for.

#include <memory>
#include <string>

#include "connectors/feature_store/sink/options.h"
#include "connectors/feature_store/sink/store_runtime.h"
#include "connectors/feature_store/store/online_store.h"

namespace millrace::feature_store {

struct Target {
  std::shared_ptr<StoreRuntime> runtime;  // of the embedded store; null for others
  std::unique_ptr<OnlineStore> store;
};

/// `cluster_id` is that of the log whose offsets the store keeps. `catalog` answers for lookups and outlives the
/// store. Throws as the stores do when they are opened.
Target open_target(const SinkOptions& options, const std::string& cluster_id,
                   const std::shared_ptr<CatalogSource>& catalog);
/// Only to read and move offsets; no lookups.
std::unique_ptr<OnlineStore> open_for_offsets(const SinkOptions& options, const std::string& cluster_id);

}  // namespace millrace::feature_store

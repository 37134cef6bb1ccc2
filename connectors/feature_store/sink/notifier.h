#pragma once
// Tells a topic which rows have changed (feature-store-sink.md §14).

#include <string>
#include <vector>

#include "connectors/feature_store/model/catalog.h"
#include "connectors/feature_store/store/online_store.h"
#include "millrace/connector.h"

namespace millrace::feature_store {

/// Task thread only.
class Notifier {
 public:
  /// `context` outlives this.
  Notifier(SinkTaskContext& context, std::string topic) : context_(context), topic_(std::move(topic)) {}

  /// One record for each change that was stored or deleted; the worker has it durable before it commits the
  /// group's offsets of what changed (see Retelling).
  void tell(const std::vector<RowChange>& changes, const Catalog& catalog);

 private:
  void append(std::string& out, const RowChange& change, const Catalog& catalog);

  SinkTaskContext& context_;
  const std::string topic_;
  RecordBatch batch_;
  std::vector<Cell> cells_;
  std::string text_;
};

}  // namespace millrace::feature_store

#pragma once
// What operators see of the sink (feature-store-sink.md §12, §14).

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include "connectors/feature_store/sink/batch_collector.h"
#include "millrace/connector.h"

namespace millrace::feature_store {

/// Task thread only.
class SinkMetrics {
 public:
  /// After a batch was applied. `now_ms`: when its rows became visible.
  void applied(BatchCollector& batch, std::chrono::steady_clock::time_point started, int64_t now_ms);
  /// All that has been counted; lags are the largest since the last call.
  std::vector<TaskMetric> page(const OffsetMap& positions);

 private:
  struct Group {
    std::array<uint64_t, kRowStatuses> rows = {};
    int64_t visible_lag_ms = 0;
    int64_t event_age_us = -1;  // -1: no event time yet
  };

  Group& group(int64_t id);

  std::map<int64_t, Group> groups_;
  std::map<int64_t, Group>::iterator last_ = groups_.end();
  uint64_t collapsed_ = 0;
  uint64_t unknown_fields_ = 0;
  uint64_t batches_ = 0;
  double batch_seconds_ = 0;
  double batch_seconds_max_ = 0;
};

}  // namespace millrace::feature_store

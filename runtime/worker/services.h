#pragma once
// What connectors and tasks of one worker share.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "millrace/properties.h"
#include "runtime/broker/broker.h"
#include "runtime/core/executor.h"
#include "runtime/core/work_lease.h"
#include "runtime/metrics/task_metrics.h"
#include "runtime/plugins/plugin_catalog.h"
#include "runtime/storage/offset_store.h"
#include "runtime/worker/worker.h"

namespace millrace {

/// Limits of the data plane, by their worker properties.
struct WorkerLimits {
  Millis offset_flush_interval{60'000};      // offset.flush.interval.ms
  Millis offset_flush_timeout{5'000};        // offset.flush.timeout.ms
  Millis graceful_shutdown{5'000};           // task.shutdown.graceful.timeout.ms
  size_t max_in_flight_batches = 32;         // millrace.source.max.in.flight.batches
};

/// References outlive the worker. `worker_config` has its variables resolved.
struct WorkerServices {
  Executor& control;
  Broker& broker;
  OffsetStore& offsets;
  const PluginCatalog& plugins;
  const Properties& worker_config;
  std::string worker_id;
  WorkerLimits limits;
  MetricsConfig metrics = {};
  /// Until when others leave the work alone; null: nobody else could have it.
  std::shared_ptr<const WorkLease> lease = nullptr;
  /// Whether source connectors may have topics of their own for offsets, as in a cluster.
  bool connector_offset_topics = false;

  bool may_write() const noexcept { return !lease || lease->held(); }
};

/// One task to run.
struct TaskSpec {
  ConnectorTaskId id;
  Properties connector_config;
  Properties task_config;
};

}  // namespace millrace

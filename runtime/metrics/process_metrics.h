#pragma once
// What Prometheus' client libraries say of every process.

#include "runtime/metrics/metric_page.h"

namespace millrace {

/// Adds process_cpu_seconds_total, process_resident_memory_bytes, process_open_fds and
/// process_start_time_seconds, read from /proc/self. One that cannot be read is left out.
void add_process_metrics(MetricPage& page);

}  // namespace millrace

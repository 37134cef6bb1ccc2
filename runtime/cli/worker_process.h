#pragma once
// What the two kinds of worker processes have in common: the steps of start and stop, in Kafka's order
// (connect-configs.md §3.1, §3.2).

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/broker/broker.h"
#include "runtime/cli/asio_executor.h"
#include "runtime/herder/herder_steps.h"
#include "runtime/metrics/log.h"
#include "runtime/metrics/metric_page.h"
#include "runtime/plugins/registry.h"
#include "runtime/rest/rest_server.h"
#include "runtime/storage/config_transformer.h"
#include "runtime/worker/native_worker.h"
#include "runtime/worker/worker_config.h"

namespace millrace {

/// A worker from start to stop; made and run by the thread that becomes the control thread. The parts
/// that derived classes add must go before those here: they are made after them.
class WorkerProcess {
 public:
  virtual ~WorkerProcess() = default;
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  /// Runs until a signal or exit(); returns the exit code.
  int run();

 protected:
  /// `logger` names the program in the log. `raw` is the worker file; its plugins are loaded here.
  WorkerProcess(const Properties& raw, const char* logger);

  // Steps of construction, in this order.
  /// Checks what all workers check, opens REST's ports once the cluster has answered.
  void connect(std::unique_ptr<Broker> broker, const WorkerOptions& options,
               const rest::RestConfig& rest);
  /// `lease` is null for a worker without a group.
  void make_worker(OffsetStore& offsets, std::shared_ptr<const WorkLease> lease = nullptr);
  void initialized();

  /// Settings of the herder, but for what one kind has alone.
  HerderOptions herder_options() const;
  HerderServices herder_services();
  /// Of the whole worker, for GET /metrics.
  std::string metrics_text() const;

  /// Begins the orderly end; the first call decides the code.
  void exit(int code);

  // What one kind does by itself, on the control thread.
  virtual void start() = 0;
  /// Metrics of parts that the other kind has not.
  virtual void add_metrics(MetricPage&) const {}
  /// Stops the herder and all that runs; `done` comes once.
  virtual void stop_herder(std::function<void()> done) = 0;
  /// Closes stores, after the last event.
  virtual void finish() = 0;

  spdlog::logger& log_;
  boost::asio::io_context io_{1};
  PluginRegistry registry_;
  ConfigTransformer transformer_;
  Properties settings_;  // variables resolved
  AsioExecutor control_;
  PoolExecutor slow_;
  WorkerOptions options_;
  std::unique_ptr<Broker> broker_;
  std::unique_ptr<rest::RestServer> rest_;
  std::unique_ptr<NativeWorker> worker_;

 private:
  static constexpr std::chrono::milliseconds kShutdownLimit{60'000};
  static constexpr std::chrono::milliseconds kAnswerLimit{1'000};

  const std::chrono::steady_clock::time_point begun_;
  const int64_t started_ms_;
  std::string cluster_;
  int exit_code_ = 0;
  bool stopping_ = false;
};

}  // namespace millrace

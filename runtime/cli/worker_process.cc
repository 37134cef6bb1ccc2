#include "runtime/cli/worker_process.h"

#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdlib>
#include <utility>

#include "runtime/broker/client_layers.h"
#include "runtime/cli/exit_codes.h"
#include "runtime/cli/shipped_plugins.h"
#include "runtime/cli/worker_file.h"
#include "runtime/metrics/log.h"
#include "runtime/metrics/process_metrics.h"

namespace millrace {
namespace {

constexpr const char* kKafkaVersion = "4.1.1";  // whose behaviour this worker has
constexpr const char* kCommit = "millrace-" MILLRACE_VERSION;

WorkerLimits limits_of(const WorkerOptions& options) {
  return {Millis{options.offset_flush_interval_ms}, Millis{options.offset_flush_timeout_ms},
          Millis{options.task_shutdown_graceful_timeout_ms},
          static_cast<size_t>(options.source_max_in_flight_batches)};
}

}  // namespace

WorkerProcess::WorkerProcess(const Properties& raw, const char* logger)
    : log_(logging::get(logger)),
      transformer_(ConfigTransformer::of(raw)),
      settings_(resolve_worker_config(raw)),
      control_(io_),
      begun_(std::chrono::steady_clock::now()),
      started_ms_(MetricClock::system().wall_ms()) {
  log_.info("Kafka Connect worker initializing ...");
  log_.info("Scanning for plugin classes. This might take a moment ...");
  registry_.load_path(shipped_plugins());
  if (const std::string* path = find(raw, "plugin.path")) registry_.load_path(*path);
}

void WorkerProcess::connect(std::unique_ptr<Broker> broker, const WorkerOptions& options,
                            const rest::RestConfig& rest) {
  options_ = options;
  rest::refuse_extensions(rest);
  check_overrides(options_.connector_client_config_override_policy, {}, {});
  broker_ = std::move(broker);
  log_.info("Creating Kafka admin client");
  cluster_ = broker_->cluster_id();
  log_.info("Kafka cluster ID: {}", cluster_);
  rest_ = std::make_unique<rest::RestServer>(io_, control_, rest);
  rest_->listen();
}

void WorkerProcess::make_worker(OffsetStore& offsets, std::shared_ptr<const WorkLease> lease) {
  WorkerServices services{control_,  *broker_,  offsets,
                          registry_, settings_, rest_->advertised().worker_id(),
                          limits_of(options_)};
  services.metrics.window = {options_.metrics_sample_window_ms, options_.metrics_num_samples};
  services.connector_offset_topics = lease != nullptr;
  services.lease = std::move(lease);
  worker_ = std::make_unique<NativeWorker>(std::move(services), slow_);
}

void WorkerProcess::initialized() {
  const auto took = std::chrono::steady_clock::now() - begun_;
  log_.info("Kafka Connect worker initialization took {}ms",
            std::chrono::duration_cast<Millis>(took).count());
}

HerderOptions WorkerProcess::herder_options() const {
  HerderOptions options;
  options.server = {kKafkaVersion, kCommit, cluster_};
  options.worker_id = rest_->advertised().worker_id();
  options.override_policy = options_.connector_client_config_override_policy;
  options.worker_config = settings_;
  options.topic_tracking = options_.topic_tracking_enable;
  options.topic_tracking_reset = options_.topic_tracking_allow_reset;
  return options;
}

HerderServices WorkerProcess::herder_services() {
  return {control_, slow_, *worker_, registry_, transformer_};
}

std::string WorkerProcess::metrics_text() const {
  MetricPage page(parse_metric_names(options_.metrics_names));
  worker_->metrics().write_to(page);
  const std::string id = rest_->advertised().worker_id();
  // Kafka has it twice: as a metric, and as a bean with attributes in another style.
  page.attribute("app-info", {}, "start-time-ms", static_cast<double>(started_ms_));
  page.attribute("app-info", metric_labels({{"id", id}}), "starttimems",
                 static_cast<double>(started_ms_));
  page.add("millrace_worker_info", "gauge", "What this worker is.",
           metric_labels({{"id", id}, {"version", kKafkaVersion}, {"commit_id", kCommit}}), 1);
  add_metrics(page);
  add_process_metrics(page);
  return page.text();
}

int WorkerProcess::run() {
  boost::asio::signal_set signals(io_, SIGINT, SIGTERM);
  signals.async_wait([this](const boost::system::error_code& error, int signal) {
    if (!error) exit(signal == SIGINT ? kExitInterrupted : kExitTerminated);
  });
  log_.info("Kafka Connect starting");
  start();
  log_.info("Kafka Connect started");
  io_.run();
  slow_.stop();
  finish();
  log_.info("Kafka Connect stopped");
  spdlog::default_logger()->flush();
  // A task that never returned still uses what would be destroyed now.
  if (worker_->abandoned_tasks() > 0) std::_Exit(exit_code_);
  return exit_code_;
}

void WorkerProcess::exit(int code) {
  if (std::exchange(stopping_, true)) return;
  exit_code_ = code;
  log_.info("Kafka Connect stopping");
  const auto end = [this] { io_.stop(); };
  rest_->stop(kShutdownLimit, [] {});
  // The herder answers what waits for it when it stops; then only the sending is left.
  stop_herder([this, end] { rest_->stop(kAnswerLimit, end); });
  control_.post_after(kShutdownLimit, end);
}

}  // namespace millrace

#include "runtime/cli/standalone.h"

#include <boost/asio/signal_set.hpp>

#include <chrono>
#include <csignal>

#include "millrace/errors.h"
#include "runtime/broker/client_layers.h"
#include "runtime/cli/asio_executor.h"
#include "runtime/cli/open_broker.h"
#include "runtime/cli/shipped_plugins.h"
#include "runtime/cli/standalone_config.h"
#include "runtime/core/properties_file.h"
#include "runtime/herder/connector_file.h"
#include "runtime/herder/standalone_herder.h"
#include "runtime/metrics/log.h"
#include "runtime/metrics/process_metrics.h"
#include "runtime/plugins/registry.h"
#include "runtime/rest/rest_server.h"
#include "runtime/storage/config_transformer.h"
#include "runtime/storage/file_offset_store.h"
#include "runtime/worker/native_worker.h"

namespace millrace {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kKafkaVersion = "4.1.1";  // whose behaviour this worker has
constexpr const char* kCommit = "millrace-" MILLRACE_VERSION;
constexpr std::chrono::milliseconds kShutdownLimit{60'000};
constexpr std::chrono::milliseconds kAnswerLimit{1'000};

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.cli.ConnectStandalone");
  return instance;
}

WorkerLimits limits_of(const WorkerOptions& options) {
  return {Millis{options.offset_flush_interval_ms}, Millis{options.offset_flush_timeout_ms},
          Millis{options.task_shutdown_graceful_timeout_ms},
          static_cast<size_t>(options.source_max_in_flight_batches)};
}

/// A worker from start to stop. Members are made in the order of connect-configs.md §3.1.
class Standalone {
 public:
  explicit Standalone(const Properties& raw)
      : transformer_(ConfigTransformer::of(raw)), settings_(resolve_worker_config(raw)), control_(io_) {
    const auto begun = Clock::now();
    logger().info("Kafka Connect worker initializing ...");
    load_plugins(raw);
    config_ = StandaloneConfig::load(settings_);
    rest::refuse_extensions(config_.rest);
    check_overrides(config_.worker.connector_client_config_override_policy, {}, {});
    broker_ = open_broker(config_, settings_);
    const std::string cluster = cluster_id();
    rest_ = std::make_unique<rest::RestServer>(io_, control_, config_.rest);
    rest_->listen();
    offsets_ = std::make_unique<FileOffsetStore>(config_.standalone.offset_storage_file_filename);
    make_worker(cluster);
    const auto ms = std::chrono::duration_cast<Millis>(Clock::now() - begun).count();
    logger().info("Kafka Connect worker initialization took {}ms", ms);
  }

  /// Runs until a signal or a bad connector file; returns the exit code.
  int run(std::vector<std::string> connector_files) {
    logger().info("Kafka Connect starting");
    offsets_->start();
    logger().info("Worker started");
    rest_->initialize_resources(*herder_, [this] { return metrics_text(); });
    logger().info("Kafka Connect started");
    boost::asio::signal_set signals(io_, SIGINT, SIGTERM);
    signals.async_wait([this](const boost::system::error_code& error, int signal) {
      if (!error) shut_down(signal == SIGINT ? kExitInterrupted : kExitTerminated);
    });
    files_ = std::move(connector_files);
    control_.post([this] { create_next(0); });
    io_.run();
    finish();
    return exit_code_;
  }

 private:
  void load_plugins(const Properties& raw) {
    logger().info("Scanning for plugin classes. This might take a moment ...");
    registry_.load_path(shipped_plugins());
    if (const std::string* path = find(raw, "plugin.path")) registry_.load_path(*path);
  }

  std::string cluster_id() {
    logger().info("Creating Kafka admin client");
    std::string id = broker_->cluster_id();
    logger().info("Kafka cluster ID: {}", id);
    return id;
  }

  void make_worker(const std::string& cluster) {
    WorkerServices services{control_,  *broker_,  *offsets_,
                            registry_, settings_, rest_->advertised().worker_id(),
                            limits_of(config_.worker)};
    services.metrics.window = {config_.worker.metrics_sample_window_ms,
                               config_.worker.metrics_num_samples};
    worker_ = std::make_unique<NativeWorker>(std::move(services), slow_);
    HerderOptions options;
    options.server = {kKafkaVersion, kCommit, cluster};
    options.worker_id = rest_->advertised().worker_id();
    options.override_policy = config_.worker.connector_client_config_override_policy;
    options.worker_config = settings_;
    options.topic_tracking = config_.worker.topic_tracking_enable;
    options.topic_tracking_reset = config_.worker.topic_tracking_allow_reset;
    herder_ = std::make_unique<StandaloneHerder>(
        HerderServices{control_, slow_, *worker_, registry_, transformer_}, std::move(options));
  }

  std::string metrics_text() const {
    MetricPage page(parse_metric_names(config_.worker.metrics_names));
    worker_->metrics().write_to(page);
    const std::string id = rest_->advertised().worker_id();
    // Kafka has it twice: as a metric, and as a bean with attributes in another style.
    page.attribute("app-info", {}, "start-time-ms", static_cast<double>(started_ms_));
    page.attribute("app-info", metric_labels({{"id", id}}), "starttimems",
                   static_cast<double>(started_ms_));
    page.add("millrace_worker_info", "gauge", "What this worker is.",
             metric_labels({{"id", id}, {"version", kKafkaVersion}, {"commit_id", kCommit}}), 1);
    add_process_metrics(page);
    return page.text();
  }

  void create_next(size_t index) {
    if (stopping_) return;
    if (index == files_.size()) {
      herder_->set_ready();
      logger().info("Herder started");
      return;
    }
    const std::string& path = files_[index];
    const auto failed = [this, path](const std::string& reason) {
      logger().error("Failed to create connector for {}: {}", path, reason);
      logger().error("Stopping after connector error");
      shut_down(kExitConnector);
    };
    try {
      const ConnectorFile file = read_connector_file(path);
      herder_->put_connector(file.name, file.config, file.initial_state, true,
                             [this, index, failed](Outcome<CreatedConnector> outcome) {
                               if (outcome.ok()) return create_next(index + 1);
                               try {
                                 std::rethrow_exception(outcome.error());
                               } catch (...) {
                                 failed(describe_current_exception());
                               }
                             });
    } catch (...) {
      failed(describe_current_exception());
    }
  }

  void shut_down(int code) {
    if (std::exchange(stopping_, true)) return;
    exit_code_ = code;
    logger().info("Kafka Connect stopping");
    const auto end = [this] { io_.stop(); };
    rest_->stop(kShutdownLimit, [] {});
    // The herder answers what waits for it when it stops; then only the sending is left.
    herder_->stop_all([this, end](const Outcome<Done>&) { rest_->stop(kAnswerLimit, end); });
    control_.post_after(kShutdownLimit, end);
  }

  void finish() {
    slow_.stop();
    offsets_->stop();
    logger().info("Kafka Connect stopped");
    spdlog::default_logger()->flush();
    // A task that never returned still uses what would be destroyed now.
    if (worker_->abandoned_tasks() > 0) std::_Exit(exit_code_);
  }

  boost::asio::io_context io_{1};
  PluginRegistry registry_;
  ConfigTransformer transformer_;
  Properties settings_;
  AsioExecutor control_;
  PoolExecutor slow_;
  StandaloneConfig config_;
  std::unique_ptr<Broker> broker_;
  std::unique_ptr<FileOffsetStore> offsets_;
  std::unique_ptr<rest::RestServer> rest_;
  std::unique_ptr<NativeWorker> worker_;
  std::unique_ptr<StandaloneHerder> herder_;
  const int64_t started_ms_ = MetricClock::system().wall_ms();
  std::vector<std::string> files_;
  int exit_code_ = 0;
  bool stopping_ = false;
};

}  // namespace

int run_standalone(const std::vector<std::string>& arguments) {
  std::unique_ptr<Standalone> standalone;
  try {
    const Properties worker =
        arguments[0].empty() ? Properties{} : read_properties_file(arguments[0]);
    standalone = std::make_unique<Standalone>(worker);
  } catch (...) {
    logger().error("Stopping due to error: {}", describe_current_exception());
    return kExitStartup;
  }
  try {
    return standalone->run({arguments.begin() + 1, arguments.end()});
  } catch (...) {
    logger().error("Failed to start Connect: {}", describe_current_exception());
    return kExitConnector;
  }
}

}  // namespace millrace

#include "runtime/cli/distributed.h"

#include <algorithm>
#include <random>
#include <utility>

#include "millrace/errors.h"
#include "millrace/properties_file.h"
#include "millrace/text.h"
#include "runtime/broker/kafka/kafka_broker.h"
#include "runtime/cli/distributed_config.h"
#include "runtime/cli/exit_codes.h"
#include "runtime/cli/worker_process.h"
#include "runtime/group/kafka_coordinator_client.h"
#include "runtime/herder/distributed_herder.h"
#include "runtime/metrics/log.h"
#include "runtime/rest/http_peer_client.h"
#include "runtime/storage/topic_offset_store.h"

namespace millrace {
namespace {

constexpr const char* kLogger = "org.apache.kafka.connect.cli.ConnectDistributed";

std::chrono::milliseconds monotonic() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

group::GroupOptions group_options(const GroupSettings& settings, std::shared_ptr<WorkLease> lease) {
  group::GroupOptions options;
  options.lease = std::move(lease);
  options.group_id = settings.group_id;
  options.session_timeout = Millis{settings.session_timeout_ms};
  options.heartbeat_interval =
      Millis{std::min(settings.heartbeat_interval_ms, settings.heartbeat_max_interval_ms)};
  options.rebalance_timeout = Millis{settings.rebalance_timeout_ms};
  options.request_timeout = Millis{settings.request_timeout_ms};
  options.retry_backoff = Millis{settings.retry_backoff_ms};
  options.retry_backoff_max = Millis{settings.retry_backoff_max_ms};
  return options;
}

/// The three topics with what reads them.
struct Topics {
  Topics(Executor& control, Broker& broker, const Properties& settings)
      : admin(broker.make_admin(internal_admin_config(settings))),
        logs(make_internal_logs(control, broker, admin, settings)),
        configs(control, *logs.config),
        statuses(control, *logs.status),
        offsets(control, *logs.offset) {}

  void stop() noexcept {
    offsets.stop();
    for (TopicLog* log : {logs.config.get(), logs.status.get(), logs.offset.get()}) log->stop();
  }

  std::shared_ptr<BrokerAdmin> admin;
  InternalLogs logs;
  ConfigLog configs;
  StatusLog statuses;
  TopicOffsetStore offsets;
};

/// This worker's part of the group.
struct Group {
  Group(boost::asio::io_context& io, Executor& control, const DistributedConfig& config,
        const Properties& settings, const rest::AdvertisedUrl& self,
        std::shared_ptr<WorkLease> lease)
      : client(io, group::parse_bootstrap(join(config.worker.bootstrap_servers, ",")),
               group::connection_options(settings, "connect-" + self.worker_id())),
        member(control, client, group_options(config.group, std::move(lease)), monotonic,
               std::random_device{}()),
        membership(member,
                   {group::parse_protocol_mode(config.group.connect_protocol), self.url(),
                    config.group.scheduled_rebalance_max_delay_ms},
                   monotonic) {}

  group::KafkaCoordinatorClient client;
  group::GroupMember member;
  group::WorkerMembership membership;
};

class Distributed final : public WorkerProcess {
 public:
  explicit Distributed(const Properties& raw) : WorkerProcess(raw, kLogger) {
    config_ = DistributedConfig::load(settings_);
    connect(kafka::make_kafka_broker(settings_), config_.worker, config_.rest);
    topics_.emplace(control_, *broker_, settings_);
    const auto lease = std::make_shared<WorkLease>();
    make_worker(topics_->offsets, lease);
    group_.emplace(io_, control_, config_, settings_, rest_->advertised(), lease);
    peers_.emplace(io_, rest::PeerClientOptions{config_.rest.tls,
                                                config_.inter_worker.signature_algorithm});
    herder_ = std::make_unique<DistributedHerder>(
        herder_services(),
        ClusterServices{topics_->configs, topics_->statuses, group_->member, group_->membership,
                        *peers_},
        distributed_options());
    initialized();
  }
  ~Distributed() override {
    herder_.reset();
    worker_.reset();
  }

 private:
  DistributedOptions distributed_options() {
    DistributedOptions options;
    options.common = herder_options();
    options.sync_timeout = Millis{config_.group.worker_sync_timeout_ms};
    options.key = {config_.inter_worker.key_generation_algorithm,
                   session_key_bytes(config_.inter_worker),
                   Millis{config_.inter_worker.key_ttl_ms}};
    options.auto_restart = config_.auto_restart;
    options.stall_timeout = Millis{config_.group.task_stall_timeout_ms};
    options.clock = monotonic;
    options.set_logger_level = [](const std::string& logger, const std::string& level) {
      logging::set_level(logger, level, MetricClock::system().wall_ms());
    };
    options.on_fatal = [this](const std::exception_ptr& error) { fail(error); };
    return options;
  }

  void start() override {
    topics_->offsets.open([this](Outcome<Done> outcome) {
      if (!outcome.ok()) fail(outcome.error());
    });
    log_.info("Worker started");
    rest_->initialize_resources(*herder_, [this] { return metrics_text(); }, *peers_,
                                config_.inter_worker.verification_algorithms);
    control_.post([this] { herder_->start(); });
  }

  void fail(const std::exception_ptr& error) {
    log_.error("Uncaught exception in herder work thread, exiting: {}", describe(error));
    exit(kExitHerder);
  }

  void add_metrics(MetricPage& page) const override {
    const auto skipped = [&page](const char* topic, uint64_t records) {
      page.add("millrace_internal_topic_skipped_records_total", "counter",
               "Records of an internal topic that had no meaning for this worker.",
               metric_labels({{"topic", topic}}), static_cast<double>(records));
    };
    skipped("config", topics_->configs.skipped());
    skipped("status", topics_->statuses.skipped());
    skipped("offset", topics_->offsets.skipped());
    page.add("millrace_automatic_restarts_total", "counter",
             "Failed tasks that this worker has started again by itself.", {},
             static_cast<double>(herder_->automatic_restarts()));
    page.add("millrace_stalled_tasks", "gauge",
             "Tasks that have been inside one call of their connector for "
             "millrace.task.stall.timeout.ms.",
             {}, static_cast<double>(herder_->stalled_tasks().size()));
  }

  void stop_herder(std::function<void()> done) override {
    herder_->stop_all([done = std::move(done)](const Outcome<Done>&) { done(); });
  }
  void finish() override { topics_->stop(); }

  DistributedConfig config_;
  std::optional<Topics> topics_;
  std::optional<Group> group_;
  std::optional<rest::HttpPeerClient> peers_;
  std::unique_ptr<DistributedHerder> herder_;
};

}  // namespace

int run_distributed(const std::string& worker_file) {
  std::unique_ptr<Distributed> worker;
  try {
    worker = std::make_unique<Distributed>(worker_file.empty() ? Properties{}
                                                               : read_properties_file(worker_file));
  } catch (...) {
    logging::get(kLogger).error("Stopping due to error: {}", describe_current_exception());
    return kExitStartup;
  }
  try {
    return worker->run();
  } catch (...) {
    logging::get(kLogger).error("Failed to start Connect: {}", describe_current_exception());
    return kExitConnector;
  }
}

}  // namespace millrace

#include "runtime/cli/standalone.h"

#include <utility>

#include "millrace/errors.h"
#include "millrace/properties_file.h"
#include "runtime/cli/exit_codes.h"
#include "runtime/cli/open_broker.h"
#include "runtime/cli/standalone_config.h"
#include "runtime/cli/worker_process.h"
#include "runtime/herder/connector_file.h"
#include "runtime/herder/standalone_herder.h"
#include "runtime/metrics/log.h"
#include "runtime/storage/file_offset_store.h"

namespace millrace {
namespace {

constexpr const char* kLogger = "org.apache.kafka.connect.cli.ConnectStandalone";

class Standalone final : public WorkerProcess {
 public:
  Standalone(const Properties& raw, std::vector<std::string> connector_files)
      : WorkerProcess(raw, kLogger), files_(std::move(connector_files)) {
    const StandaloneConfig config = StandaloneConfig::load(settings_);
    connect(open_broker(settings_), config.worker, config.rest);
    offsets_ =
        std::make_unique<FileOffsetStore>(config.standalone.offset_storage_file_filename);
    make_worker(*offsets_);
    herder_ = std::make_unique<StandaloneHerder>(herder_services(), herder_options());
    initialized();
  }
  ~Standalone() override {
    herder_.reset();
    worker_.reset();
  }

 private:
  void start() override {
    offsets_->start();
    log_.info("Worker started");
    rest_->initialize_resources(*herder_, [this] { return metrics_text(); });
    control_.post([this] { create_next(0); });
  }

  void create_next(size_t index) {
    if (closing_) return;
    if (index == files_.size()) {
      herder_->set_ready();
      log_.info("Herder started");
      return;
    }
    const std::string& path = files_[index];
    const auto failed = [this, path](const std::string& reason) {
      log_.error("Failed to create connector for {}: {}", path, reason);
      log_.error("Stopping after connector error");
      exit(kExitConnector);
    };
    try {
      const ConnectorFile file = read_connector_file(path);
      herder_->put_connector(file.name, file.config, file.initial_state, true,
                             [this, index, failed](Outcome<CreatedConnector> outcome) {
                               if (outcome.ok()) return create_next(index + 1);
                               failed(describe(outcome.error()));
                             });
    } catch (...) {
      failed(describe_current_exception());
    }
  }

  void stop_herder(std::function<void()> done) override {
    closing_ = true;
    herder_->stop_all([done = std::move(done)](const Outcome<Done>&) { done(); });
  }
  void finish() override { offsets_->stop(); }

  std::vector<std::string> files_;
  std::unique_ptr<FileOffsetStore> offsets_;
  std::unique_ptr<StandaloneHerder> herder_;
  bool closing_ = false;
};

}  // namespace

int run_standalone(const std::vector<std::string>& arguments) {
  std::unique_ptr<Standalone> standalone;
  try {
    const Properties worker =
        arguments[0].empty() ? Properties{} : read_properties_file(arguments[0]);
    standalone = std::make_unique<Standalone>(
        worker, std::vector<std::string>{arguments.begin() + 1, arguments.end()});
  } catch (...) {
    logging::get(kLogger).error("Stopping due to error: {}", describe_current_exception());
    return kExitStartup;
  }
  try {
    return standalone->run();
  } catch (...) {
    logging::get(kLogger).error("Failed to start Connect: {}", describe_current_exception());
    return kExitConnector;
  }
}

}  // namespace millrace

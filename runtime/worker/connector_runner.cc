#include "runtime/worker/connector_runner.h"

#include <algorithm>

#include "millrace/errors.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.runtime.WorkerConnector");
  return instance;
}

constexpr int32_t kDefaultTasksMax = 1;

int32_t tasks_max(const Properties& config) {
  const std::string* text = find(config, "tasks.max");
  return text == nullptr ? kDefaultTasksMax : static_cast<int32_t>(std::stol(*text));
}

bool enforces_tasks_max(const Properties& config) {
  const std::string* text = find(config, "tasks.max.enforce");
  return text == nullptr || *text != "false";
}

}  // namespace

class ConnectorRunner::Context final : public ConnectorContext {
 public:
  explicit Context(ConnectorRunner& runner) : runner_(runner) {}
  const std::string& connector_name() const override { return runner_.name_; }
  void request_task_reconfiguration() override {
    runner_.services_.control.post([self = runner_.shared_from_this()] {
      if (!self->forgotten_.load()) self->events_.reconfiguration_requested();
    });
  }
  void raise_error(const std::string& message) override {
    runner_.report(State::Failed, describe(ConnectException(message)));
  }

 private:
  ConnectorRunner& runner_;
};

ConnectorRunner::ConnectorRunner(WorkerServices& services, std::string name, Properties config,
                                 Events events)
    : services_(services),
      name_(std::move(name)),
      config_(std::move(config)),
      events_(std::move(events)),
      thread_("connector-" + name_, "[" + name_ + "|worker] ") {}

ConnectorRunner::~ConnectorRunner() = default;

template <class T>
void ConnectorRunner::answer(const Callback<T>& done, Outcome<T> outcome) {
  services_.control.post([done, outcome = std::move(outcome)]() mutable {
    done(std::move(outcome));
  });
}

void ConnectorRunner::report(State state, std::string trace) {
  Status status{state, services_.worker_id, std::move(trace), version_, 0};
  services_.control.post([self = shared_from_this(), status = std::move(status)] {
    if (!self->forgotten_.load()) self->events_.status(status);
  });
}

void ConnectorRunner::instantiate() {
  const std::string* name = find(config_, "connector.class");
  const PluginClass& plugin =
      require_connector(services_.plugins, name != nullptr ? *name : "");
  logger().info("Creating connector {} of type {}", name_, plugin.class_name);
  class_name_ = plugin.class_name;
  connector_ = plugin.connector();
  version_ = connector_->version();
  context_ = std::make_unique<Context>(*this);
  logger().info("Instantiated connector {} with version {} of type {}", name_, version_,
                class_name_);
}

void ConnectorRunner::bring_to(TargetState target) {
  if (!connector_) instantiate();
  if (target == TargetState::Started) {
    if (!started_) connector_->start(config_, *context_);
    started_ = true;
    running_.store(true);
    report(State::Running);
    return;
  }
  running_.store(false);
  if (std::exchange(started_, false)) connector_->stop();
  report(target == TargetState::Paused ? State::Paused : State::Stopped);
}

void ConnectorRunner::transition(TargetState target, Callback<Done> done) {
  thread_.run([self = shared_from_this(), target, done = std::move(done)] {
    try {
      self->bring_to(target);
      self->answer<Done>(done, Done{});
    } catch (...) {
      const std::exception_ptr error = std::current_exception();
      const std::string trace = describe_current_exception();
      logger().error("WorkerConnector{{id={}}} Error while starting connector: {}", self->name_,
                     trace);
      self->running_.store(false);
      self->report(State::Failed, trace);
      self->answer<Done>(done, error);
    }
  });
}

std::vector<Properties> ConnectorRunner::make_task_configs() {
  if (!running_.load()) throw ConnectException("Connector " + name_ + " is not running");
  const int32_t limit = tasks_max(config_);
  std::vector<Properties> configs = connector_->task_configs(limit);
  if (configs.size() > static_cast<size_t>(limit)) {
    const std::string message = "The connector " + name_ + " has generated " +
                                std::to_string(configs.size()) + " tasks, which is greater than " +
                                std::to_string(limit) +
                                ", the maximum number of tasks it is configured to create (see "
                                "tasks.max).";
    if (enforces_tasks_max(config_)) throw ConnectException(message);
    logger().warn("{}", message);
  }
  for (Properties& config : configs) {
    config["task.class"] = connector_->task_class();
    for (const char* key : {"topics", "topics.regex"}) {
      if (const std::string* value = find(config_, key)) config[key] = *value;
    }
  }
  return configs;
}

void ConnectorRunner::task_configs(Callback<std::vector<Properties>> done) {
  thread_.run([self = shared_from_this(), done = std::move(done)] {
    try {
      self->answer<std::vector<Properties>>(done, self->make_task_configs());
    } catch (...) {
      const std::exception_ptr error = std::current_exception();
      self->report(State::Failed, describe_current_exception());
      self->answer<std::vector<Properties>>(done, error);
    }
  });
}

void ConnectorRunner::shutdown(Callback<Done> done) {
  running_.store(false);
  thread_.run([self = shared_from_this(), done = std::move(done)] {
    try {
      if (std::exchange(self->started_, false)) self->connector_->stop();
    } catch (...) {
      logger().error("WorkerConnector{{id={}}} Error while shutting down connector: {}",
                     self->name_, describe_current_exception());
    }
    self->connector_.reset();
    self->report(State::Unassigned);
    self->answer<Done>(done, Done{});
  });
}

}  // namespace millrace

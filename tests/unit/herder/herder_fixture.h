#pragma once
// A herder over a fake worker, driven by hand.

#include <memory>
#include <string>
#include <vector>

#include "runtime/herder/standalone_herder.h"
#include "tests/unit/herder/fake_worker.h"
#include "tests/unit/herder/test_plugins.h"

namespace millrace::testing {

class HerderTest : public ::testing::Test {
 protected:
  using Calls = std::vector<std::string>;

  HerderTest() { make_herder(); }

  void make_herder() {
    herder_.reset();
    herder_ = std::make_unique<StandaloneHerder>(
        HerderServices{control_, slow_, worker_, *plugins_, transformer_}, options_);
  }
  /// Runs everything that can run without time passing.
  void run() {
    do {
      slow_.run();
      control_.run();
    } while (!slow_.idle() || !control_.idle());
  }
  static Properties source_config(Properties more = {}) {
    more.insert({{"connector.class", "TestSource"}, {"topic", "t"}});
    return more;
  }
  /// Not run yet.
  Answer<CreatedConnector> put(const std::string& name, Properties config,
                               std::optional<TargetState> state = {}, bool replace = false) {
    Answer<CreatedConnector> answer;
    herder_->put_connector(name, std::move(config), state, replace, answer.callback());
    return answer;
  }
  /// Created, running and its calls forgotten.
  void create(const std::string& name, Properties more = {},
              std::optional<TargetState> state = {}) {
    const auto answer = put(name, source_config(std::move(more)), state);
    run();
    ASSERT_EQ(answer.error(), "none");
    worker_.take_calls();
  }
  Answer<Done> stop(const std::string& name) {
    return done([&](Callback<Done> callback) { herder_->stop_connector(name, callback); });
  }
  Answer<Done> remove(const std::string& name) {
    return done([&](Callback<Done> callback) { herder_->delete_connector(name, callback); });
  }
  Answer<Done> restart(const std::string& name) {
    return done([&](Callback<Done> callback) { herder_->restart_connector(name, callback); });
  }
  Answer<Done> restart_task(const ConnectorTaskId& id) {
    return done([&](Callback<Done> callback) { herder_->restart_task(id, callback); });
  }
  Answer<ConnectorStateInfo> restart_all(const RestartRequest& request) {
    Answer<ConnectorStateInfo> answer;
    herder_->restart_connector_and_tasks(request, answer.callback());
    return answer;
  }
  static Callback<Done> ignored() {
    return [](const Outcome<Done>&) {};
  }
  State state(const std::string& name) const {
    return herder_->connector_status(name).connector.state;
  }
  State task_state(const std::string& name, int32_t task) const {
    return herder_->task_status({name, task}).state;
  }
  size_t task_count(const std::string& name) const { return herder_->task_infos(name).size(); }
  template <class Call>
  static std::string error_of(Call&& call) {
    try {
      call();
    } catch (const std::exception& error) {
      return rest_error(error);
    }
    return "none";
  }

  ManualExecutor control_;
  ManualExecutor slow_;
  FakeWorker worker_{control_};
  std::unique_ptr<PluginRegistry> plugins_ = make_test_plugins();
  ConfigTransformer transformer_;
  HerderOptions options_ = {.server = {"4.1.1", "c", "id"}, .worker_id = "worker:1"};
  std::unique_ptr<StandaloneHerder> herder_;

 private:
  template <class Call>
  static Answer<Done> done(Call&& call) {
    Answer<Done> answer;
    call(answer.callback());
    return answer;
  }
};

}  // namespace millrace::testing

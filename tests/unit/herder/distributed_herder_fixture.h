#pragma once
// What the tests of DistributedHerder share: a small cluster whose network does nothing unexpected.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/herder/distributed_herder.h"
#include "tests/support/sim_cluster.h"
#include "tests/unit/herder/fake_worker.h"

namespace millrace::testing {

using Millis = std::chrono::milliseconds;

/// The task number by which simulated workers name connectors.
inline constexpr int32_t kConnector = -1;

class DistributedHerderTest : public ::testing::Test {
 protected:
  DistributedHerderTest() : DistributedHerderTest(SimClusterOptions{.network_delays = false}) {}
  explicit DistributedHerderTest(const SimClusterOptions& options) : cluster_(1, options) {}

  SimProcess& add(DistributedOptions options = {}) {
    SimProcess& process = cluster_.add(std::move(options));
    pass(Millis{10'000});
    return process;
  }
  void pass(Millis time) { cluster_.pass(time); }
  static Properties config(int tasks, Properties more = {}) {
    more.insert({{"connector.class", "TestSource"},
                 {"topic", "t"},
                 {"tasks.max", std::to_string(tasks)}});
    return more;
  }
  Answer<CreatedConnector> put(SimProcess& at, const std::string& name, Properties config,
                               std::optional<TargetState> state = {}, bool replace = true) {
    Answer<CreatedConnector> answer;
    at.herder->put_connector(name, std::move(config), state, replace, answer.callback());
    pass(Millis{10'000});
    return answer;
  }
  template <class Call>
  Answer<Done> done(Call&& call) {
    Answer<Done> answer;
    call(answer.callback());
    pass(Millis{10'000});
    return answer;
  }
  Answer<Done> stop(SimProcess& at, const std::string& name) {
    return done([&](Callback<Done> d) { at.herder->stop_connector(name, d); });
  }
  Answer<ConnectorStateInfo> restart(SimProcess& at, const RestartRequest& request) {
    Answer<ConnectorStateInfo> answer;
    at.herder->restart_connector_and_tasks(request, answer.callback());
    pass(Millis{10'000});
    return answer;
  }
  Answer<std::string> reset_offsets(SimProcess& at, const std::string& name) {
    Answer<std::string> answer;
    at.herder->alter_connector_offsets(name, std::nullopt, answer.callback());
    pass(Millis{10'000});
    return answer;
  }
  /// Where a request is sent on to; empty when it is not.
  template <class T>
  static std::string target_of(const Answer<T>& answer) {
    if (!answer.given() || answer.outcomes->front().ok()) return "";
    try {
      answer.outcomes->front().value();
    } catch (const ForwardException& elsewhere) {
      return elsewhere.url();
    } catch (...) {
    }
    return "";
  }
  template <class Call>
  static std::string error_of(Call&& call) {
    try {
      call();
    } catch (const std::exception& error) {
      return rest_error(error);
    }
    return "none";
  }
  static bool runs(const SimProcess& process, const ConnectorTaskId& id) {
    return process.worker.running.contains(id);
  }
  size_t running() const { return cluster_.owners.all().size(); }
  std::vector<std::string> keys() const {
    std::vector<std::string> keys;
    for (const auto& record : cluster_.config_topic.records) {
      if (record) keys.push_back(*record->key + (record->value ? "" : " deleted"));
    }
    return keys;
  }

  SimCluster cluster_;
};

}  // namespace millrace::testing

#pragma once
// Distributed workers in one process on simulated time: herders, group members and stores over topics
// in memory, a model of the coordinator and a network that loses, cuts and delays.

#include <memory>
#include <random>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "runtime/herder/distributed_herder.h"
#include "tests/support/manual_executor.h"
#include "tests/support/sim_coordinator.h"
#include "tests/support/sim_topic.h"
#include "tests/support/sim_worker.h"
#include "tests/unit/herder/test_plugins.h"

namespace millrace::testing {

/// What a dead process has posted never runs.
class ProcessExecutor final : public Executor {
 public:
  explicit ProcessExecutor(ManualExecutor& world) : world_(world) {}
  void post(std::function<void()> task) override { world_.post(guarded(std::move(task))); }
  void post_after(std::chrono::milliseconds delay, std::function<void()> task) override {
    world_.post_after(delay, guarded(std::move(task)));
  }
  void kill() { *alive_ = false; }

 private:
  std::function<void()> guarded(std::function<void()> task) {
    return [alive = alive_, task = std::move(task)] {
      if (*alive) task();
    };
  }
  ManualExecutor& world_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

inline const PluginRegistry& sim_plugins() {
  static const auto plugins = make_test_plugins();
  return *plugins;
}

inline std::string sim_url(const std::string& name) { return "http://" + name + ":8083/"; }

/// The status REST would answer with.
inline int sim_status(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const RequestException& known) {
    return known.status();
  } catch (const ForwardException&) {
    return 409;
  } catch (const Error& known) {
    if (known.kind() == ErrorKind::NotFound) return 404;
    return known.kind() == ErrorKind::AlreadyExists ? 409 : 500;
  } catch (...) {
    return 500;
  }
}

struct SimClusterOptions {
  int32_t max_delay_ms = 0;
  group::ProtocolMode mode = group::ProtocolMode::Sessioned;
  bool network_delays = true;
};

class SimCluster;

/// One worker process.
class SimProcess final : private PeerClient {
 public:
  using Millis = std::chrono::milliseconds;
  SimProcess(SimCluster& cluster, std::string name, DistributedOptions options);

  void crash() {
    worker.die();
    dead = true;
    control.kill();
    client.cut = true;
  }
  /// Nothing passes between it and the brokers or other workers.
  void cut(bool off) {
    isolated = off;
    client.cut = off;
    for (SimTopicLog* log : {&config_topic, &status_topic}) {
      log->refuse_appends = off;
      log->unreachable = off;
    }
  }
  bool reachable() const { return !dead && !isolated; }

  const std::string name;
  SimCluster& cluster;
  bool dead = false;
  bool isolated = false;
  bool tailing = false;
  std::string fatal;
  std::vector<std::string> levels;
  std::vector<PeerRequest> peer_requests;
  ProcessExecutor control;
  SimWorker worker;
  SimTopicLog config_topic;
  SimTopicLog status_topic;
  ConfigLog config{control, config_topic};
  StatusLog statuses{control, status_topic};
  SimCoordinatorClient client;
  group::GroupMember member;
  group::WorkerMembership membership;
  std::unique_ptr<DistributedHerder> herder;

 private:
  void call(PeerRequest request, Callback<PeerAnswer> done) override;
};

class SimCluster {
 public:
  using Millis = std::chrono::milliseconds;
  using Options = SimClusterOptions;

  explicit SimCluster(uint64_t seed, Options own = {}) : random(seed), options(own) {
    for (SimTopic* topic : {&config_topic, &status_topic}) {
      topic->watchers.push_back([this] { tail_all(); });
    }
  }

  SimProcess& add(DistributedOptions more = {}) {
    const std::string name = "w" + std::to_string(++names_);
    more.common.worker_id = name + ":8083";
    processes.push_back(std::make_unique<SimProcess>(*this, name, std::move(more)));
    processes.back()->herder->start();
    return *processes.back();
  }
  SimProcess* at(const std::string& url) {
    for (const auto& process : processes) {
      if (!process->dead && sim_url(process->name) == url) return process.get();
    }
    return nullptr;
  }
  std::vector<SimProcess*> alive() const {
    std::vector<SimProcess*> all;
    for (const auto& process : processes) {
      if (!process->dead) all.push_back(process.get());
    }
    return all;
  }
  Millis delay() {
    if (!options.network_delays) return Millis{1};
    return Millis{static_cast<int64_t>(random() % 8 == 0 ? random() % 400 : random() % 20)};
  }
  void pass(Millis time) { world.pass(time); }
  /// Every worker sees what was appended, some time later.
  void tail_all() {
    for (const auto& process : processes) tail(*process);
  }
  void tail(SimProcess& process) {
    if (process.dead || std::exchange(process.tailing, true)) return;
    process.control.post_after(delay(), [this, &process] {
      process.tailing = false;
      if (process.isolated) return;  // heal() tails again
      process.config_topic.tail();
      process.status_topic.tail();
    });
  }
  void heal() {
    for (const auto& process : processes) {
      if (process->dead) continue;
      process->cut(false);
      process->config_topic.lose_answers = false;
      process->client.refuse = nullptr;
      process->worker.fail = nullptr;
      tail(*process);
    }
    lossy = false;
  }

  std::mt19937_64 random;
  const Options options;
  ManualExecutor world;
  SimTopic config_topic;
  SimTopic status_topic;
  SimCoordinator coordinator{world};
  SimOwners owners;
  ConfigTransformer transformer;
  bool lossy = false;  // calls between workers get lost
  std::vector<std::unique_ptr<SimProcess>> processes;  // the dead ones too

 private:
  int names_ = 0;
};

inline SimProcess::SimProcess(SimCluster& world, std::string own_name, DistributedOptions options)
    : name(std::move(own_name)),
      cluster(world),
      control(world.world),
      worker(control, world.owners, name, [&world] { return world.delay(); }),
      config_topic(control, world.config_topic, [&world] { return world.delay(); }),
      status_topic(control, world.status_topic, [&world] { return world.delay(); }),
      client(control, world.coordinator, [&world] { return world.delay(); }),
      member(control, client, {.group_id = "g"}, [&world] { return world.world.now(); },
             world.random()),
      membership(member, {world.options.mode, sim_url(name), world.options.max_delay_ms},
                 [&world] { return world.world.now(); }) {
  options.clock = [&world] { return world.world.now(); };
  options.common.now = [&world] {
    return std::chrono::system_clock::time_point(world.world.now());
  };
  options.random_bytes = [](size_t bytes) { return std::string(bytes, 'k'); };
  options.on_fatal = [this](std::exception_ptr error) {
    try {
      std::rethrow_exception(std::move(error));
    } catch (const std::exception& known) {
      fatal = known.what();
    }
  };
  options.set_logger_level = [this](const std::string& logger, const std::string& level) {
    levels.push_back(logger + "=" + level);
  };
  herder = std::make_unique<DistributedHerder>(
      HerderServices{control, control, worker, sim_plugins(), world.transformer},
      ClusterServices{config, statuses, member, membership, *this}, std::move(options));
}

inline void SimProcess::call(PeerRequest request, Callback<PeerAnswer> done) {
  peer_requests.push_back(request);
  const auto fail = [done] {
    done(std::make_exception_ptr(ConnectException("no answer of the other worker")));
  };
  control.post_after(cluster.delay(), [this, request = std::move(request), done, fail] {
    const auto lost = [this] { return cluster.lossy && cluster.random() % 4 == 0; };
    const size_t path = request.url.find("connectors/");
    SimProcess* target = cluster.at(request.url.substr(0, path));
    if (isolated || target == nullptr || !target->reachable() || lost()) return fail();
    std::string connector = request.url.substr(path + 11);
    connector = connector.substr(0, connector.find('/'));
    if (const size_t blank = connector.find("%20"); blank != std::string::npos) {
      connector.replace(blank, 3, " ");
    }
    const auto tasks = nlohmann::json::parse(request.body).get<std::vector<Properties>>();
    const bool answer_lost = lost();
    target->herder->put_task_configs(
        connector, tasks, [this, done, fail, answer_lost](Outcome<Done> outcome) {
          const int status = outcome.ok() ? 204 : sim_status(outcome.error());
          control.post_after(cluster.delay(), [this, done, fail, answer_lost, status] {
            if (answer_lost || isolated) return fail();
            done(PeerAnswer{status, {}, {}});
          });
        });
  });
}

}  // namespace millrace::testing

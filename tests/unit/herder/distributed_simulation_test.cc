// Whole clusters on seeded schedules of joins, leaves, crashes, partitions, delays, lost messages,
// compaction and requests: what must hold at every moment, and after quiet.
//
// The same seeds each time; MILLRACE_TEST_SEED=n runs that one alone, with MILLRACE_SIMULATION_SEEDS=m
// that many from it on.

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "runtime/metrics/log.h"
#include "tests/support/sim_cluster.h"

namespace millrace::testing {
namespace {

using Millis = std::chrono::milliseconds;

constexpr uint64_t kSeeds = 2'000;
constexpr int kSteps = 40;
constexpr size_t kWorkers = 4;

/// What a user wants of one connector, or may have got.
struct Wish {
  bool exists = false;
  std::string version;
  int tasks = 0;
  TargetState target = TargetState::Started;

  auto operator<=>(const Wish&) const = default;
  std::string text() const {
    if (!exists) return "none";
    return version + "/" + std::to_string(tasks) + "/" + std::string(target_state_name(target));
  }
};

/// Sends one request after another about one connector, each to any worker, and knows what may have
/// come of them.
class Client {
 public:
  Client(SimCluster& cluster, std::string name) : cluster_(cluster), name_(std::move(name)) {}

  bool busy() const { return busy_; }
  const std::set<Wish>& possible() const { return possible_; }
  const std::string& name() const { return name_; }

  void ask() {
    if (busy_) return;
    busy_ = true;
    const uint64_t request = ++requests_;
    // As REST, which gives up in the end.
    cluster_.world.post_after(Millis{95'000}, [this, request] {
      if (request == requests_ && busy_) ended(std::nullopt);
    });
    auto& random = cluster_.random;
    const std::string version = "v" + std::to_string(requests_);
    const int tasks = static_cast<int>(random() % 5);
    switch (random() % 10) {
      case 0:
      case 1:
      case 2:
        return put(version, tasks, random() % 3 == 0, random() % 2 == 0);
      case 3:
        effect_ = [version](Wish wish) {
          if (wish.exists) wish.version = version;
          return std::set<Wish>{wish};
        };
        return send<ConnectorInfo>([this, version](DistributedHerder& herder, auto done) {
          herder.patch_connector(name_, {{"v", version}}, done);
        });
      case 4:
        effect_ = [](const Wish&) { return std::set<Wish>{Wish{}}; };
        partial_ = [](const Wish& wish) {
          Wish half;
          half.target = wish.target;
          return std::set<Wish>{half, Wish{}};
        };
        return send<Done>(
            [this](DistributedHerder& herder, auto done) { herder.delete_connector(name_, done); });
      case 5:
        return target(TargetState::Paused, [this](DistributedHerder& herder, auto done) {
          herder.pause_connector(name_, done);
        });
      case 6:
        return target(TargetState::Started, [this](DistributedHerder& herder, auto done) {
          herder.resume_connector(name_, done);
        });
      case 7:
        return target(TargetState::Stopped, [this](DistributedHerder& herder, auto done) {
          herder.stop_connector(name_, done);
        });
      case 8:
        effect_ = nothing;
        return send<Done>(
            [this](DistributedHerder& herder, auto done) { herder.restart_connector(name_, done); });
      default:
        effect_ = nothing;
        return send<ConnectorStateInfo>(
            [this, failed = random() % 2 == 0](DistributedHerder& herder, auto done) {
              herder.restart_connector_and_tasks({name_, failed, true}, done);
            });
    }
  }

 private:
  using Effect = std::function<std::set<Wish>(const Wish&)>;
  static std::set<Wish> nothing(const Wish& wish) { return {wish}; }

  void put(const std::string& version, int tasks, bool paused, bool replace) {
    const Properties config{{"connector.class", "TestSource"},
                            {"topic", "t"},
                            {"tasks.max", std::to_string(tasks == 0 ? 1 : tasks)},
                            {"v", version}};
    const int count = tasks == 0 ? 1 : tasks;
    const std::optional<TargetState> initial =
        paused && !replace ? std::optional(TargetState::Paused) : std::nullopt;
    effect_ = [=](Wish wish) {
      if (wish.exists && !replace) return std::set<Wish>{wish};
      wish = {true, version, count, initial.value_or(wish.target)};
      return std::set<Wish>{wish};
    };
    partial_ = [initial, whole = effect_](const Wish& wish) {
      std::set<Wish> all = whole(wish);
      Wish half = wish;
      if (initial) half.target = *initial;
      all.insert(half);
      return all;
    };
    send<CreatedConnector>([=, this](DistributedHerder& herder, auto done) {
      herder.put_connector(name_, config, initial, replace, done);
    });
  }
  template <class Call>
  void target(TargetState target, Call call) {
    effect_ = [target](Wish wish) {
      if (wish.exists) wish.target = target;
      return std::set<Wish>{wish};
    };
    send<Done>(call);
  }

  /// To any worker, then where it says, twice at most; requests and answers may get lost.
  template <class T, class Call>
  void send(Call call) {
    const auto workers = cluster_.alive();
    if (workers.empty()) return ended(std::nullopt);
    hop<T>(workers[cluster_.random() % workers.size()], 0, call);
  }
  template <class T, class Call>
  void hop(SimProcess* worker, int hops, Call call) {
    const uint64_t request = requests_;
    cluster_.world.post_after(cluster_.delay(), [=, this] {
      if (worker == nullptr || worker->dead || (hops > 0 && worker->isolated)) {
        return ended(request, std::nullopt);
      }
      call(*worker->herder, Callback<T>([=, this](Outcome<T> outcome) {
        if (outcome.ok()) return ended(request, 200);
        try {
          outcome.value();
        } catch (const ForwardException& elsewhere) {
          if (hops == 2 || elsewhere.url().empty()) return ended(request, 409);
          return hop<T>(cluster_.at(elsewhere.url()), hops + 1, call);
        } catch (...) {
          return ended(request, sim_status(outcome.error()));
        }
      }));
    });
  }
  void ended(uint64_t request, std::optional<int> status) {
    if (request == requests_ && busy_) ended(status);
  }
  /// No status: nobody knows whether it was done, or will be.
  void ended(std::optional<int> status) {
    busy_ = false;
    const Effect effect = std::exchange(effect_, nullptr);
    const Effect partial = std::exchange(partial_, nullptr);
    if (status == 409 || status == 404 || !effect) return;
    std::set<Wish> next;
    for (const Wish& wish : possible_) {
      for (const Wish& after : effect(wish)) next.insert(after);
      if (status == 200) continue;
      next.insert(wish);
      if (!partial) continue;
      for (const Wish& half : partial(wish)) next.insert(half);
    }
    possible_ = next;
  }

  SimCluster& cluster_;
  const std::string name_;
  bool busy_ = false;
  uint64_t requests_ = 0;
  Effect effect_;
  Effect partial_;
  std::set<Wish> possible_{Wish{}};
};

class Simulation {
 public:
  explicit Simulation(uint64_t seed)
      : cluster_(seed, {.max_delay_ms = seed % 3 == 0 ? 20'000 : 0,
                        .mode = seed % 7 == 0 ? group::ProtocolMode::Eager
                                              : group::ProtocolMode::Sessioned}) {
    for (const char* name : {"a", "b", "c"}) {
      clients_.push_back(std::make_unique<Client>(cluster_, name));
    }
  }

  void run() {
    cluster_.add();
    for (int i = 0; i < kSteps && cluster_.owners.violation().empty(); ++i) {
      step();
      cluster_.pass(Millis{static_cast<int64_t>(cluster_.random() % 4'000)});
    }
    ASSERT_EQ(cluster_.owners.violation(), "");
    cluster_.heal();
    cluster_.pass(Millis{60'000});
    if (cluster_.alive().empty()) cluster_.add();
    for (int i = 0; i < 12; ++i) {
      cluster_.pass(Millis{60'000});
      restart_failed();
      if (i >= 2 && unsettled().empty()) break;
    }
    ASSERT_EQ(cluster_.owners.violation(), "");
    ASSERT_EQ(unsettled(), "") << "config topic:\n" << config_topic();
  }

 private:
  std::string config_topic() const {
    std::string text;
    for (size_t i = 0; i < cluster_.config_topic.records.size(); ++i) {
      const auto& record = cluster_.config_topic.records[i];
      if (!record) continue;
      text += std::to_string(i) + " " + *record->key + " " + record->value.value_or("-") + "\n";
    }
    for (const SimProcess* process : cluster_.alive()) {
      text += process->name + ":";
      for (const std::string& call : process->worker.calls) text += " " + call + ",";
      for (const auto& [id, item] : process->worker.running) {
        text += " " + id.to_string() + (item.started ? " runs," : " is not started,");
      }
      text += "\n";
    }
    return text;
  }

  SimProcess& any() {
    const auto workers = cluster_.alive();
    return *workers[cluster_.random() % workers.size()];
  }

  void step() {
    auto& random = cluster_.random;
    const size_t alive = cluster_.alive().size();
    if (alive == 0) {
      cluster_.add();  // all that were there have left
      return;
    }
    switch (random() % 14) {
      case 0:
        if (alive < kWorkers) cluster_.add();
        return;
      case 1:
        if (alive > 1) any().crash();
        return;
      case 2:
        if (alive > 1) leave(any());
        return;
      case 3:
        return any().cut(true);
      case 4: {
        SimProcess& one = any();
        one.cut(false);
        return cluster_.tail(one);
      }
      case 5:
        any().client.refuse = [&random] { return random() % 3 == 0; };
        return;
      case 6:
        cluster_.lossy = random() % 2 == 0;
        any().client.refuse = nullptr;
        return;
      case 7:
        cluster_.config_topic.compact();
        return cluster_.status_topic.compact();
      case 8:
        any().worker.fail = [&random] { return random() % 3 == 0; };
        return;
      case 9:
        any().config_topic.lose_answers = random() % 2 == 0;
        return;
      default:
        clients_[random() % clients_.size()]->ask();
    }
  }

  void leave(SimProcess& process) {
    process.herder->stop_all([&process](const Outcome<Done>&) { process.crash(); });
  }

  /// As operators do: failed connectors stay so by themselves.
  void restart_failed() {
    for (SimProcess* process : cluster_.alive()) {
      for (const auto& [id, item] : process->worker.running) {
        if (id.task >= 0 || item.started) continue;
        process->herder->restart_connector(id.connector, [](const Outcome<Done>&) {});
        break;
      }
    }
  }

  /// What does not hold after quiet; empty when all is well.
  std::string unsettled() const {
    ConfigState truth;
    for (size_t i = 0; i < cluster_.config_topic.records.size(); ++i) {
      const auto& record = cluster_.config_topic.records[i];
      if (record) truth.apply(static_cast<int64_t>(i), *record->key, record->value);
    }
    const ConfigSnapshot& snapshot = truth.state();
    std::string text = wrong_configs(snapshot);
    if (text.empty()) text = wrong_work(snapshot);
    if (text.empty()) text = wrong_spread();
    if (text.empty()) text = wrong_statuses();
    return text;
  }

  std::string wrong_configs(const ConfigSnapshot& snapshot) const {
    for (const auto& client : clients_) {
      if (client->busy()) return "a request about " + client->name() + " is open";
      Wish got;
      got.target = snapshot.target(client->name());
      if (snapshot.contains(client->name())) {
        const Properties& config = snapshot.connectors.at(client->name());
        got = {true, config.at("v"), std::stoi(config.at("tasks.max")), got.target};
      }
      if (client->possible().contains(got)) continue;
      std::string text = client->name() + " is " + got.text() + ", not one of";
      for (const Wish& wish : client->possible()) text += " " + wish.text();
      // Of a connector that does not exist, the target state is nobody's business.
      const bool gone = !got.exists && std::any_of(client->possible().begin(),
                                                   client->possible().end(),
                                                   [](const Wish& w) { return !w.exists; });
      if (!gone) return text;
    }
    return {};
  }

  std::string wrong_work(const ConfigSnapshot& snapshot) const {
    std::map<ConnectorTaskId, TargetState> wanted;
    for (const auto& [name, config] : snapshot.connectors) {
      const TargetState target = snapshot.target(name);
      wanted[{name, -1}] = target;
      const auto tasks = snapshot.task_ids(name);
      const size_t count = target == TargetState::Stopped ? 0
                           : target == TargetState::Started
                               ? static_cast<size_t>(std::stoi(config.at("tasks.max")))
                               : tasks.size();
      if (tasks.size() != count) {
        return name + " has " + std::to_string(tasks.size()) + " tasks configured, not " +
               std::to_string(count);
      }
      for (const ConnectorTaskId& id : tasks) wanted[id] = target;
    }
    for (const auto& [id, target] : wanted) {
      if (!cluster_.owners.all().contains(id)) return id.to_string() + " does not run";
    }
    for (const SimProcess* process : cluster_.alive()) {
      if (!process->fatal.empty()) return process->name + ": " + process->fatal;
      for (const auto& [id, item] : process->worker.running) {
        const auto at = wanted.find(id);
        if (at == wanted.end()) return id.to_string() + " runs and should not";
        if (item.target != at->second) return id.to_string() + " is in the wrong state";
        const bool started = at->second == TargetState::Started;
        if (started && item.connector_config != snapshot.connectors.at(id.connector)) {
          return id.to_string() + " runs with an old connector configuration";
        }
        if (id.task >= 0 && item.config != *snapshot.task(id)) {
          return id.to_string() + " runs with an old configuration";
        }
      }
    }
    return {};
  }

  std::string wrong_spread() const {
    std::vector<size_t> connectors;
    std::vector<size_t> tasks;
    for (const SimProcess* process : cluster_.alive()) {
      size_t n = 0;
      for (const auto& [id, item] : process->worker.running) n += id.task < 0 ? 1 : 0;
      connectors.push_back(n);
      tasks.push_back(process->worker.running.size() - n);
    }
    for (const auto* counts : {&connectors, &tasks}) {
      const auto [low, high] = std::minmax_element(counts->begin(), counts->end());
      if (*high - *low > 1) return "work is spread unevenly";
    }
    return {};
  }

  /// Every worker shows what is.
  std::string wrong_statuses() const {
    for (const SimProcess* process : cluster_.alive()) {
      for (const SimProcess* owner : cluster_.alive()) {
        for (const auto& [id, item] : owner->worker.running) {
          const Status* status = id.task < 0 ? process->statuses.connector(id.connector)
                                             : process->statuses.task(id);
          if (status == nullptr) return id.to_string() + " has no status on " + process->name;
          if (status->state != State::Failed && status->worker_id != owner->name + ":8083") {
            return id.to_string() + " is shown on " + status->worker_id + " by " + process->name;
          }
          const bool running = status->state == State::Running;
          if (item.target == TargetState::Started && !running && status->state != State::Failed) {
            return id.to_string() + " is shown as " + std::string(state_name(status->state));
          }
        }
      }
    }
    return {};
  }

  SimCluster cluster_;
  std::vector<std::unique_ptr<Client>> clients_;
};

std::optional<uint64_t> number_from(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  return std::strtoull(text, nullptr, 10);
}

TEST(DistributedSimulationTest, AnyScheduleSettles) {
  const auto only = number_from("MILLRACE_TEST_SEED");
  const uint64_t first = only.value_or(1);
  const uint64_t count =
      number_from("MILLRACE_SIMULATION_SEEDS").value_or(only ? 1 : kSeeds);
  const bool quiet = count > 1;
  logging::set_level("root", quiet ? "OFF" : "DEBUG", 0);
  for (uint64_t seed = first; seed < first + count; ++seed) {
    SCOPED_TRACE("MILLRACE_TEST_SEED=" + std::to_string(seed));
    Simulation simulation(seed);
    simulation.run();
    if (::testing::Test::HasFatalFailure()) break;
  }
  logging::set_level("root", "INFO", 0);
}

}  // namespace
}  // namespace millrace::testing

// Answers the cases of metrics_compare.py with the worker's statistics. See README.md.

#include <array>
#include <cstdio>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

#include "runtime/metrics/sampled_stat.h"
#include "runtime/worker/state_tracker.h"

namespace {

using millrace::SampledStat;
using millrace::State;
using millrace::StateTracker;

State state_of(const std::string& name) {
  for (const State state : {State::Unassigned, State::Running, State::Paused, State::Failed,
                            State::Destroyed}) {
    if (name == millrace::state_name(state)) return state;
  }
  throw std::invalid_argument(name);
}

void measure(const SampledStat& stat, int64_t now) {
  std::printf("%.17g %.17g %.17g %.17g %.17g\n", stat.avg(now), stat.max(now), stat.rate(now),
              stat.share_of_ones(now), stat.share_of_zeros(now));
}

}  // namespace

int main() {
  auto stat = std::make_unique<SampledStat>(millrace::MetricWindow{});
  StateTracker states;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream in(line);
    std::string word;
    int64_t time = 0;
    in >> word >> time;
    if (word == "window") {
      millrace::MetricWindow window{time, 0};
      in >> window.samples;
      stat = std::make_unique<SampledStat>(window);
      states = {};
    } else if (word == "record") {
      double value = 0;
      in >> value;
      stat->record(value, time);
    } else if (word == "measure") {
      measure(*stat, time);
    } else if (word == "state") {
      std::string name;
      in >> name;
      states.change(state_of(name), time);
    } else if (word == "ratio") {
      std::printf("%.17g %.17g\n", states.ratio(State::Running, time),
                  states.ratio(State::Paused, time));
    } else {
      std::cerr << "unknown case: " << line << '\n';
      return 1;
    }
  }
}

#include "runtime/cli/replay.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "millrace/errors.h"
#include "millrace/properties_file.h"
#include "runtime/cli/exit_codes.h"
#include "runtime/cli/open_broker.h"
#include "runtime/cli/replayer.h"
#include "runtime/storage/config_transformer.h"
#include "runtime/worker/worker_config.h"

namespace millrace {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr int kSomeFailed = 1;
constexpr int kBadConfiguration = 2;
constexpr Millis kProgressInterval{5'000};

std::atomic<int> asked_to_end = 0;  // the signal

void say(const std::string& text) { std::fprintf(stderr, "replay: %s\n", text.c_str()); }

std::string place_of(const Record& letter) {
  return std::string(letter.original_topic) + "-" + std::to_string(letter.original_partition) + "@" +
         std::to_string(letter.offset);
}

void print(const Json& json) {
  // Messages of a letter may be anything.
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::printf("%s\n", text.c_str());
}

void show_letter(const ReplayOptions& options, const Record& letter, const LetterOrigin& origin) {
  if (options.json) {
    return print({{"letter", place_of(letter)},
                  {"topic", origin.topic},
                  {"partition", origin.partition},
                  {"offset", origin.offset},
                  {"connector", origin.connector},
                  {"message", origin.message}});
  }
  std::printf("%s  of %.*s-%d@%lld  %.*s\n", place_of(letter).c_str(),
              static_cast<int>(origin.topic.size()), origin.topic.data(), origin.partition,
              static_cast<long long>(origin.offset), static_cast<int>(origin.message.size()),
              origin.message.data());
}

void show_result(const ReplayOptions& options, const ReplayCounts& counts, bool ended) {
  if (options.json) {
    return print({{"topic", options.letter_topic},
                  {"group", options.group},
                  {"dry_run", options.dry_run},
                  {"complete", ended},
                  {"read", counts.read},
                  {"replayed", counts.replayed},
                  {"left_out", counts.left_out},
                  {"without_origin", counts.without_origin},
                  {"by_topic", counts.by_topic}});
  }
  say("letters read: " + std::to_string(counts.read) +
      (options.dry_run ? ", would be replayed: " : ", replayed: ") + std::to_string(counts.replayed) +
      ", left out: " + std::to_string(counts.left_out) +
      ", without a place to go: " + std::to_string(counts.without_origin) +
      (ended ? "" : "; ended early, the next run goes on here"));
}

Replayer::Events make_events(const ReplayOptions& options) {
  Replayer::Events events;
  if (options.dry_run) {
    events.chosen = [&options](const Record& letter, const LetterOrigin& origin) {
      show_letter(options, letter, origin);
    };
  }
  events.without_origin = [told = false](const Record& letter) mutable {
    if (told) return;
    told = true;
    say("the letter " + place_of(letter) + " does not say where it came from: "
        "errors.deadletterqueue.context.headers.enable was off, or a source made it. Such letters are "
        "passed over");
  };
  events.progress = [next = Clock::now() + kProgressInterval](const ReplayCounts& counts) mutable {
    if (Clock::now() < next) return;
    next = Clock::now() + kProgressInterval;
    say(std::to_string(counts.read) + " of " + std::to_string(counts.total) + " letters read");
  };
  events.stop = [] { return asked_to_end != 0; };
  return events;
}

int finish(const ReplayOptions& options, const ReplayCounts& counts, bool ended) {
  show_result(options, counts, ended);
  if (!ended) return asked_to_end == SIGINT ? kExitInterrupted : kExitTerminated;
  return counts.without_origin == 0 ? 0 : kSomeFailed;
}

}  // namespace

int run_replay(const std::vector<std::string>& arguments) {
  ReplayOptions options;
  try {
    options = parse_replay_options(arguments);
  } catch (const ConfigException& error) {
    say(error.what());
    std::fprintf(stderr, "Usage: millrace %s\n", kReplayUsage);
    return kBadConfiguration;
  }
  for (const int signal : {SIGINT, SIGTERM}) {
    std::signal(signal, [](int number) { asked_to_end = number; });
  }
  Properties settings;
  std::unique_ptr<Broker> broker;
  try {
    settings = resolve_worker_config(read_properties_file(options.worker_file));
    broker = open_broker(settings);
  } catch (const std::exception&) {
    say(describe_current_exception());
    return kBadConfiguration;
  }
  Replayer replayer(*broker, settings, options, make_events(options));
  try {
    const bool ended = replayer.run();
    return finish(options, replayer.counts(), ended);
  } catch (const std::exception&) {
    say(describe_current_exception());
    show_result(options, replayer.counts(), false);
    return kSomeFailed;
  }
}

}  // namespace millrace

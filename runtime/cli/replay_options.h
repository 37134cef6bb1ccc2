#pragma once
// The command line of `millrace replay`.

#include <string>
#include <utility>
#include <vector>

namespace millrace {

inline constexpr const char* kReplayUsage =
    "replay WORKER_PROPERTIES DEAD_LETTER_TOPIC [--topic NAME] [--connector NAME]\n"
    "         [--header NAME=VALUE] [--group NAME] [--from-beginning] [--if-newer] [--dry-run] [--json]";

/// Which letters, and what to do with them. Each list may be empty: then all are meant.
struct ReplayOptions {
  std::string worker_file;
  std::string letter_topic;
  std::string group;                   // `<topic>-replay` unless given
  std::vector<std::string> topics;     // where the record came from, one of these
  std::vector<std::string> connectors;  // which one gave it up, one of these
  std::vector<std::pair<std::string, std::string>> headers;  // all of them
  bool from_beginning = false;         // whatever the group has read
  bool if_newer = false;
  bool dry_run = false;
  bool json = false;
};

/// Throws ConfigException for what is no option, lacks its value or has a bad one.
ReplayOptions parse_replay_options(const std::vector<std::string>& arguments);

}  // namespace millrace

#include "runtime/cli/replay_options.h"

#include "millrace/errors.h"

namespace millrace {
namespace {

std::pair<std::string, std::string> parse_header(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw ConfigException("--header takes NAME=VALUE, not \"" + text + "\"");
  }
  return {text.substr(0, equals), text.substr(equals + 1)};
}

/// True when `argument` is an option with a value, which is then stored.
bool take_value(const std::string& argument, const std::string* value, ReplayOptions& options) {
  const bool known = argument == "--group" || argument == "--topic" || argument == "--connector" ||
                     argument == "--header";
  if (!known) return false;
  if (value == nullptr || value->empty()) throw ConfigException(argument + " needs a value");
  if (argument == "--group") {
    options.group = *value;
  } else if (argument == "--topic") {
    options.topics.push_back(*value);
  } else if (argument == "--connector") {
    options.connectors.push_back(*value);
  } else {
    options.headers.push_back(parse_header(*value));
  }
  return true;
}

bool take_flag(const std::string& argument, ReplayOptions& options) {
  bool* flag = argument == "--from-beginning" ? &options.from_beginning
               : argument == "--if-newer"     ? &options.if_newer
               : argument == "--dry-run"      ? &options.dry_run
               : argument == "--json"         ? &options.json
                                              : nullptr;
  if (flag == nullptr) return false;
  *flag = true;
  return true;
}

void take_name(const std::string& argument, ReplayOptions& options) {
  if (argument.starts_with("-")) throw ConfigException("no option " + argument);
  if (options.worker_file.empty()) {
    options.worker_file = argument;
  } else if (options.letter_topic.empty()) {
    options.letter_topic = argument;
  } else {
    throw ConfigException("one dead letter topic, not also " + argument);
  }
}

}  // namespace

ReplayOptions parse_replay_options(const std::vector<std::string>& arguments) {
  ReplayOptions options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (take_flag(argument, options)) continue;
    if (take_value(argument, i + 1 < arguments.size() ? &arguments[i + 1] : nullptr, options)) {
      ++i;
    } else {
      take_name(argument, options);
    }
  }
  if (options.worker_file.empty()) throw ConfigException("which worker's properties file?");
  if (options.letter_topic.empty()) throw ConfigException("which dead letter topic?");
  if (options.group.empty()) options.group = options.letter_topic + "-replay";
  return options;
}

}  // namespace millrace

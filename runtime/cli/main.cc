// One executable for all programs: `millrace standalone ...`, or by the name of Kafka's scripts.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/cli/daemon.h"
#include "runtime/cli/describe.h"
#include "runtime/cli/distributed.h"
#include "runtime/cli/exit_codes.h"
#include "runtime/cli/replay.h"
#include "runtime/cli/standalone.h"
#include "runtime/cli/transform.h"
#include "runtime/metrics/log.h"

namespace {

using namespace millrace;

constexpr const char* kHelp =
    "Usage: millrace COMMAND [ARGUMENTS]\n"
    "\n"
    "Commands:\n"
    "  standalone [-daemon] worker.properties [connector.properties|connector.json ...]\n"
    "                 one worker; as Kafka's connect-standalone\n"
    "  distributed [-daemon] worker.properties\n"
    "                 a worker of a group; as Kafka's connect-distributed\n"
    "  describe [--plugin-path PATH] [--json] [worker | CLASS]\n"
    "                 the plugins, or the settings of the worker or of one class\n"
    "  transform CONNECTOR_CONFIG [OPTION ...]\n"
    "                 what a connector makes of records from a file or standard input, without a\n"
    "                 worker; `millrace transform` alone shows the options\n"
    "  replay WORKER_PROPERTIES DEAD_LETTER_TOPIC [OPTION ...]\n"
    "                 writes the records behind dead letters back to their topics; `millrace replay`\n"
    "                 alone shows the options\n"
    "  version        print the version\n";

/// One of Kafka's two scripts.
struct Script {
  const char* usage;  // without arguments
  const char* help;
  const char* daemon;  // name of its output
  int (*run)(const std::vector<std::string>& arguments);
};

const Script kStandalone{
    "USAGE: connect-standalone [-daemon] connect-standalone.properties [connector1.properties "
    "connector2.json ...]\n",
    "Usage: ConnectStandalone worker.properties [connector1.properties connector2.json ...]",
    "connectStandalone", run_standalone};
const Script kDistributed{
    "USAGE: connect-distributed [-daemon] connect-distributed.properties\n",
    "Usage: ConnectDistributed worker.properties", "connectDistributed",
    [](const std::vector<std::string>& arguments) { return run_distributed(arguments[0]); }};

int run_script(const Script& script, std::vector<std::string> arguments) {
  if (arguments.empty()) {
    std::fputs(script.usage, stderr);
    return kExitUsage;
  }
  logging::initialise();
  for (const std::string& argument : arguments) {
    if (argument != "--help") continue;
    logging::get("org.apache.kafka.connect.cli.AbstractConnectCli").info(script.help);
    return kExitUsage;
  }
  if (arguments[0] == "-daemon") {
    arguments.erase(arguments.begin());
    if (arguments.empty()) return kExitUsage;
    become_daemon(script.daemon);
  }
  return script.run(arguments);
}

}  // namespace

int main(int argc, char** argv) {
  // Writing to a closed connection is an error to handle, not a reason to end.
  std::signal(SIGPIPE, SIG_IGN);
  // A file at its size limit gives EFBIG, handled like a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  const std::string program = std::filesystem::path(argv[0]).stem().string();
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (program == "connect-standalone") return run_script(kStandalone, arguments);
  if (program == "connect-distributed") return run_script(kDistributed, arguments);
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "help") {
    std::fputs(kHelp, arguments.empty() ? stderr : stdout);
    return arguments.empty() ? kExitUsage : 0;
  }
  const std::string command = arguments[0];
  arguments.erase(arguments.begin());
  if (command == "standalone") return run_script(kStandalone, arguments);
  if (command == "distributed") return run_script(kDistributed, arguments);
  if (command == "describe") {
    logging::initialise();
    logging::set_line_writer([](std::string_view) {});  // standard output is the answer
    return run_describe(arguments);
  }
  if (command == "transform" || command == "replay") {
    logging::initialise();
    logging::set_line_writer([](std::string_view line) {  // standard output is the answer
      std::fwrite(line.data(), 1, line.size(), stderr);
    });
    if (std::getenv(logging::kLevelVariable) == nullptr) logging::set_level("root", "WARN", 0);
    return command == "replay" ? run_replay(arguments) : run_transform(arguments);
  }
  if (command == "version" || command == "--version") {
    std::puts("millrace " MILLRACE_VERSION);
    return 0;
  }
  std::fprintf(stderr, "millrace: no command \"%s\"\n%s", command.c_str(), kHelp);
  return kExitUsage;
}

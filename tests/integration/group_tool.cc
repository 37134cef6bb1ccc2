// A member of a group of type `connect`, for tests of the worker's own connections to brokers.
//
//   group_tool FILE   joins by the worker properties in FILE until SIGTERM
//
// Writes one JSON object a line for each event: joined, lost, left, fatal. The log goes to standard
// output too. Exit code 0 after SIGTERM, 2 when the member gave up or the properties are wrong.

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <csignal>
#include <iostream>
#include <nlohmann/json.hpp>

#include "millrace/errors.h"
#include "millrace/properties_file.h"
#include "runtime/group/group_member.h"
#include "runtime/group/kafka_coordinator_client.h"
#include "runtime/metrics/log.h"
#include "tests/support/io_executor.h"

namespace millrace::group {
namespace {

using Clock = std::chrono::steady_clock;
using Millis = std::chrono::milliseconds;
using testing::IoExecutor;

void tell(const nlohmann::json& event) { std::cout << event.dump() << std::endl; }

std::string text_of(const Properties& properties, const char* key, const char* fallback) {
  const std::string* value = find(properties, key);
  return value != nullptr ? *value : fallback;
}

class Tool final : public GroupListener {
 public:
  explicit Tool(const Properties& properties)
      : client_(io_, parse_bootstrap(text_of(properties, "bootstrap.servers", "")),
                connection_options(properties, "group-tool")),
        member_(control_, client_, options(properties), now, 1),
        signals_(io_, SIGTERM) {}

  int run() {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) stop();
    });
    member_.start(*this);
    io_.run();
    return code_;
  }

  std::vector<ProtocolMetadata> metadata() override { return {{"sessioned", "metadata"}}; }
  void prepare_join(std::function<void()> ready) override { ready(); }
  std::vector<MemberAssignment> assign(const std::string&, const std::string&,
                                       const std::vector<MemberMetadata>& members) override {
    std::vector<MemberAssignment> result;
    for (const auto& one : members) result.push_back({one.member, "work"});
    return result;
  }
  void on_joined(const Joined& joined) override {
    tell({{"event", "joined"}, {"generation", joined.generation}, {"member", joined.member},
          {"assignment", joined.assignment}});
  }
  void on_lost(const std::string& why, bool) override { tell({{"event", "lost"}, {"why", why}}); }
  void on_fatal(std::exception_ptr error) override {
    code_ = 2;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& known) {
      tell({{"event", "fatal"}, {"error", describe(known)}});
    }
    io_.stop();
  }

 private:
  static Millis now() {
    return std::chrono::duration_cast<Millis>(Clock::now().time_since_epoch());
  }
  static GroupOptions options(const Properties& properties) {
    GroupOptions made;
    made.group_id = text_of(properties, "group.id", "");
    made.heartbeat_interval = Millis(std::stol(text_of(properties, "heartbeat.interval.ms",
                                                       "3000")));
    return made;
  }
  void stop() {
    member_.stop(std::chrono::seconds(5), [this](const Outcome<Done>&) {
      tell({{"event", "left"}});
      io_.stop();
    });
  }

  boost::asio::io_context io_;
  IoExecutor control_{io_};
  KafkaCoordinatorClient client_;
  GroupMember member_;
  boost::asio::signal_set signals_;
  int code_ = 0;
};

int run(const std::string& file) {
  logging::initialise();
  try {
    return Tool(read_properties_file(file)).run();
  } catch (const std::exception& error) {
    tell({{"event", "fatal"}, {"error", describe(error)}});
    return 2;
  }
}

}  // namespace
}  // namespace millrace::group

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: group_tool FILE\n";
    return 1;
  }
  return millrace::group::run(arguments[1]);
}

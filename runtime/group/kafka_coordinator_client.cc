#include "runtime/group/kafka_coordinator_client.h"

#include <boost/asio/post.hpp>

#include <charconv>

#include "millrace/errors.h"
#include "millrace/properties.h"
#include "runtime/metrics/log.h"

namespace millrace::group {
namespace {

spdlog::logger& logger() {
  static auto& instance =
      logging::get("org.apache.kafka.connect.runtime.distributed.WorkerCoordinator");
  return instance;
}

}  // namespace

std::vector<HostPort> parse_bootstrap(const std::string& servers) {
  std::vector<HostPort> brokers;
  for (const std::string& server : split_list(&servers)) {
    const size_t colon = server.rfind(':');
    HostPort broker;
    const char* end = server.data() + server.size();
    const char* digits = colon == std::string::npos ? end : server.data() + colon + 1;
    const auto [at, error] = std::from_chars(digits, end, broker.port);
    if (error != std::errc() || at != end || broker.port < 1 || broker.port > 65'535) {
      throw ConfigException("Invalid url in bootstrap.servers: " + server);
    }
    broker.host = server.substr(0, colon);
    if (broker.host.starts_with('[') && broker.host.ends_with(']')) {
      broker.host = broker.host.substr(1, broker.host.size() - 2);
    }
    brokers.push_back(std::move(broker));
  }
  if (brokers.empty()) {
    throw ConfigException("No resolvable bootstrap urls given in bootstrap.servers");
  }
  return brokers;
}

KafkaCoordinatorClient::KafkaCoordinatorClient(boost::asio::io_context& io,
                                               std::vector<HostPort> bootstrap,
                                               ConnectionOptions options)
    : io_(io), bootstrap_(std::move(bootstrap)), options_(std::move(options)) {}

KafkaCoordinatorClient::~KafkaCoordinatorClient() {
  *alive_ = false;
  disconnect();
}

void KafkaCoordinatorClient::disconnect() noexcept {
  rounds_.reset();
  beats_.reset();
}

void KafkaCoordinatorClient::find(const std::string& group, Callback<KafkaError> done) {
  disconnect();
  // Another one each time: the last may be the one that is away.
  const HostPort& broker = bootstrap_[next_bootstrap_++ % bootstrap_.size()];
  ask(group, broker, std::move(done));
}

void KafkaCoordinatorClient::ask(const std::string& group, const HostPort& broker,
                                 Callback<KafkaError> done) {
  BrokerConnection::open(
      io_, broker.host, broker.port, options_,
      [this, alive = alive_, group, done](Outcome<Connection> outcome) {
        if (!*alive) return;
        if (!outcome.ok()) {
          try {
            outcome.value();
          } catch (const std::exception& error) {
            logger().warn("Finding the coordinator of group {}: {}", group, error.what());
          }
          return done(outcome.error());
        }
        const Connection connection = outcome.value();
        call<FindCoordinatorResponse>(
            connection, ApiKey::FindCoordinator, options_.request_timeout,
            [&group](int16_t) { return find_coordinator_body(group); },
            [](std::string_view body, int16_t) { return read_find_coordinator(body); },
            // Held until it has answered.
            [this, alive, connection, done](Outcome<FindCoordinatorResponse> found) {
              if (!*alive) return;
              if (!found.ok()) return done(found.error());
              if (found.value().error != KafkaError::None) return done(found.value().error);
              connect(found.value().node, done);
            });
      });
}

void KafkaCoordinatorClient::connect(const Node& node, Callback<KafkaError> done) {
  const auto open = [this, node](Callback<Connection> opened) {
    BrokerConnection::open(io_, node.host, node.port, options_, std::move(opened));
  };
  open([this, alive = alive_, open, node, done](Outcome<Connection> first) {
    if (!*alive) return;
    if (!first.ok()) return done(first.error());
    open([this, alive, node, done, rounds = first.value()](Outcome<Connection> second) {
      if (!*alive) return;
      if (!second.ok()) return done(second.error());
      rounds_ = rounds;
      beats_ = second.value();
      logger().info("Discovered group coordinator {}:{} (id: {})", node.host, node.port, node.id);
      done(KafkaError::None);
    });
  });
}

template <class T>
void KafkaCoordinatorClient::call(const Connection& connection, ApiKey api,
                                  std::chrono::milliseconds timeout,
                                  const std::function<std::string(int16_t)>& body,
                                  std::function<T(std::string_view, int16_t)> read,
                                  Callback<T> done) {
  std::exception_ptr failure;
  try {
    if (!connection) throw ConnectException("the coordinator is not known");
    const int16_t version = connection->version(api);
    return connection->request(
        api, version, body(version), timeout,
        [read = std::move(read), version, done](Outcome<std::string> outcome) {
          if (!outcome.ok()) return done(outcome.error());
          std::optional<T> answer;
          try {
            answer = read(outcome.value(), version);
          } catch (...) {
            return done(std::current_exception());
          }
          done(std::move(*answer));
        });
  } catch (...) {
    failure = std::current_exception();
  }
  boost::asio::post(io_, [done = std::move(done), failure] { done(failure); });
}

void KafkaCoordinatorClient::join(const JoinRequest& request, std::chrono::milliseconds timeout,
                                  Callback<JoinResponse> done) {
  call<JoinResponse>(
      rounds_, ApiKey::JoinGroup, timeout,
      [&request](int16_t version) { return join_body(request, version); }, read_join,
      std::move(done));
}

void KafkaCoordinatorClient::sync(const SyncRequest& request, Callback<SyncResponse> done) {
  call<SyncResponse>(
      rounds_, ApiKey::SyncGroup, options_.request_timeout,
      [&request](int16_t version) { return sync_body(request, version); },
      [](std::string_view body, int16_t) { return read_sync(body); }, std::move(done));
}

void KafkaCoordinatorClient::heartbeat(const std::string& group, int32_t generation,
                                       const std::string& member, Callback<KafkaError> done) {
  call<KafkaError>(
      beats_, ApiKey::Heartbeat, options_.request_timeout,
      [&](int16_t version) { return heartbeat_body(group, generation, member, version); },
      [](std::string_view body, int16_t) { return read_error(body, "the Heartbeat response"); },
      std::move(done));
}

void KafkaCoordinatorClient::leave(const std::string& group, const std::string& member,
                                   Callback<KafkaError> done) {
  call<KafkaError>(
      beats_, ApiKey::LeaveGroup, options_.request_timeout,
      [&](int16_t) { return leave_body(group, member); },
      [](std::string_view body, int16_t) { return read_error(body, "the LeaveGroup response"); },
      std::move(done));
}

}  // namespace millrace::group

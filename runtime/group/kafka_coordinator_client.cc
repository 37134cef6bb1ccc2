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
  constexpr std::string_view kScheme = "://";
  std::vector<HostPort> brokers;
  for (const std::string& server : split_list(&servers)) {
    if (server.empty()) continue;
    const size_t scheme = server.find(kScheme);
    const std::string address =
        scheme == std::string::npos ? server : server.substr(scheme + kScheme.size());
    const size_t colon = address.rfind(':');
    HostPort broker;
    const char* end = address.data() + address.size();
    const char* digits = colon == std::string::npos ? end : address.data() + colon + 1;
    const auto [at, error] = std::from_chars(digits, end, broker.port);
    broker.host = address.substr(0, colon);
    const bool bracketed = broker.host.starts_with('[') && broker.host.ends_with(']');
    if (bracketed) broker.host = broker.host.substr(1, broker.host.size() - 2);
    const bool ambiguous = !bracketed && broker.host.find(':') != std::string::npos;
    if (error != std::errc() || at != end || broker.port < 1 || broker.port > 65'535 ||
        broker.host.empty() || ambiguous) {
      throw ConfigException("Invalid url in bootstrap.servers: " + server +
                            "; it must be host:port, or [address]:port for IPv6");
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
    : io_(io),
      bootstrap_(std::move(bootstrap)),
      context_(std::make_shared<ConnectionContext>(std::move(options))),
      reconnects_(*context_->options()),
      pause_(io) {
  for (const std::string& warning : context_->options()->security.warnings) {
    logger().warn("{}", warning);
  }
}

KafkaCoordinatorClient::~KafkaCoordinatorClient() {
  *alive_ = false;
  disconnect();
}

void KafkaCoordinatorClient::disconnect() noexcept {
  pause_.cancel();
  coordinator_.reset();
  any_.reset();
  rounds_.reset();
  beats_.reset();
}

void KafkaCoordinatorClient::open(Connection& slot, const HostPort& broker, Callback<Done> done) {
  pause_.expires_after(reconnects_.wait(broker, Reconnects::Clock::now()));
  pause_.async_wait([this, alive = alive_, &slot, broker,
                     done = std::move(done)](const boost::system::error_code& error) {
    if (!*alive) return;
    if (error) return done(std::make_exception_ptr(ConnectException("disconnected")));
    open_now(slot, broker, done);
  });
}

void KafkaCoordinatorClient::open_now(Connection& slot, const HostPort& broker,
                                      Callback<Done> done) {
  slot = BrokerConnection::open(
      io_, context_, broker.host, broker.port, reconnects_.setup_timeout(broker),
      [this, alive = alive_, broker, done = std::move(done)](Outcome<Done> outcome) {
        if (!*alive) return;
        outcome.ok() ? reconnects_.succeeded(broker)
                     : reconnects_.failed(broker, Reconnects::Clock::now());
        done(std::move(outcome));
      });
}

const HostPort& KafkaCoordinatorClient::next_bootstrap() {
  // Another one each time: the last may be the one that is away.
  const auto now = Reconnects::Clock::now();
  const HostPort* soonest = nullptr;
  for (size_t i = 0; i < bootstrap_.size(); ++i) {
    const HostPort& one = bootstrap_[(next_bootstrap_ + i) % bootstrap_.size()];
    if (soonest == nullptr || reconnects_.wait(one, now) < reconnects_.wait(*soonest, now)) {
      soonest = &one;
    }
  }
  next_bootstrap_ = static_cast<size_t>(soonest - bootstrap_.data()) + 1;
  return *soonest;
}

void KafkaCoordinatorClient::find(const std::string& group, Callback<KafkaError> done) {
  disconnect();
  ask(group, [group, done = std::move(done)](Outcome<KafkaError> outcome) {
    if (!outcome.ok()) {
      try {
        outcome.value();
      } catch (const std::exception& error) {
        logger().warn("Finding the coordinator of group {}: {}", group, error.what());
      }
    }
    done(std::move(outcome));
  });
}

void KafkaCoordinatorClient::ask(const std::string& group, Callback<KafkaError> done) {
  open(any_, next_bootstrap(), [this, group, done = std::move(done)](Outcome<Done> opened) {
    if (!opened.ok()) return done(opened.error());
    call<FindCoordinatorResponse>(
        any_, ApiKey::FindCoordinator, context_->options()->request_timeout,
        [&group](int16_t) { return find_coordinator_body(group); },
        [](std::string_view body, int16_t) { return read_find_coordinator(body); },
        [this, alive = alive_, done](Outcome<FindCoordinatorResponse> found) {
          if (!*alive) return;
          if (!found.ok()) return done(found.error());
          if (found.value().error != KafkaError::None) return done(found.value().error);
          connect(found.value().node, done);
        });
  });
}

void KafkaCoordinatorClient::connect(const Node& node, Callback<KafkaError> done) {
  const HostPort broker{node.host, node.port};
  open(rounds_, broker, [this, broker, node, done = std::move(done)](Outcome<Done> first) {
    if (!first.ok()) return done(first.error());
    open(beats_, broker, [this, broker, node, done](Outcome<Done> second) {
      if (!second.ok()) return done(second.error());
      any_.reset();
      coordinator_ = broker;
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
  const auto send = [this, request, timeout, done] {
    call<JoinResponse>(
        rounds_, ApiKey::JoinGroup, timeout,
        [&request](int16_t version) { return join_body(request, version); }, read_join, done);
  };
  if (!coordinator_ || (rounds_ && rounds_->is_open())) return send();
  // It was idle since the last round.
  open(rounds_, *coordinator_, [send, done](Outcome<Done> opened) {
    opened.ok() ? send() : done(opened.error());
  });
}

void KafkaCoordinatorClient::sync(const SyncRequest& request, Callback<SyncResponse> done) {
  call<SyncResponse>(
      rounds_, ApiKey::SyncGroup, context_->options()->request_timeout,
      [&request](int16_t version) { return sync_body(request, version); },
      [](std::string_view body, int16_t) { return read_sync(body); }, std::move(done));
}

void KafkaCoordinatorClient::heartbeat(const std::string& group, int32_t generation,
                                       const std::string& member, Callback<KafkaError> done) {
  call<KafkaError>(
      beats_, ApiKey::Heartbeat, context_->options()->request_timeout,
      [&](int16_t version) { return heartbeat_body(group, generation, member, version); },
      [](std::string_view body, int16_t) { return read_error(body, "the Heartbeat response"); },
      std::move(done));
}

void KafkaCoordinatorClient::leave(const std::string& group, const std::string& member,
                                   Callback<KafkaError> done) {
  call<KafkaError>(
      beats_, ApiKey::LeaveGroup, context_->options()->request_timeout,
      [&](int16_t) { return leave_body(group, member); },
      [](std::string_view body, int16_t) { return read_error(body, "the LeaveGroup response"); },
      std::move(done));
}

}  // namespace millrace::group

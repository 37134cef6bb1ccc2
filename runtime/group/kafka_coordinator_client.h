#pragma once
// A group's coordinator on a Kafka cluster.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/group/broker_connection.h"
#include "runtime/group/coordinator_client.h"
#include "runtime/group/reconnects.h"

namespace millrace::group {

/// `host:port` and `[v6]:port` of bootstrap.servers; a `protocol://` before it is ignored, as by Java.
/// Throws ConfigException.
std::vector<HostPort> parse_bootstrap(const std::string& servers);

/// Two connections to the coordinator: joins are held back by it until a round is over, and what comes
/// behind them on the same connection waits too; heartbeats therefore have their own. A connection that
/// was idle for too long is opened again when it is needed.
class KafkaCoordinatorClient final : public CoordinatorClient {
 public:
  /// Throws ConfigException when the options' security cannot work.
  KafkaCoordinatorClient(boost::asio::io_context& io, std::vector<HostPort> bootstrap,
                         ConnectionOptions options);
  ~KafkaCoordinatorClient() override;

  void find(const std::string& group, Callback<KafkaError> done) override;
  void join(const JoinRequest& request, std::chrono::milliseconds timeout,
            Callback<JoinResponse> done) override;
  void sync(const SyncRequest& request, Callback<SyncResponse> done) override;
  void heartbeat(const std::string& group, int32_t generation, const std::string& member,
                 Callback<KafkaError> done) override;
  void leave(const std::string& group, const std::string& member,
             Callback<KafkaError> done) override;
  void disconnect() noexcept override;

 private:
  using Connection = std::shared_ptr<BrokerConnection>;

  /// Connects `slot` to `broker`, not before its backoff is over.
  void open(Connection& slot, const HostPort& broker, Callback<Done> done);
  void open_now(Connection& slot, const HostPort& broker, Callback<Done> done);
  const HostPort& next_bootstrap();
  void ask(const std::string& group, Callback<KafkaError> done);
  void connect(const Node& node, Callback<KafkaError> done);
  /// Sends on `connection`; `body` is made for the version, `read` takes the answer for it.
  template <class T>
  void call(const Connection& connection, ApiKey api, std::chrono::milliseconds timeout,
            const std::function<std::string(int16_t)>& body,
            std::function<T(std::string_view, int16_t)> read, Callback<T> done);

  boost::asio::io_context& io_;
  const std::vector<HostPort> bootstrap_;
  // Last to go of what works in the background: connections end before it.
  const std::shared_ptr<ConnectionContext> context_;
  Reconnects reconnects_;
  boost::asio::steady_timer pause_;  // before a connection is opened
  size_t next_bootstrap_ = 0;
  std::optional<HostPort> coordinator_;
  Connection any_;     // to whom the coordinator is asked for
  Connection rounds_;  // joins and syncs
  Connection beats_;   // heartbeats and leaving
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace millrace::group

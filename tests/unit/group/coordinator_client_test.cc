// The coordinator's client on brokers of a script, and its settings.

#include "connection_fixture.h"
#include "runtime/group/kafka_coordinator_client.h"
#include "tests/support/temporary_folder.h"

namespace millrace::group {
namespace {

using ::testing::HasSubstr;

class CoordinatorClientTest : public ConnectionFixture {
 protected:
  static auto usual() {
    return [](const Request& request) { return Reply{FakeBroker::usual(request, 1)}; };
  }
  /// The outcome of a find; nothing when it failed, see failure_.
  std::optional<KafkaError> find(KafkaCoordinatorClient& client) {
    std::optional<KafkaError> found;
    failure_.reset();
    client.find("g", [&](Outcome<KafkaError> outcome) {
      failure_ = kept(outcome.error());
      if (outcome.ok()) found = outcome.value();
    });
    EXPECT_TRUE(run_until([&] { return found || failure_; }));
    return found;
  }
  size_t joins(KafkaCoordinatorClient& client) {
    bool done = false;
    JoinRequest request;
    request.group = "g";
    client.join(request, Millis{20'000},
                [&](const Outcome<JoinResponse>& outcome) {
                  failure_ = kept(outcome.error());
                  done = true;
                });
    EXPECT_TRUE(run_until([&] { return done; }));
    return failure_ ? 0 : 1;
  }
  /// A broker that coordinates its groups itself.
  std::unique_ptr<FakeBroker> coordinator() {
    auto port = std::make_shared<int32_t>(0);
    auto broker = std::make_unique<FakeBroker>(io_, [port](const Request& request) {
      return Reply{FakeBroker::usual(request, *port)};
    });
    *port = broker->port();
    return broker;
  }
};

TEST_F(CoordinatorClientTest, BrokersAreAskedInTurn) {
  FakeBroker away(io_, usual());
  const int32_t dead = away.port();
  away.close();
  const auto broker = coordinator();
  ConnectionOptions options = sasl();
  options.reconnect_backoff = options.reconnect_backoff_max = std::chrono::seconds(30);
  KafkaCoordinatorClient client(io_, {{"127.0.0.1", dead}, {"127.0.0.1", broker->port()}}, options);
  EXPECT_EQ(find(client), std::nullopt);
  EXPECT_EQ(failure_->kind(), ErrorKind::Connect);
  // From now on the one that answers, and none waits for the other's backoff.
  for (int i = 0; i < 3; ++i) EXPECT_EQ(find(client), KafkaError::None);
  EXPECT_EQ(broker->connections(), 9U);  // one to ask, two to the coordinator, each time
}

TEST_F(CoordinatorClientTest, AnIdleConnectionIsClosedAndOpenedForTheNextRound) {
  const auto broker = coordinator();
  ConnectionOptions options = plaintext();
  options.max_idle = Millis{50};
  KafkaCoordinatorClient client(io_, {{"127.0.0.1", broker->port()}}, options);
  ASSERT_EQ(find(client), KafkaError::None);
  EXPECT_EQ(joins(client), 1U);
  // A heartbeat fails once the connections were idle for that long.
  ASSERT_TRUE(run_until([&] {
    bool failed = false, done = false;
    client.heartbeat("g", 1, "m", [&](const Outcome<KafkaError>& outcome) {
      failed = !outcome.ok();
      done = true;
    });
    EXPECT_TRUE(run_until([&] { return done; }));
    if (!failed) io_.run_for(Millis{100});
    return failed;
  }));
  const size_t before = broker->connections();
  EXPECT_EQ(joins(client), 1U);
  EXPECT_EQ(broker->connections(), before + 1);
}

TEST_F(CoordinatorClientTest, DisconnectingEndsASearch) {
  const FakeBroker broker(io_, [](const Request&) { return Reply{.bytes = {}, .silent = true}; });
  KafkaCoordinatorClient client(io_, {{"127.0.0.1", broker.port()}}, plaintext());
  size_t ended = 0;
  client.find("g", [&ended](const Outcome<KafkaError>& outcome) { ended += outcome.ok() ? 0 : 1; });
  client.disconnect();
  EXPECT_TRUE(run_until([&] { return ended == 1; }));
  client.find("g", [&ended](const Outcome<KafkaError>& outcome) { ended += outcome.ok() ? 0 : 1; });
  ASSERT_TRUE(run_until([&] { return !broker.requests().empty(); }));
  client.disconnect();
  EXPECT_TRUE(run_until([&] { return ended == 2; }));
}

TEST(ParseBootstrapListTest, TakesNamesAndAddresses) {
  const auto brokers = parse_bootstrap("a:9092, [::1]:9093,SASL_SSL://b.example:1,");
  const std::vector<HostPort> wanted = {{"a", 9092}, {"::1", 9093}, {"b.example", 1}};
  EXPECT_EQ(brokers, wanted);
  for (const char* bad : {"", ",", "a", "a:", ":1", "a:x", "a:0", "a:70000", "::1:9092", "[]:1"}) {
    EXPECT_THROW(parse_bootstrap(bad), ConfigException) << bad;
  }
}

TEST(ConnectionOptionsTest, AreThoseOfTheWorker) {
  const ConnectionOptions none = connection_options({}, "w:8083");
  EXPECT_EQ(none.client_id, "w:8083");
  EXPECT_EQ(none.request_timeout.count(), 40'000);
  EXPECT_EQ(none.max_idle.count(), 540'000);
  EXPECT_EQ(none.reconnect_backoff_max.count(), 1'000);
  EXPECT_FALSE(none.security.tls || none.security.sasl);
  const ConnectionOptions given = connection_options(
      {{"client.id", "me"}, {"request.timeout.ms", "5"}, {"reconnect.backoff.ms", "7"},
       {"socket.connection.setup.timeout.ms", "60000"}, {"connections.max.idle.ms", "-1"},
       {"security.protocol", "ssl"}, {"ssl.endpoint.identification.algorithm", ""}},
      "w:8083");
  EXPECT_EQ(given.client_id, "me");
  EXPECT_EQ(given.request_timeout.count(), 5);
  EXPECT_EQ(given.reconnect_backoff_max.count(), 7);
  EXPECT_EQ(given.setup_timeout_max.count(), 60'000);
  EXPECT_EQ(given.max_idle.count(), 0);
  EXPECT_TRUE(given.security.tls);
  EXPECT_FALSE(given.security.tls_settings.check_host_name);
  EXPECT_THROW(connection_options({{"request.timeout.ms", "-1"}}, ""), ConfigException);
  EXPECT_THROW(connection_options({{"reconnect.backoff.ms", "x"}}, ""), ConfigException);
}

TEST(ReconnectsTest, BothTimesGrowToTheirLimits) {
  ConnectionOptions options;
  Reconnects reconnects(options, 1);
  const HostPort broker{"a", 1}, other{"b", 1};
  const auto now = Reconnects::Clock::now();
  EXPECT_EQ(reconnects.wait(broker, now).count(), 0);
  EXPECT_NEAR(static_cast<double>(reconnects.setup_timeout(broker).count()), 10'000, 2'000);
  for (const double wanted : {50.0, 100.0, 200.0, 400.0, 800.0}) {
    reconnects.failed(broker, now);
    EXPECT_NEAR(static_cast<double>(reconnects.wait(broker, now).count()), wanted, wanted / 5 + 1);
  }
  for (int i = 0; i < 100; ++i) reconnects.failed(broker, now);
  EXPECT_LE(reconnects.wait(broker, now).count(), 1'000);
  EXPECT_GE(reconnects.wait(broker, now).count(), 799);
  EXPECT_GE(reconnects.setup_timeout(broker).count(), 23'999);
  EXPECT_LE(reconnects.setup_timeout(broker).count(), 30'000);
  EXPECT_EQ(reconnects.wait(broker, now + std::chrono::seconds(1)).count(), 0);
  EXPECT_EQ(reconnects.wait(other, now).count(), 0);
  reconnects.succeeded(broker);
  EXPECT_EQ(reconnects.wait(broker, now).count(), 0);
}

}  // namespace
}  // namespace millrace::group

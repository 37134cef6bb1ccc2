// SASL on connections to a broker of a script.

#include "connection_fixture.h"

#include <random>

#include "runtime/group/sasl_login.h"

namespace millrace::group {
namespace {

using security::SaslMechanism;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using std::string_literals::operator""s;

class SaslLoginTest : public ConnectionFixture {
 protected:
  /// A broker that gives `reply` to the requests of `api`, and the usual answer to others.
  auto with(ApiKey api, const Reply& reply) {
    return [api, reply](const Request& request) {
      return request.api == api ? reply : Reply{FakeBroker::usual(request, 1)};
    };
  }
  std::string refusal_with(ApiKey api, const Reply& reply,
                           SaslMechanism mechanism = SaslMechanism::Plain) {
    const FakeBroker broker(io_, with(api, reply));
    return refusal(broker, sasl(mechanism));
  }
};

TEST_F(SaslLoginTest, PlainIsFourRequests) {
  const FakeBroker broker(io_, [](const Request& request) {
    return Reply{FakeBroker::usual(request, 1)};
  });
  EXPECT_EQ(refusal(broker, sasl()), "");
  const auto& sent = broker.requests();
  ASSERT_EQ(sent.size(), 4U);
  EXPECT_EQ(sent[0].api, ApiKey::ApiVersions);
  EXPECT_EQ(sent[1].api, ApiKey::SaslHandshake);
  EXPECT_EQ(sent[1].version, 1);
  EXPECT_EQ(sent[1].body, "\0\5PLAIN"s);
  EXPECT_EQ(sent[2].api, ApiKey::SaslAuthenticate);
  EXPECT_EQ(sent[2].version, 1);
  EXPECT_EQ(sent[2].body, "\0\0\0\x12\0alice\0s3cret-word"s);
  EXPECT_EQ(sent[3].api, ApiKey::ApiVersions);
}

TEST_F(SaslLoginTest, TokensAreSentWithTheirExtensions) {
  const FakeBroker broker(io_, [](const Request& request) {
    return Reply{FakeBroker::usual(request, 1)};
  });
  ConnectionOptions options = sasl(SaslMechanism::OAuthBearer);
  options.security.sasl_settings.oauth.extensions = {{"logicalCluster", "lkc-1"}, {"pool", "p"}};
  EXPECT_EQ(refusal(broker, options), "");
  const std::string& body = broker.requests().at(2).body;
  EXPECT_TRUE(body.substr(4).starts_with("n,,\1auth=Bearer eyJ")) << body;
  EXPECT_TRUE(body.ends_with(".\1logicalCluster=lkc-1\1pool=p\1\1")) << body;
}

TEST_F(SaslLoginTest, RefusalsNameWhatToDo) {
  EXPECT_THAT(refusal_with(ApiKey::SaslHandshake, {FakeBroker::handshake(33)}),
              AllOf(HasSubstr("127.0.0.1:"), HasSubstr("sasl.mechanism PLAIN"),
                    HasSubstr("it takes PLAIN, OTHER")));
  EXPECT_TRUE(fatal());
  EXPECT_THAT(refusal_with(ApiKey::SaslHandshake, {FakeBroker::handshake(34)}),
              HasSubstr("check security.protocol"));
  EXPECT_TRUE(fatal());
  EXPECT_THAT(refusal_with(ApiKey::SaslAuthenticate,
                           {FakeBroker::authenticated("", 0, 58, "no such\nuser")}),
              AllOf(HasSubstr("PLAIN authentication failed: no such user; check username and "
                              "password in sasl.jaas.config"),
                    Not(HasSubstr(kSecret))));
  EXPECT_TRUE(fatal());
  // Other errors may pass.
  EXPECT_THAT(refusal_with(ApiKey::SaslAuthenticate, {FakeBroker::authenticated("", 0, -1)}),
              HasSubstr("error code -1"));
  EXPECT_FALSE(fatal());
}

TEST_F(SaslLoginTest, ARefusedTokenIsReportedWithTheServersDetail) {
  size_t rounds = 0;
  const FakeBroker broker(io_, [&rounds](const Request& request) {
    if (request.api != ApiKey::SaslAuthenticate) return Reply{FakeBroker::usual(request, 1)};
    if (++rounds == 1) return Reply{FakeBroker::authenticated(R"({"status":"invalid_token"})")};
    EXPECT_EQ(request.body, "\0\0\0\1\1"s);
    return Reply{FakeBroker::authenticated("", 0, 58, "refused")};
  });
  EXPECT_THAT(refusal(broker, sasl(SaslMechanism::OAuthBearer)),
              HasSubstr(R"(refused ({"status":"invalid_token"}))"));
  EXPECT_TRUE(fatal());
}

TEST_F(SaslLoginTest, AServerThatNeverEndsIsLeft) {
  size_t rounds = 0;
  const FakeBroker broker(io_, [&rounds](const Request& request) {
    if (request.api == ApiKey::SaslAuthenticate) ++rounds;
    return Reply{FakeBroker::usual(request, 1)};
  });
  // SCRAM's first answer must not be empty, so it ends at once.
  EXPECT_THAT(refusal(broker, sasl(SaslMechanism::ScramSha256)), HasSubstr("nonce"));
  EXPECT_TRUE(fatal());
  EXPECT_EQ(rounds, 1U);
}

TEST_F(SaslLoginTest, EachStepIsLimitedInTime) {
  for (const ApiKey api : {ApiKey::ApiVersions, ApiKey::SaslHandshake, ApiKey::SaslAuthenticate}) {
    const FakeBroker broker(io_, with(api, {.bytes = {}, .silent = true}));
    ConnectionOptions options = sasl();
    options.request_timeout = Millis{80};
    EXPECT_THAT(refusal(broker, options), AllOf(HasSubstr("127.0.0.1:"), HasSubstr("within 80 ms")))
        << static_cast<int>(api);
    EXPECT_FALSE(fatal());
  }
}

TEST_F(SaslLoginTest, AConnectionThatIsDroppedWhileItOpensSaysSoOnce) {
  for (const size_t stage : {0U, 1U, 2U, 3U}) {
    size_t seen = 0;
    Connection connection;
    const FakeBroker broker(io_, [&](const Request& request) {
      if (seen++ == stage) connection.reset();
      return Reply{FakeBroker::usual(request, 1)};
    });
    const auto context = std::make_shared<ConnectionContext>(sasl());
    connection = start(broker, context);
    ASSERT_TRUE(run_until([this] { return opened_ > 0; }));
    EXPECT_THAT(failure_->what(), HasSubstr("closed"));
    io_.restart();
    io_.poll();
    EXPECT_EQ(opened_, 1U);
  }
}

TEST_F(SaslLoginTest, ItMayEndWithItsContextOrItsThread) {
  const FakeBroker broker(io_, [](const Request& request) {
    return Reply{FakeBroker::usual(request, 1)};
  });
  for (int steps = 0; steps < 40; ++steps) {
    auto context = std::make_shared<ConnectionContext>(sasl(SaslMechanism::OAuthBearer));
    Connection connection = start(broker, context);
    for (int i = 0; i < steps; ++i) {
      io_.restart();
      io_.run_one_for(Millis{1});
    }
    context.reset();  // the connection is still there
    ASSERT_TRUE(run_until([this] { return opened_ > 0; }));
    connection.reset();
  }
  // And with everything at any moment.
  for (int steps = 0; steps < 40; ++steps) {
    boost::asio::io_context io;
    const FakeBroker own(io, [](const Request& request) {
      return Reply{FakeBroker::usual(request, 1)};
    });
    const auto context = std::make_shared<ConnectionContext>(sasl(SaslMechanism::OAuthBearer));
    const auto connection = BrokerConnection::open(io, context, "127.0.0.1", own.port(),
                                                   Millis{5'000}, [](const Outcome<Done>&) {});
    for (int i = 0; i < steps; ++i) {
      io.restart();
      io.run_one_for(Millis{1});
    }
  }
}

// Renewal.

class RenewalTest : public SaslLoginTest {
 protected:
  /// Answers like a broker whose authentications live `lifetime_ms`.
  Reply answer(const Request& request) {
    if (request.api == ApiKey::SaslAuthenticate) {
      const bool refuse = refuse_ && ++authentications_ > 1;
      return {refuse ? FakeBroker::authenticated("", 0, 58, "gone")
                     : FakeBroker::authenticated("", 200)};
    }
    if (request.api == ApiKey::JoinGroup && withhold_) return {.bytes = {}, .silent = true};
    return {FakeBroker::usual(request, 1)};
  }
  void beat(const Connection& connection) {
    connection->request(ApiKey::Heartbeat, 3, "beat", std::chrono::seconds(20),
                        [this](const Outcome<std::string>& outcome) {
                          ++answered_;
                          failure_ = kept(outcome.error());
                        });
  }

  bool refuse_ = false;
  bool withhold_ = false;
  size_t authentications_ = 0;
  size_t answered_ = 0;
};

TEST_F(RenewalTest, ItHappensBetweenRequests) {
  const FakeBroker broker(io_, [this](const Request& request) { return answer(request); });
  const Connection connection = open(broker, sasl());
  ASSERT_FALSE(failure_);
  size_t sent = 0;
  // One request after another, until it has been renewed twice.
  ASSERT_TRUE(run_until([&] {
    if (answered_ < sent) return false;
    if (broker.count(ApiKey::SaslHandshake) >= 3) return true;
    ++sent;
    beat(connection);
    return false;
  }));
  EXPECT_FALSE(failure_) << failure_->what();
  EXPECT_EQ(broker.count(ApiKey::Heartbeat), sent);
  EXPECT_EQ(broker.count(ApiKey::ApiVersions), 2U);  // none for a renewal
  EXPECT_EQ(broker.connections(), 1U);
}

TEST_F(RenewalTest, RequestsWaitForWhatIsUnderWayAndForTheRenewal) {
  withhold_ = true;
  const FakeBroker broker(io_, [this](const Request& request) { return answer(request); });
  const Connection connection = open(broker, sasl());
  bool joined = false;
  connection->request(ApiKey::JoinGroup, 5, "join", Millis{2'500},
                      [&joined](const Outcome<std::string>&) { joined = true; });
  // Requests go out until the authentication is old; that one is held back behind the join.
  ASSERT_TRUE(run_until([&] {
    const size_t before = broker.count(ApiKey::Heartbeat);
    const size_t answered = answered_;
    beat(connection);
    io_.restart();
    io_.run_for(Millis{100});
    return answered_ == answered && broker.count(ApiKey::Heartbeat) == before;
  }));
  EXPECT_EQ(broker.count(ApiKey::SaslHandshake), 1U);
  ASSERT_TRUE(run_until([&] { return joined; }));  // late, which ends the connection
  ASSERT_TRUE(run_until([&] { return failure_.has_value(); }));
  EXPECT_THAT(failure_->what(), HasSubstr("timed out"));
  EXPECT_FALSE(connection->is_open());
}

TEST_F(RenewalTest, ARefusalReachesTheRequestsBehindIt) {
  refuse_ = true;
  const FakeBroker broker(io_, [this](const Request& request) { return answer(request); });
  const Connection connection = open(broker, sasl());
  size_t sent = 0;
  ASSERT_TRUE(run_until([&] {
    if (answered_ < sent) return false;
    if (failure_) return true;
    sent += 2;
    beat(connection);
    beat(connection);
    return false;
  }));
  EXPECT_THAT(failure_->what(), HasSubstr("PLAIN authentication failed: gone"));
  EXPECT_TRUE(fatal());
}

// Anything may come back.

class GarbageTest : public SaslLoginTest {
 protected:
  std::mt19937_64 random_;
  std::string random_bytes(size_t most) {
    std::string bytes(random_() % (most + 1), '\0');
    for (char& c : bytes) c = static_cast<char>(random_());
    return bytes;
  }
  /// `good` cut off, changed, or something else altogether.
  Reply damaged(const Request& request, std::string good) {
    switch (random_() % 6) {
      case 0: return {good.substr(0, random_() % (good.size() + 1))};
      case 1: return {good + random_bytes(20)};
      case 2: return {random_bytes(60)};
      case 3: return {.bytes = random_bytes(60), .framed = false, .close = true};
      case 4: {
        std::string frame = FakeBroker::framed(request.correlation, good);
        frame.resize(random_() % (frame.size() + 1));
        return {.bytes = frame, .framed = false, .close = true};
      }
      default:
        good[random_() % good.size()] = static_cast<char>(random_());
        return {std::move(good)};
    }
  }
  std::string good(const Request& request, size_t round) {
    if (request.api != ApiKey::SaslAuthenticate) return FakeBroker::usual(request, 1);
    const std::string first = "r=x" + random_bytes(5) + ",s=QQ==,i=4096";
    return FakeBroker::authenticated(round == 0 ? first : "v=AAAA", 100);
  }
};

TEST_F(GarbageTest, EndsInWordsAtEachStage) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  random_.seed(seed);
  for (const SaslMechanism mechanism : {SaslMechanism::Plain, SaslMechanism::ScramSha256,
                                        SaslMechanism::ScramSha512, SaslMechanism::OAuthBearer}) {
    for (int i = 0; i < 150; ++i) {
      const size_t stage = random_() % 4;
      size_t seen = 0, rounds = 0;
      const FakeBroker broker(io_, [&](const Request& request) {
        const size_t round = request.api == ApiKey::SaslAuthenticate ? rounds++ : 0;
        std::string answer = good(request, round);
        return seen++ == stage ? damaged(request, std::move(answer)) : Reply{std::move(answer)};
      });
      ConnectionOptions options = sasl(mechanism);
      options.request_timeout = Millis{200};
      const std::string text = refusal(broker, options);
      EXPECT_EQ(opened_, 1U);
      EXPECT_THAT(text, Not(HasSubstr(kSecret)));
      if (!text.empty()) {
        EXPECT_THAT(text, HasSubstr(broker.address()));
      }
    }
  }
}

TEST_F(GarbageTest, AnswersAreCutOffAtEachByte) {
  for (const size_t stage : {0U, 1U, 2U, 3U}) {
    for (size_t size = 0; size < 60; ++size) {
      size_t seen = 0;
      bool whole = false;
      const FakeBroker broker(io_, [&](const Request& request) {
        std::string answer = FakeBroker::framed(request.correlation,
                                                FakeBroker::usual(request, 1));
        if (seen++ != stage) return Reply{.bytes = std::move(answer), .framed = false};
        whole = size >= answer.size();
        return Reply{.bytes = answer.substr(0, size), .framed = false, .close = true};
      });
      const std::string text = refusal(broker, sasl());
      if (stage == 3 && whole) {
        EXPECT_EQ(text, "");
      } else {
        EXPECT_THAT(text, HasSubstr(broker.address())) << stage << " " << size;
        EXPECT_FALSE(fatal());
      }
    }
  }
}

TEST(SaslClientTest, SettingsThatCannotBeSent) {
  security::SaslSettings settings;
  settings.mechanism = SaslMechanism::Gssapi;
  EXPECT_THROW(check_sasl(settings), ConfigException);
  settings.mechanism = SaslMechanism::Plain;
  settings.user_name = "a\0b"s;
  EXPECT_THROW(check_sasl(settings), ConfigException);
  settings.mechanism = SaslMechanism::OAuthBearer;
  for (const auto& [name, value] : Properties{{"auth", "x"}, {"a1", "x"}, {"a", ""}, {"b", "\1"}}) {
    settings.oauth.extensions = {{name, value}};
    EXPECT_THROW(check_sasl(settings), ConfigException) << name;
  }
  settings.oauth.extensions = {{"logicalCluster", "lkc-1"}};
  EXPECT_NO_THROW(check_sasl(settings));
}

TEST(RenewalAfterTest, LeavesTimeForTheNextRequest) {
  using std::chrono::milliseconds;
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_GE(renewal_after(milliseconds{60'000}), milliseconds{51'000});
    EXPECT_LE(renewal_after(milliseconds{60'000}), milliseconds{57'000});
    EXPECT_EQ(renewal_after(milliseconds{1}), milliseconds{1'100});
    EXPECT_GT(renewal_after(milliseconds::max()), std::chrono::hours{24 * 300});
  }
}

}  // namespace
}  // namespace millrace::group

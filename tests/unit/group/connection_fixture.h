#pragma once
// Connections to a FakeBroker, run until something has happened.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "fake_broker.h"
#include "millrace/errors.h"
#include "runtime/group/broker_connection.h"

namespace millrace::group {

constexpr const char* kSecret = "s3cret-word";

class ConnectionFixture : public ::testing::Test {
 protected:
  using Millis = std::chrono::milliseconds;
  using Connection = std::shared_ptr<BrokerConnection>;
  using Request = FakeBroker::Request;
  using Reply = FakeBroker::Reply;

  static ConnectionOptions plaintext() {
    ConnectionOptions options;
    options.client_id = "c";
    options.request_timeout = std::chrono::seconds(20);
    return options;
  }
  static ConnectionOptions sasl(security::SaslMechanism mechanism = security::SaslMechanism::Plain) {
    ConnectionOptions options = plaintext();
    options.security.sasl = true;
    security::SaslSettings& settings = options.security.sasl_settings;
    settings.mechanism = mechanism;
    settings.user_name = "alice";
    settings.password = security::SecretText(std::string_view(kSecret));
    settings.oauth.claims_json = R"({"sub":"alice"})";
    return options;
  }

  template <class Condition>
  bool run_until(const Condition& condition, Millis limit = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      io_.restart();
      io_.run_for(Millis{2});
    }
    return true;
  }

  /// Starts to open; opened_ counts the answers and failure_ has the last one's.
  Connection start(const FakeBroker& broker, const std::shared_ptr<ConnectionContext>& context,
                   const std::string& host = "127.0.0.1") {
    opened_ = 0;
    failure_.reset();
    return BrokerConnection::open(io_, context, host, broker.port(), Millis{5'000},
                                  [this](Outcome<Done> outcome) {
                                    ++opened_;
                                    failure_ = kept(outcome.error());
                                  });
  }
  Connection open(const FakeBroker& broker, const ConnectionOptions& options,
                  const std::string& host = "127.0.0.1") {
    context_ = std::make_shared<ConnectionContext>(options);
    Connection connection = start(broker, context_, host);
    EXPECT_TRUE(run_until([this] { return opened_ > 0; }));
    return connection;
  }
  /// Why it could not be opened; empty when it could.
  std::string refusal(const FakeBroker& broker, const ConnectionOptions& options,
                      const std::string& host = "127.0.0.1") {
    open(broker, options, host);
    return failure_ ? failure_->what() : std::string();
  }
  bool fatal() const { return failure_ && failure_->kind() == ErrorKind::Authentication; }

  static std::optional<Error> kept(const std::exception_ptr& error) {
    if (!error) return std::nullopt;
    try {
      std::rethrow_exception(error);
    } catch (const Error& known) {
      return known;
    }
  }

  boost::asio::io_context io_;
  std::shared_ptr<ConnectionContext> context_;
  size_t opened_ = 0;
  std::optional<Error> failure_;
};

}  // namespace millrace::group

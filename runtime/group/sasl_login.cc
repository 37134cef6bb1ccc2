#include "runtime/group/sasl_login.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/crypto.h>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <optional>
#include <random>

#include "millrace/errors.h"
#include "runtime/group/broker_connection.h"

namespace millrace::group {
namespace {

namespace asio = boost::asio;
using AuthenticationException = ErrorOf<ErrorKind::Authentication>;
using std::chrono::milliseconds;

// Error codes of Kafka.
constexpr int16_t kUnsupportedMechanism = 33;
constexpr int16_t kIllegalState = 34;
constexpr int16_t kAuthenticationFailed = 58;

constexpr milliseconds kMinRenewal{1'100};

template <class T>
using Work = std::function<T(ConnectionContext&)>;
using Client = std::shared_ptr<SaslClient>;
using Message = std::optional<std::string>;

/// Runs `work` on the context's thread and goes on here.
template <class T>
asio::awaitable<T> elsewhere(asio::io_context& io, std::weak_ptr<ConnectionContext> context,
                             Work<T> work) {
  return asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, T)>(
      [&io](auto handler, const std::weak_ptr<ConnectionContext>& weak, Work<T> task) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        const auto held = weak.lock();
        if (!held) {
          return asio::post(io, [shared] {
            (*shared)(std::make_exception_ptr(ConnectException("closed")), T());
          });
        }
        // Its end waits for this, and must not happen on its own thread.
        held->elsewhere([&io, &there = *held, shared = std::move(shared),
                         task = std::move(task)]() mutable {
          std::exception_ptr error;
          T result;
          try {
            result = task(there);
          } catch (...) {
            error = std::current_exception();
          }
          task = nullptr;
          asio::post(io, [shared = std::move(shared), error, result = std::move(result)]() mutable {
            (*shared)(error, std::move(result));
          });
        });
      },
      asio::use_awaitable, std::move(context), std::move(work));
}

std::string credentials(security::SaslMechanism mechanism) {
  return mechanism == security::SaslMechanism::OAuthBearer
             ? "check the token's source and what the broker expects of tokens"
             : "check username and password in sasl.jaas.config";
}

void check_handshake(const SaslHandshakeResponse& response, std::string_view mechanism) {
  if (response.error == 0) return;
  if (response.error == kUnsupportedMechanism) {
    throw AuthenticationException(fmt::format(
        "the broker does not take sasl.mechanism {} on this port; it takes {}", mechanism,
        response.mechanisms.empty() ? "none" : printable(fmt::format("{}", fmt::join(
                                                   response.mechanisms, ", ")))));
  }
  if (response.error == kIllegalState) {
    throw AuthenticationException("the broker expects no SASL authentication on this port; check "
                                  "security.protocol and bootstrap.servers");
  }
  throw ConnectException(
      fmt::format("the broker refuses SaslHandshake with error code {}", response.error));
}

void check_answer(const SaslAuthenticateResponse& response, const security::SaslSettings& settings,
                  const std::string& detail) {
  if (response.error == 0) return;
  std::string text = response.message.empty() ? fmt::format("error code {}", response.error)
                                              : printable(response.message);
  if (!detail.empty() && detail != text) text += " (" + detail + ")";
  const std::string_view mechanism = security::name_of(settings.mechanism);
  if (response.error == kAuthenticationFailed) {
    throw AuthenticationException(fmt::format("{} authentication failed: {}; {}", mechanism, text,
                                              credentials(settings.mechanism)));
  }
  const std::string why = fmt::format("{} authentication failed: {}", mechanism, text);
  if (response.error == kIllegalState) throw AuthenticationException(why);
  throw ConnectException(why);
}

}  // namespace

milliseconds renewal_after(milliseconds lifetime) {
  static thread_local std::mt19937 random{std::random_device{}()};
  std::uniform_real_distribution<double> part(0.85, 0.95);
  // A lifetime is at most what an int64 holds; a year is for ever.
  constexpr milliseconds kMost = std::chrono::hours{24 * 365};
  const auto bounded = static_cast<double>(std::min(lifetime, kMost).count());
  return std::max(kMinRenewal, milliseconds(static_cast<int64_t>(bounded * part(random))));
}

asio::awaitable<milliseconds> sasl_login(asio::io_context& io,
                                         std::weak_ptr<ConnectionContext> context,
                                         SaslTransport& transport) {
  std::shared_ptr<const ConnectionOptions> options;
  if (const auto held = context.lock()) options = held->options();
  if (!options) throw ConnectException("closed");
  const security::SaslSettings& settings = options->security.sasl_settings;
  const std::string mechanism(security::name_of(settings.mechanism));
  const Work<Client> make = [](ConnectionContext& there) -> Client { return there.make_sasl(); };
  const Client client = co_await elsewhere<Client>(io, context, make);
  const int16_t handshake = transport.version(ApiKey::SaslHandshake);
  std::string body = sasl_handshake_body(mechanism);
  check_handshake(read_sasl_handshake(
                      co_await transport.ask(ApiKey::SaslHandshake, handshake, std::move(body))),
                  mechanism);
  const int16_t version = transport.version(ApiKey::SaslAuthenticate);
  Message message = client->first();
  for (size_t round = 0; round < BrokerConnection::kMaxSaslRounds; ++round) {
    body = sasl_authenticate_body(*message);
    OPENSSL_cleanse(message->data(), message->size());
    const std::string answer =
        co_await transport.ask(ApiKey::SaslAuthenticate, version, std::move(body));
    const SaslAuthenticateResponse response = read_sasl_authenticate(answer, version);
    check_answer(response, settings, client->detail());
    const Work<Message> step = [client, auth = response.auth](ConnectionContext&) -> Message {
      return client->next(auth);
    };
    message = co_await elsewhere<Message>(io, context, step);
    if (!message) co_return milliseconds(std::max<int64_t>(response.session_lifetime_ms, 0));
  }
  throw AuthenticationException(fmt::format("{} authentication did not end within {} messages",
                                            mechanism, BrokerConnection::kMaxSaslRounds));
}

}  // namespace millrace::group

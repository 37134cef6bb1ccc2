#include "runtime/group/broker_connection.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <map>

#include "millrace/errors.h"
#include "runtime/group/broker_stream.h"
#include "runtime/group/sasl_login.h"
#include "runtime/group/wire.h"
#include "runtime/metrics/log.h"

namespace millrace::group {
namespace {

namespace asio = boost::asio;
using asio::use_awaitable;
using Clock = std::chrono::steady_clock;
using Millis = std::chrono::milliseconds;
using AuthenticationException = ErrorOf<ErrorKind::Authentication>;

constexpr size_t kLengthBytes = 4;
constexpr size_t kCorrelationBytes = 4;
constexpr std::string_view kTlsAlert = "\x15\x03";

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.clients.NetworkClient");
  return instance;
}

void wipe(std::string& text) { OPENSSL_cleanse(text.data(), text.size()); }

}  // namespace

class BrokerConnection::Impl final : public std::enable_shared_from_this<BrokerConnection::Impl>,
                                     public SaslTransport {
 public:
  Impl(asio::io_context& io, const std::shared_ptr<ConnectionContext>& context)
      : io_(io),
        context_(context),
        options_(context->options()),
        stream_(io, context->tls()),
        watch_(io) {}

  void open(const std::string& host, int32_t port, Millis setup_timeout, Callback<Done> opened) {
    name_ = fmt::format("{}:{}", host, port);
    asio::co_spawn(io_, run_open(shared_from_this(), host, port, setup_timeout, std::move(opened)),
                   asio::detached);
  }

  void request(ApiKey api, int16_t version, std::string body, Millis timeout,
               Callback<std::string> done) {
    std::exception_ptr refused = error_;
    if (!refused && phase_ == Phase::Opening) refused = problem("it is not open yet");
    if (!refused && waiting_.size() + held_.size() >= kMaxRequests) {
      refused = problem(fmt::format("{} requests wait for an answer", kMaxRequests));
    }
    if (refused) return answer_later(std::move(done), refused);
    if (phase_ == Phase::Renewing || Clock::now() >= renew_at_) {
      held_.push_back({api, version, std::move(body), timeout, std::move(done)});
      return renew_if_idle();
    }
    send(api, version, std::move(body), timeout, std::move(done));
  }

  void fail(std::exception_ptr error) {
    if (phase_ == Phase::Closed) return;
    phase_ = Phase::Closed;
    error_ = std::move(error);
    stream_.close();
    watch_.cancel();
    for (auto& [correlation, one] : std::exchange(waiting_, {})) {
      answer_later(std::move(one.done), error_);
    }
    for (Held& one : std::exchange(held_, {})) answer_later(std::move(one.done), error_);
  }

  std::exception_ptr problem(const std::string& reason) const {
    return std::make_exception_ptr(ConnectException(text_of(reason)));
  }

  bool is_open() const noexcept { return phase_ == Phase::Ready || phase_ == Phase::Renewing; }
  const BrokerVersions& versions() const noexcept { return versions_; }

  // SaslTransport.
  asio::awaitable<std::string> ask(ApiKey api, int16_t version, std::string body) override {
    return asio::async_initiate<const asio::use_awaitable_t<>,
                                void(std::exception_ptr, std::string)>(
        [this, api, version](auto handler, std::string sent) {
          auto shared = std::make_shared<decltype(handler)>(std::move(handler));
          send(api, version, std::move(sent), options_->request_timeout,
               [io = &io_, shared](Outcome<std::string> outcome) {
                 asio::post(*io, [shared, outcome = std::move(outcome)]() mutable {
                   (*shared)(outcome.error(), outcome.ok() ? outcome.value() : std::string());
                 });
               });
        },
        use_awaitable, std::move(body));
  }
  int16_t version(ApiKey api) const override { return choose_version(api, versions_); }

 private:
  using Self = std::shared_ptr<Impl>;
  enum class Phase : uint8_t { Opening, Ready, Renewing, Closed };
  struct Waiting {
    Clock::time_point until;
    Callback<std::string> done;
  };
  /// A request that comes after the authentication's renewal.
  struct Held {
    ApiKey api;
    int16_t version;
    std::string body;
    Millis timeout;
    Callback<std::string> done;
  };

  std::string text_of(std::string_view reason) const {
    return fmt::format("connection to broker {}: {}", name_, reason);
  }

  void answer_later(Callback<std::string> done, std::exception_ptr error) {
    asio::post(io_, [done = std::move(done), error = std::move(error)] { done(error); });
  }

  /// The exception being handled, with the broker's name.
  std::exception_ptr named() const {
    try {
      throw;
    } catch (const AuthenticationException& error) {
      return std::make_exception_ptr(AuthenticationException(text_of(error.what())));
    } catch (const std::exception& error) {
      return problem(error.what());
    }
  }

  // `self` keeps the object until the coroutine has ended.
  static asio::awaitable<void> run_open(Self self, std::string host, int32_t port,
                                        Millis setup_timeout, Callback<Done> opened) {
    try {
      co_await self->stream_.connect(host, port, setup_timeout);
      const Alarm alarm(self->io_, self->options_->request_timeout,
                        [self = self.get()] { self->too_late(); });
      self->step_ = "the TLS handshake";
      co_await self->stream_.handshake(host);
      asio::co_spawn(self->io_, run_read(self), asio::detached);
      co_await self->greet();
      if (self->phase_ == Phase::Opening) self->phase_ = Phase::Ready;
      self->watch();
    } catch (...) {
      self->fail(self->named());
    }
    self->error_ ? opened(self->error_) : opened(Done{});
  }

  void too_late() {
    fail(problem(fmt::format("{} did not end within {} ms (request.timeout.ms)", step_,
                             options_->request_timeout.count())));
  }

  asio::awaitable<void> greet() {
    step_ = "asking for the broker's versions";
    versions_ = read_api_versions(co_await ask(ApiKey::ApiVersions, 0, {}));
    if (!options_->security.sasl) co_return;
    co_await authenticate();
    // What stands between may know the broker only now.
    versions_ = read_api_versions(co_await ask(ApiKey::ApiVersions, 0, {}));
  }

  asio::awaitable<void> authenticate() {
    step_ = "SASL authentication";
    const Millis lifetime = co_await sasl_login(io_, context_, *this);
    logger().debug("Authenticated with broker {}{}", name_,
                   lifetime.count() > 0 ? fmt::format(" for {} ms", lifetime.count()) : "");
    renew_at_ = lifetime.count() > 0 ? Clock::now() + renewal_after(lifetime)
                                     : Clock::time_point::max();
  }

  // Renewal of the authentication. It waits until nothing is under way: the broker handles requests of
  // a connection in order, and a join may take minutes.

  void renew_if_idle() {
    if (phase_ != Phase::Ready || held_.empty() || !waiting_.empty()) return;
    phase_ = Phase::Renewing;
    asio::co_spawn(io_, run_renewal(shared_from_this()), asio::detached);
  }

  static asio::awaitable<void> run_renewal(Self self) {
    try {
      const Alarm alarm(self->io_, self->options_->request_timeout,
                        [self = self.get()] { self->too_late(); });
      co_await self->authenticate();
      if (self->phase_ == Phase::Closed) co_return;
      self->phase_ = Phase::Ready;
    } catch (...) {
      self->fail(self->named());
      co_return;
    }
    for (Held& one : std::exchange(self->held_, {})) {
      self->send(one.api, one.version, std::move(one.body), one.timeout, std::move(one.done));
    }
  }

  // Frames.

  void send(ApiKey api, int16_t version, std::string body, Millis timeout,
            Callback<std::string> done) {
    if (phase_ == Phase::Closed) return answer_later(std::move(done), error_);
    const int32_t correlation = next_correlation_++;
    out_.push_back(frame(api, version, correlation, options_->client_id, body));
    if (api == ApiKey::SaslAuthenticate) wipe(body);
    waiting_.emplace(correlation, Waiting{Clock::now() + timeout, std::move(done)});
    if (out_.size() == 1) asio::co_spawn(io_, run_write(shared_from_this()), asio::detached);
    watch();
  }

  static asio::awaitable<void> run_write(Self self) {
    try {
      while (self->phase_ != Phase::Closed && !self->out_.empty()) {
        co_await self->stream_.write(asio::buffer(self->out_.front()));
        wipe(self->out_.front());
        self->out_.pop_front();
      }
    } catch (...) {
      // While it opens, the broker's reason may still be on its way to the reader, which fails too.
      if (self->phase_ != Phase::Opening) self->fail(self->named());
    }
  }

  static asio::awaitable<void> run_read(Self self) {
    try {
      while (self->phase_ != Phase::Closed) {
        const std::string answer = co_await self->read_answer();
        if (self->phase_ == Phase::Closed) co_return;
        WireReader in(answer, "an answer");
        const auto at = self->waiting_.find(in.int32("correlation id"));
        if (at == self->waiting_.end()) throw ConnectException("an answer nobody asked for");
        const auto done = std::move(at->second.done);
        self->waiting_.erase(at);
        self->useful_ = self->useful_ || self->is_open();
        self->watch();
        done(answer.substr(kCorrelationBytes));
        self->renew_if_idle();
      }
    } catch (...) {
      self->fail(self->broken());
    }
  }

  /// As named(), with what the broker may have meant by closing.
  std::exception_ptr broken() const {
    const std::exception_ptr error = named();
    try {
      throw;
    } catch (const ConnectException& known) {
      if (phase_ != Phase::Ready) return problem(fmt::format("{} (at {})", known.what(), step_));
      if (useful_ || options_->security.sasl) return error;
      return problem(fmt::format("{} before its first answer; if this port asks for SASL, set "
                                 "security.protocol", known.what()));
    } catch (...) {
      return error;
    }
  }

  /// One frame, from its correlation id on.
  asio::awaitable<std::string> read_answer() {
    std::array<char, kLengthBytes> head{};
    co_await stream_.read(asio::buffer(head));
    const std::string_view bytes(head.data(), head.size());
    WireReader length(bytes, "an answer's length");
    const int32_t size = length.int32("length");
    const size_t most = is_open() ? kMaxAnswer : kMaxFirstAnswer;
    if (!stream_.has_tls() && bytes.starts_with(kTlsAlert)) {
      throw ConnectException("the broker wants TLS on this port; set security.protocol to SSL or "
                             "SASL_SSL");
    }
    if (size < static_cast<int32_t>(kCorrelationBytes) || static_cast<size_t>(size) > most) {
      throw ConnectException(fmt::format("an answer of {} bytes; is this the port of a Kafka "
                                         "broker? Check bootstrap.servers and security.protocol",
                                         size));
    }
    std::string answer(static_cast<size_t>(size), '\0');
    co_await stream_.read(asio::buffer(answer));
    co_return answer;
  }

  /// Sets the clock for what must happen next: an answer, or the end of an idle connection.
  void watch() {
    if (phase_ == Phase::Closed) return;
    auto next = Clock::time_point::max();
    for (const auto& [correlation, one] : waiting_) next = std::min(next, one.until);
    if (waiting_.empty()) {
      if (options_->max_idle.count() <= 0 || phase_ != Phase::Ready) return void(watch_.cancel());
      next = Clock::now() + options_->max_idle;
    }
    watch_.expires_at(next);
    watch_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!error && self) self->on_watch();
    });
  }

  void on_watch() {
    if (Clock::now() < watch_.expiry()) return;  // set anew meanwhile
    // Answers come in order: what is behind a late one would be late too.
    fail(problem(waiting_.empty() ? "idle for connections.max.idle.ms" : "a request timed out"));
  }

  asio::io_context& io_;
  const std::weak_ptr<ConnectionContext> context_;  // its end waits for our work, so it is not held
  const std::shared_ptr<const ConnectionOptions> options_;
  BrokerStream stream_;
  asio::steady_timer watch_;
  std::string name_;
  std::string_view step_ = "connecting";
  Phase phase_ = Phase::Opening;
  std::exception_ptr error_;  // once it is closed
  BrokerVersions versions_;
  bool useful_ = false;  // it has answered requests of others
  Clock::time_point renew_at_ = Clock::time_point::max();
  int32_t next_correlation_ = 1;
  std::map<int32_t, Waiting> waiting_;
  std::deque<Held> held_;
  std::deque<std::string> out_;  // the front one is being written
};

std::shared_ptr<BrokerConnection> BrokerConnection::open(
    asio::io_context& io, const std::shared_ptr<ConnectionContext>& context,
    const std::string& host, int32_t port, Millis setup_timeout, Callback<Done> opened) {
  const auto impl = std::make_shared<Impl>(io, context);
  impl->open(host, port, setup_timeout, std::move(opened));
  return std::shared_ptr<BrokerConnection>(new BrokerConnection(impl));
}

BrokerConnection::~BrokerConnection() { close(); }

int16_t BrokerConnection::version(ApiKey api) const { return impl_->version(api); }

void BrokerConnection::request(ApiKey api, int16_t version, std::string body, Millis timeout,
                               Callback<std::string> done) {
  impl_->request(api, version, std::move(body), timeout, std::move(done));
}

void BrokerConnection::close() noexcept { impl_->fail(impl_->problem("closed")); }
bool BrokerConnection::is_open() const noexcept { return impl_->is_open(); }

}  // namespace millrace::group

#include "runtime/rest/http_peer_client.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "millrace/errors.h"
#include "runtime/herder/internal_request.h"
#include "runtime/rest/peer_exchange.h"
#include "runtime/rest/tls_context.h"

namespace millrace::rest {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr const char* kUserAgent = "kafka-connect";
constexpr const char* kJson = "application/json";

/// One call from its begin to its answer.
struct Call {
  Call(asio::io_context& io, PeerRequest&& what, Callback<PeerAnswer>&& callback)
      : request(std::move(what)), done(std::move(callback)), timer(io) {}

  bool open() const noexcept { return static_cast<bool>(done); }
  void finish(Outcome<PeerAnswer> outcome) {
    timer.cancel();
    if (open()) std::exchange(done, nullptr)(std::move(outcome));
  }
  void drop() {
    timer.cancel();
    done = nullptr;
  }
  template <class E = ConnectException>
  void fail(std::string_view reason) {
    finish(std::make_exception_ptr(
        E(fmt::format("{} {}: {}", request.method, request.url, reason))));
  }

  PeerRequest request;
  Callback<PeerAnswer> done;  // null once it was called
  asio::steady_timer timer;
  Clock::time_point deadline;
  std::shared_ptr<PeerExchange> exchange;  // null while it waits for a place
};
using CallPtr = std::shared_ptr<Call>;

std::string words_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  }
}

}  // namespace

class HttpPeerClient::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(asio::io_context& io, PeerClientOptions options) : io_(io), options_(std::move(options)) {}

  void call(PeerRequest&& request, Callback<PeerAnswer>&& done);
  void close();
  size_t connections() const noexcept { return running_.size(); }
  size_t waiting() const noexcept { return waiting_.size(); }

 private:
  void begin(const CallPtr& call);
  void run(const CallPtr& call);
  void ended(const CallPtr& call, const std::exception_ptr& error, PeerAnswer&& answer);
  void begin_waiting();
  void arm(const CallPtr& call, Clock::time_point when);
  void on_time(const CallPtr& call);
  PeerMessage message_of(const PeerRequest& request) const;
  std::shared_ptr<asio::ssl::context> tls_for(const PeerUrl& url);

  asio::io_context& io_;
  PeerClientOptions options_;
  std::shared_ptr<asio::ssl::context> tls_;  // null before the first https call
  std::set<CallPtr> running_;
  std::deque<CallPtr> waiting_;
  bool closed_ = false;
};

void HttpPeerClient::Core::call(PeerRequest&& request, Callback<PeerAnswer>&& done) {
  auto call = std::make_shared<Call>(io_, std::move(request), std::move(done));
  call->deadline = Clock::now() + options_.limits.call_timeout;
  asio::post(io_, [self = shared_from_this(), call] {
    if (!self->closed_) self->begin(call);
  });
}

void HttpPeerClient::Core::begin(const CallPtr& call) {
  if (running_.size() < options_.limits.max_parallel) return run(call);
  if (waiting_.size() >= options_.limits.max_waiting) {
    return call->fail(
        fmt::format("{} calls of other workers wait already; try again", waiting_.size()));
  }
  waiting_.push_back(call);
  arm(call, call->deadline);
}

void HttpPeerClient::Core::run(const CallPtr& call) {
  try {
    PeerMessage message = message_of(call->request);
    auto tls = tls_for(message.url);
    call->exchange = make_peer_exchange(io_.get_executor(), std::move(message), std::move(tls),
                                        !options_.tls.endpoint_identification_algorithm.empty());
  } catch (const ConfigException& e) {
    return call->fail<ConfigException>(e.what());
  } catch (const std::exception& e) {
    return call->fail(e.what());
  }
  running_.insert(call);
  arm(call, std::min(call->deadline, Clock::now() + options_.limits.connect_timeout));
  call->exchange->on_connected = [weak = weak_from_this(), weak_call = std::weak_ptr(call)] {
    const auto self = weak.lock();
    const auto still = weak_call.lock();
    if (self != nullptr && still != nullptr) self->arm(still, still->deadline);
  };
  asio::co_spawn(io_, call->exchange->run(),
                 [self = shared_from_this(), call](const std::exception_ptr& error,
                                                   PeerAnswer answer) {
                   self->ended(call, error, std::move(answer));
                 });
}

void HttpPeerClient::Core::ended(const CallPtr& call, const std::exception_ptr& error,
                                 PeerAnswer&& answer) {
  running_.erase(call);
  if (closed_) return;
  begin_waiting();
  if (error) {
    call->fail(words_of(error));
  } else {
    call->finish(std::move(answer));
  }
}

void HttpPeerClient::Core::begin_waiting() {
  while (!waiting_.empty() && running_.size() < options_.limits.max_parallel) {
    const CallPtr next = std::move(waiting_.front());
    waiting_.pop_front();
    run(next);
  }
}

void HttpPeerClient::Core::arm(const CallPtr& call, Clock::time_point when) {
  if (!call->open()) return;
  call->timer.expires_at(when);
  call->timer.async_wait(
      [weak = weak_from_this(), call](const boost::system::error_code& error) {
        const auto self = weak.lock();
        // Armed again after this wait had ended: the later one counts.
        if (self == nullptr || error || call->timer.expiry() > Clock::now()) return;
        self->on_time(call);
      });
}

/// The caller hears at once; the place is free when the connection has ended.
void HttpPeerClient::Core::on_time(const CallPtr& call) {
  if (closed_ || !call->open()) return;
  const auto whole = options_.limits.call_timeout.count();
  if (call->exchange == nullptr) {
    std::erase(waiting_, call);
    return call->fail(fmt::format("no connection was free within {} ms", whole));
  }
  const bool connected = call->exchange->connected();
  call->exchange->abort();
  if (connected || Clock::now() >= call->deadline) {
    call->fail(fmt::format("no whole answer within {} ms", whole));
  } else {
    call->fail(
        fmt::format("no connection within {} ms", options_.limits.connect_timeout.count()));
  }
}

void HttpPeerClient::Core::close() {
  closed_ = true;
  for (const CallPtr& call : std::exchange(waiting_, {})) call->drop();
  for (const CallPtr& call : std::set(running_)) {
    call->drop();
    call->exchange->abort();
  }
}

PeerMessage HttpPeerClient::Core::message_of(const PeerRequest& request) const {
  auto url = parse_peer_url(request.url);
  if (!url) throw ConnectException("this is no URL of the form http(s)://host:port/path");
  PeerMessage message{std::move(*url), request.method, request.body, {},
                      options_.limits.max_header_bytes, options_.limits.max_answer_bytes};
  message.headers.add("Accept", kJson);
  message.headers.add("User-Agent", kUserAgent);
  if (!request.body.empty()) message.headers.add("Content-Type", kJson);
  if (!request.authorization.empty()) message.headers.add("Authorization", request.authorization);
  if (request.key) {
    const std::string& algorithm = options_.signature_algorithm;
    message.headers.add(kSignatureHeader,
                        signature_header(request.key->key, algorithm, request.body));
    message.headers.add(kSignatureAlgorithmHeader, algorithm);
  }
  return message;
}

std::shared_ptr<asio::ssl::context> HttpPeerClient::Core::tls_for(const PeerUrl& url) {
  if (!url.secure) return nullptr;
  if (tls_ == nullptr) tls_ = make_tls_client_context(options_.tls);
  return tls_;
}

HttpPeerClient::HttpPeerClient(asio::io_context& io, PeerClientOptions options)
    : core_(std::make_shared<Core>(io, std::move(options))) {}

HttpPeerClient::~HttpPeerClient() {
  core_->close();
}

void HttpPeerClient::call(PeerRequest request, Callback<PeerAnswer> done) {
  core_->call(std::move(request), std::move(done));
}

size_t HttpPeerClient::connections() const noexcept {
  return core_->connections();
}

size_t HttpPeerClient::waiting() const noexcept {
  return core_->waiting();
}

}  // namespace millrace::rest

#include "runtime/group/broker_connection.h"

#include <fmt/format.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <deque>
#include <map>

#include "millrace/errors.h"
#include "runtime/group/wire.h"

namespace millrace::group {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::use_awaitable;
using Millis = std::chrono::milliseconds;

constexpr size_t kLengthBytes = 4;
constexpr size_t kCorrelationBytes = 4;

}  // namespace

class BrokerConnection::Impl : public std::enable_shared_from_this<BrokerConnection::Impl> {
 public:
  Impl(asio::io_context& io, ConnectionOptions options)
      : io_(io), socket_(io), options_(std::move(options)) {}

  void open(const std::string& host, int32_t port, Callback<std::shared_ptr<Impl>> done) {
    name_ = fmt::format("{}:{}", host, port);
    // Closing the socket ends whatever step the opening is at.
    deadline(options_.setup_timeout, [self = shared_from_this()] {
      if (!self->ready_) self->fail("no connection within socket.connection.setup.timeout.ms");
    });
    asio::co_spawn(io_, connect(shared_from_this(), host, port, std::move(done)), asio::detached);
  }

  void request(ApiKey api, int16_t version, const std::string& body, Millis timeout,
               Callback<std::string> done) {
    if (!open_) {
      return asio::post(io_, [done = std::move(done), error = error_] {
        done(std::make_exception_ptr(ConnectException(error)));
      });
    }
    const int32_t correlation = next_correlation_++;
    waiting_.emplace(correlation, std::move(done));
    out_.push_back(frame(api, version, correlation, options_.client_id, body));
    if (out_.size() == 1) asio::co_spawn(io_, write(shared_from_this()), asio::detached);
    deadline(timeout, [weak = weak_from_this(), correlation] {
      const auto self = weak.lock();
      // Answers come in order: what is behind this one would be late too.
      if (self && self->waiting_.contains(correlation)) self->fail("a request timed out");
    });
  }

  void fail(const std::string& reason) {
    if (!open_ && !error_.empty()) return;
    open_ = false;
    error_ = fmt::format("connection to broker {}: {}", name_, reason);
    boost::system::error_code ignored;
    socket_.close(ignored);
    for (auto& [correlation, done] : std::exchange(waiting_, {})) {
      asio::post(io_, [done = std::move(done), error = error_] {
        done(std::make_exception_ptr(ConnectException(error)));
      });
    }
  }

  bool is_open() const noexcept { return open_; }
  const BrokerVersions& versions() const noexcept { return versions_; }

 private:
  using Self = std::shared_ptr<Impl>;

  void deadline(Millis limit, std::function<void()> task) {
    const auto timer = std::make_shared<asio::steady_timer>(io_, limit);
    timer->async_wait([timer, task = std::move(task)](const boost::system::error_code& error) {
      if (!error) task();
    });
  }

  // `self` keeps the object until the coroutine has ended.
  static asio::awaitable<void> connect(Self self, std::string host, int32_t port,
                                       Callback<Self> done) {
    std::exception_ptr failure;
    try {
      tcp::resolver resolver(self->io_);
      const auto found = co_await resolver.async_resolve(host, std::to_string(port), use_awaitable);
      co_await asio::async_connect(self->socket_, found, use_awaitable);
      self->socket_.set_option(tcp::no_delay(true));
      self->open_ = true;
      self->versions_ = co_await self->ask_versions();
      self->ready_ = true;
      asio::co_spawn(self->io_, read(self), asio::detached);
    } catch (const boost::system::system_error& error) {
      self->fail(error.code().message());
      failure = std::make_exception_ptr(ConnectException(self->error_));
    } catch (const std::exception& error) {
      self->fail(error.what());
      failure = std::make_exception_ptr(ConnectException(self->error_));
    }
    failure ? done(failure) : done(self);
  }

  asio::awaitable<BrokerVersions> ask_versions() {
    const std::string request =
        frame(ApiKey::ApiVersions, 0, next_correlation_++, options_.client_id, {});
    co_await asio::async_write(socket_, asio::buffer(request), use_awaitable);
    const std::string answer = co_await read_answer();
    co_return read_api_versions(std::string_view(answer).substr(kCorrelationBytes));
  }

  /// One frame, from its correlation id on.
  asio::awaitable<std::string> read_answer() {
    std::array<char, kLengthBytes> head{};
    co_await asio::async_read(socket_, asio::buffer(head), use_awaitable);
    WireReader length(std::string_view(head.data(), head.size()), "an answer's length");
    const int32_t size = length.int32("length");
    if (size < static_cast<int32_t>(kCorrelationBytes) || static_cast<size_t>(size) > kMaxAnswer) {
      throw ConnectException(fmt::format(
          "an answer of {} bytes; is this the port of a Kafka broker without TLS?", size));
    }
    std::string answer(static_cast<size_t>(size), '\0');
    co_await asio::async_read(socket_, asio::buffer(answer), use_awaitable);
    co_return answer;
  }

  static asio::awaitable<void> read(Self self) {
    try {
      while (self->open_) {
        const std::string answer = co_await self->read_answer();
        WireReader in(answer, "an answer");
        const auto at = self->waiting_.find(in.int32("correlation id"));
        if (at == self->waiting_.end()) throw ConnectException("an answer nobody asked for");
        const auto done = std::move(at->second);
        self->waiting_.erase(at);
        done(answer.substr(kCorrelationBytes));
      }
    } catch (const boost::system::system_error& error) {
      self->fail(error.code() == asio::error::eof ? "closed by the broker"
                                                  : error.code().message());
    } catch (const std::exception& error) {
      self->fail(error.what());
    }
  }

  static asio::awaitable<void> write(Self self) {
    try {
      while (self->open_ && !self->out_.empty()) {
        co_await asio::async_write(self->socket_, asio::buffer(self->out_.front()), use_awaitable);
        self->out_.pop_front();
      }
    } catch (const boost::system::system_error& error) {
      self->fail(error.code().message());
    }
  }

  asio::io_context& io_;
  tcp::socket socket_;
  const ConnectionOptions options_;
  std::string name_;
  bool open_ = false;
  bool ready_ = false;
  std::string error_;  // once it is broken
  BrokerVersions versions_;
  int32_t next_correlation_ = 1;
  std::map<int32_t, Callback<std::string>> waiting_;
  std::deque<std::string> out_;  // the front one is being written
};

void BrokerConnection::open(asio::io_context& io, const std::string& host, int32_t port,
                            const ConnectionOptions& options,
                            Callback<std::shared_ptr<BrokerConnection>> done) {
  std::make_shared<Impl>(io, options)
      ->open(host, port, [done = std::move(done)](Outcome<std::shared_ptr<Impl>> outcome) {
        if (!outcome.ok()) return done(outcome.error());
        done(std::shared_ptr<BrokerConnection>(new BrokerConnection(outcome.value())));
      });
}

BrokerConnection::~BrokerConnection() { close(); }

int16_t BrokerConnection::version(ApiKey api) const {
  return choose_version(api, impl_->versions());
}

void BrokerConnection::request(ApiKey api, int16_t version, std::string body, Millis timeout,
                               Callback<std::string> done) {
  impl_->request(api, version, body, timeout, std::move(done));
}

void BrokerConnection::close() noexcept { impl_->fail("closed"); }
bool BrokerConnection::is_open() const noexcept { return impl_->is_open(); }

}  // namespace millrace::group

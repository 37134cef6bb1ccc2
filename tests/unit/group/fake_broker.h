#pragma once
// A broker that answers each request as its script says, on the io_context of the test.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/group/kafka_requests.h"
#include "runtime/group/wire.h"

namespace millrace::group {

class FakeBroker {
 public:
  struct Request {
    ApiKey api{};
    int16_t version = 0;
    int32_t correlation = 0;
    std::string body;
  };
  struct Reply {
    std::string bytes;
    bool framed = true;  // false: `bytes` are sent as they are
    bool close = false;  // after them
    bool silent = false;  // nothing is sent
  };
  using Script = std::function<Reply(const Request&)>;

  FakeBroker(boost::asio::io_context& io, Script script,
             boost::asio::ssl::context* tls = nullptr)
      : state_(std::make_shared<State>(io, std::move(script), tls)) {
    boost::asio::co_spawn(io, accept(state_), boost::asio::detached);
  }
  ~FakeBroker() { close(); }
  FakeBroker(const FakeBroker&) = delete;
  FakeBroker& operator=(const FakeBroker&) = delete;

  void close() {
    boost::system::error_code ignored;
    state_->acceptor.close(ignored);
    close_connections();
  }
  void close_connections() {
    boost::system::error_code ignored;
    for (const auto& socket : state_->sockets) socket->close(ignored);
    state_->sockets.clear();
  }
  int32_t port() const { return state_->port; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port()); }
  size_t connections() const { return state_->connections; }
  const std::vector<Request>& requests() const { return state_->requests; }
  size_t count(ApiKey api) const {
    size_t n = 0;
    for (const Request& one : requests()) n += one.api == api ? 1 : 0;
    return n;
  }

  static std::string versions() {
    WireWriter out;
    out.int16(0);
    constexpr std::pair<ApiKey, int16_t> kApis[] = {
        {ApiKey::ApiVersions, 3},   {ApiKey::FindCoordinator, 4}, {ApiKey::JoinGroup, 9},
        {ApiKey::SyncGroup, 5},     {ApiKey::Heartbeat, 4},       {ApiKey::LeaveGroup, 5},
        {ApiKey::SaslHandshake, 1}, {ApiKey::SaslAuthenticate, 2}};
    out.count(std::size(kApis));
    for (const auto& [key, most] : kApis) {
      out.int16(static_cast<int16_t>(key));
      out.int16(0);
      out.int16(most);
    }
    return out.take();
  }
  static std::string handshake(int16_t error = 0) {
    WireWriter out;
    out.int16(error);
    out.count(2);
    out.string("PLAIN");
    out.string("OTHER");
    return out.take();
  }
  static std::string authenticated(std::string_view auth = {}, int64_t lifetime_ms = 0,
                                   int16_t error = 0, const char* message = nullptr) {
    WireWriter out;
    out.int16(error);
    message != nullptr ? out.string(message) : out.null_string();
    out.bytes(auth);
    out.int64(lifetime_ms);
    return out.take();
  }
  /// FindCoordinator names `port`; joins, syncs and heartbeats succeed; SASL does at once.
  static std::string usual(const Request& request, int32_t port) {
    WireWriter out;
    switch (request.api) {
      case ApiKey::ApiVersions: return versions();
      case ApiKey::SaslHandshake: return handshake();
      case ApiKey::SaslAuthenticate: return authenticated();
      case ApiKey::FindCoordinator:
        out.int32(0);
        out.int16(0);
        out.null_string();
        out.int32(1);
        out.string("127.0.0.1");
        out.int32(port);
        return out.take();
      case ApiKey::JoinGroup:
        out.int32(0);
        out.int16(0);
        out.int32(1);
        for (const char* text : {"sessioned", "m", "m"}) out.string(text);
        out.count(0);
        return out.take();
      default:
        out.int32(0);
        out.int16(0);
        out.bytes({});
        return out.take();
    }
  }

 private:
  using Tcp = boost::asio::ip::tcp;
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;
  struct State {
    State(boost::asio::io_context& context, Script given, boost::asio::ssl::context* secured)
        : io(context), script(std::move(given)), tls(secured) {}
    boost::asio::io_context& io;
    const Script script;
    boost::asio::ssl::context* const tls;
    Tcp::acceptor acceptor{io, {boost::asio::ip::address_v4::loopback(), 0}};
    const int32_t port = acceptor.local_endpoint().port();
    std::vector<std::shared_ptr<Tcp::socket>> sockets;
    std::vector<Request> requests;
    size_t connections = 0;
  };
  using Shared = std::shared_ptr<State>;

  static Awaitable<void> accept(Shared state) {
    try {
      while (state->acceptor.is_open()) {
        auto socket = std::make_shared<Tcp::socket>(
            co_await state->acceptor.async_accept(boost::asio::use_awaitable));
        ++state->connections;
        state->sockets.push_back(socket);
        boost::asio::co_spawn(state->io, serve(state, socket), boost::asio::detached);
      }
    } catch (const boost::system::system_error&) {  // closed
    }
  }

  static Awaitable<void> serve(Shared state, std::shared_ptr<Tcp::socket> socket) {
    try {
      if (state->tls == nullptr) {
        co_await talk(state, *socket);
      } else {
        boost::asio::ssl::stream<Tcp::socket&> stream(*socket, *state->tls);
        co_await stream.async_handshake(stream.server, boost::asio::use_awaitable);
        co_await talk(state, stream);
      }
    } catch (const std::exception&) {  // the client has gone, or speaks something else
    }
    boost::system::error_code ignored;
    socket->close(ignored);
  }

  template <class Stream>
  static Awaitable<void> talk(Shared state, Stream& stream) {
    while (true) {
      std::array<char, 4> head{};
      co_await boost::asio::async_read(stream, boost::asio::buffer(head),
                                       boost::asio::use_awaitable);
      WireReader length(std::string_view(head.data(), head.size()), "length");
      std::string bytes(static_cast<size_t>(length.int32("length")), '\0');
      co_await boost::asio::async_read(stream, boost::asio::buffer(bytes),
                                       boost::asio::use_awaitable);
      WireReader in(bytes, "request");
      Request request;
      request.api = static_cast<ApiKey>(in.int16("api"));
      request.version = in.int16("version");
      request.correlation = in.int32("correlation");
      const size_t client = in.string("client").size();
      request.body = bytes.substr(10 + client);
      state->requests.push_back(request);
      const Reply reply = state->script(request);
      if (!reply.silent) {
        const std::string sent = reply.framed ? framed(request.correlation, reply.bytes)
                                              : reply.bytes;
        co_await boost::asio::async_write(stream, boost::asio::buffer(sent),
                                          boost::asio::use_awaitable);
      }
      if (reply.close) co_return;
    }
  }

 public:
  static std::string framed(int32_t correlation, const std::string& body) {
    WireWriter out;
    out.int32(static_cast<int32_t>(body.size() + 4));
    out.int32(correlation);
    return out.take() + body;
  }

 private:
  const Shared state_;
};

}  // namespace millrace::group

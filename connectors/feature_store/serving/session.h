#pragma once
// One connection: reads requests, asks the API, writes the answers in order.

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "connectors/feature_store/serving/http_request.h"
#include "connectors/feature_store/serving/row_source.h"

namespace millrace::feature_store {

struct SessionLimits {
  size_t max_body_bytes = size_t{1} << 20;
  std::chrono::milliseconds idle{60'000};  // between two requests
  std::chrono::milliseconds transfer{
      10'000};  // of one request, from its first byte, and of one answer
};

/// What the sessions of a thread share. All of it outlives them.
struct SessionParts {
  SessionLimits limits;
  Api& api;
  const RowSource& rows;
  std::atomic<size_t>& pending_body_bytes;
};

/// Used by its thread alone.
class Session {
 public:
  using Clock = std::chrono::steady_clock;

  Session(boost::asio::ip::tcp::socket socket, const SessionParts& parts)
      : parts_(parts), socket_(std::move(socket)), request_(parts.pending_body_bytes) {}

  /// Until the connection ends. Never throws.
  static boost::asio::awaitable<void> run(std::shared_ptr<Session> self);
  /// Ends after the running request, or at once when there is none.
  void finish();
  /// Ends now.
  void abort();
  /// Ends it when it has been slower than it may.
  void check_time(Clock::time_point now);

 private:
  boost::asio::awaitable<void> serve();
  /// The next request is in request_; false: there is none.
  boost::asio::awaitable<bool> read_request();
  boost::asio::awaitable<bool> read_more();
  boost::asio::awaitable<bool> flush();
  boost::asio::awaitable<bool> say_continue();
  boost::asio::awaitable<void> answer();
  boost::asio::awaitable<void> wait(const Waiting& waiting);
  boost::asio::awaitable<void> refuse(HttpRefusal refusal);
  boost::asio::awaitable<void> linger();
  bool parse(boost::beast::error_code& error);
  void add_answer(bool keep_alive);
  void tidy();

  const SessionParts& parts_;
  boost::asio::ip::tcp::socket socket_;
  HttpRequest request_;
  std::optional<HttpRequestParser> parser_;
  std::string in_;  // bytes received; those from in_begin_ on are not read yet
  size_t in_begin_ = 0;
  size_t in_end_ = 0;
  std::string out_;  // answers that are not sent yet
  Answer answer_;
  Clock::time_point expires_ = Clock::time_point::max();
  bool busy_ = false;       // a request has begun
  bool finishing_ = false;  // no request after this one
  bool aborted_ = false;
  bool open_ = true;  // false: the answer that stands last is the last
};

}  // namespace millrace::feature_store

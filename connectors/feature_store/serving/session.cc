#include "connectors/feature_store/serving/session.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>

#include "connectors/feature_store/serving/request_error.h"
#include "millrace/log.h"

namespace millrace::feature_store {
namespace {

namespace asio = boost::asio;
using SocketError = boost::system::error_code;

constexpr size_t kFirstBuffer = 4 * 1024;
constexpr size_t kMostBuffer = 64 * 1024;  // at least a header
constexpr size_t kFlushBytes = 64 * 1024;  // pipelined answers are sent together up to here
constexpr size_t kLingerBytes = 1024 * 1024;
constexpr std::chrono::milliseconds kLinger{1'000};
constexpr std::chrono::milliseconds kWaitStep{1};
static_assert(kMostBuffer > kMaxHeaderBytes);

}  // namespace

asio::awaitable<void> Session::run(std::shared_ptr<Session> self) {
  try {
    co_await self->serve();
  } catch (const std::exception& e) {
    log(LogLevel::Warn, "millrace.feature_store.Serving",
        std::string("A connection ended: ") + e.what());
  }
  self->abort();
}

void Session::finish() {
  finishing_ = true;
  if (!busy_) abort();
}

void Session::abort() {
  aborted_ = true;
  SocketError ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
}

void Session::check_time(Clock::time_point now) {
  if (now > expires_) abort();
}

asio::awaitable<void> Session::serve() {
  SocketError ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  while (open_ && !aborted_) {
    const bool some = co_await read_request();
    if (!some) co_return;
    co_await answer();
    const bool more = in_begin_ < in_end_ && out_.size() < kFlushBytes && open_;
    if (more) continue;
    const bool sent = co_await flush();
    if (!sent) co_return;
    tidy();
  }
}

asio::awaitable<bool> Session::read_request() {
  request_.clear();
  parser_.emplace(request_, parts_.limits.max_body_bytes);
  busy_ = in_begin_ < in_end_;
  expires_ = Clock::now() + (busy_ ? parts_.limits.transfer : parts_.limits.idle);
  bool continued = false;
  while (true) {
    SocketError error;
    const bool done = parse(error);
    HttpRefusal refusal;
    if (error) {
      refusal = refusal_of(error, request_);
    } else if (parser_->is_header_done()) {
      refusal = refusal_of(*parser_, request_);
    }
    if (refusal.status != 0) {
      co_await refuse(refusal);
      co_return false;
    }
    if (error) co_return false;
    if (done) co_return true;
    // Whoever waits for earlier answers before sending the rest gets them.
    if (!out_.empty()) {
      const bool sent = co_await flush();
      if (!sent) co_return false;
    }
    if (request_.expects_continue && parser_->is_header_done() && !continued) {
      continued = true;
      const bool sent = co_await say_continue();
      if (!sent) co_return false;
    }
    const bool some = co_await read_more();
    if (!some) co_return false;
  }
}

bool Session::parse(SocketError& error) {
  while (in_begin_ < in_end_ && !parser_->is_done()) {
    const size_t used =
        parser_->put(asio::const_buffer(in_.data() + in_begin_, in_end_ - in_begin_), error);
    in_begin_ += used;
    if (error == boost::beast::http::error::need_more) {
      error = {};
      if (used == 0) break;
      continue;
    }
    if (error) return false;
  }
  if (in_begin_ == in_end_) in_begin_ = in_end_ = 0;
  return parser_->is_done();
}

asio::awaitable<bool> Session::read_more() {
  if (!busy_ && finishing_) co_return false;
  if (in_begin_ > 0) {
    std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
    in_end_ -= in_begin_;
    in_begin_ = 0;
  }
  if (in_.size() < kFirstBuffer) in_.resize(kFirstBuffer);
  if (in_end_ == in_.size() || (parser_->is_header_done() && in_.size() < kMostBuffer)) {
    in_.resize(std::min(kMostBuffer, 4 * in_.size()));
  }
  SocketError error;
  const size_t bytes =
      co_await socket_.async_read_some(asio::buffer(in_.data() + in_end_, in_.size() - in_end_),
                                       asio::redirect_error(asio::use_awaitable, error));
  if (error || aborted_) co_return false;
  in_end_ += bytes;
  if (!busy_) {
    busy_ = true;
    expires_ = Clock::now() + parts_.limits.transfer;
  }
  co_return true;
}

asio::awaitable<bool> Session::flush() {
  if (out_.empty()) co_return !aborted_;
  const auto reading_expires = expires_;
  expires_ = Clock::now() + parts_.limits.transfer;
  SocketError error;
  co_await asio::async_write(socket_, asio::buffer(out_),
                             asio::redirect_error(asio::use_awaitable, error));
  expires_ = reading_expires;
  out_.clear();
  co_return !error && !aborted_;
}

asio::awaitable<bool> Session::say_continue() {
  out_ = "HTTP/1.1 100 Continue\r\n\r\n";
  const bool sent = co_await flush();
  co_return sent;
}

asio::awaitable<void> Session::answer() {
  busy_ = true;
  expires_ = Clock::time_point::max();  // the API has its own deadline
  Call call = request_.call();
  answer_.status = 200;
  answer_.body.clear();
  Waiting waiting;
  if (parts_.api.handle(call, answer_, waiting) == Outcome::Wait) {
    const bool sent = co_await flush();
    if (sent) co_await wait(waiting);
    call.waited = true;
    answer_.body.clear();
    parts_.api.handle(call, answer_, waiting);
  }
  open_ = parser_->keep_alive() && !finishing_;
  add_answer(open_);
}

asio::awaitable<void> Session::wait(const Waiting& waiting) {
  const auto end = Clock::now() + waiting.most;
  asio::steady_timer timer(socket_.get_executor());
  size_t next = 0;
  while (!aborted_ && !finishing_ && Clock::now() < end) {
    while (next < waiting.points.size() &&
           parts_.rows.is_applied(waiting.points[next].partition, waiting.points[next].offset)) {
      ++next;
    }
    if (next == waiting.points.size() && (!waiting.job || waiting.job->is_done())) co_return;
    timer.expires_after(kWaitStep);
    SocketError ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

void Session::add_answer(bool keep_alive) {
  append_head(out_, answer_.status, answer_.body.size(), request_.version, keep_alive);
  if (request_.method != "HEAD") out_ += answer_.body;
}

asio::awaitable<void> Session::refuse(HttpRefusal refusal) {
  open_ = false;
  answer_.status = refusal.status;
  answer_.body.clear();
  append_error(answer_.body, ErrorCode::BadInput, refusal.message);
  add_answer(false);
  const bool sent = co_await flush();
  if (sent) co_await linger();
}

asio::awaitable<void> Session::linger() {
  // Reads on for a moment, so that a client still sending gets the answer and not a reset.
  SocketError error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  expires_ = Clock::now() + std::min(kLinger, parts_.limits.transfer);
  in_.resize(kFirstBuffer);
  for (size_t left = kLingerBytes; !error && !aborted_ && left > 0;) {
    const size_t bytes = co_await socket_.async_read_some(
        asio::buffer(in_), asio::redirect_error(asio::use_awaitable, error));
    left -= std::min(left, bytes);
  }
}

void Session::tidy() {
  if (out_.capacity() > kKeptBytes) out_ = {};
  if (answer_.body.capacity() > kKeptBytes) answer_.body = {};
  if (in_begin_ == in_end_ && in_.size() > kFirstBuffer) in_ = {};
}

}  // namespace millrace::feature_store

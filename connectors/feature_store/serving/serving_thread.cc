#include "connectors/feature_store/serving/serving_thread.h"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace millrace::feature_store {

namespace asio = boost::asio;
using std::chrono::milliseconds;

ServingThread::ServingThread(const ServingParts& parts, const SessionLimits& limits,
                             std::atomic<size_t>& pending_body_bytes)
    : rondb_(parts, stats_),
      feast_(parts, stats_),
      rondb_parts_{limits, rondb_, *parts.rows, pending_body_bytes},
      feast_parts_{limits, feast_, *parts.rows, pending_body_bytes},
      keys_(parts.keys),
      tick_(std::clamp(std::min(limits.idle, limits.transfer) / 4, milliseconds(5), kMostTick)),
      thread_([this] { run(); }) {}

ServingThread::~ServingThread() {
  stop();
  thread_.join();
}

void ServingThread::run() {
  pthread_setname_np(pthread_self(), "fs-serving");
  asio::co_spawn(io_, watch(), asio::detached);
  io_.run();
}

void ServingThread::add(PortKind kind, asio::ip::tcp::socket socket) {
  connections_.fetch_add(1, std::memory_order_relaxed);
  auto session = std::make_shared<Session>(std::move(socket),
                                           kind == PortKind::Rondb ? rondb_parts_ : feast_parts_);
  asio::post(io_, [this, session = std::move(session)] {
    asio::co_spawn(io_, serve(session), asio::detached);
  });
}

asio::awaitable<void> ServingThread::serve(std::shared_ptr<Session> session) {
  sessions_.insert(session);
  if (stopping_) session->finish();
  co_await Session::run(session);
  sessions_.erase(session);
  connections_.fetch_sub(1, std::memory_order_relaxed);
  if (stopping_ && sessions_.empty()) timer_.cancel();
}

asio::awaitable<void> ServingThread::watch() {
  while (!stopping_ || !sessions_.empty()) {
    // Nothing to watch: the timer is far away, and whoever connects next finds it within a second.
    timer_.expires_after(sessions_.empty() ? milliseconds(ApiKeys::kCheckEvery) : tick_);
    boost::system::error_code ignored;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    keys_->reload_if_changed();
    const auto now = Session::Clock::now();
    const bool late = now > stop_by_;
    const auto open = sessions_;  // ending one takes it out
    for (const auto& session : open) {
      session->check_time(now);
      if (late) session->abort();
    }
  }
}

void ServingThread::stop() {
  asio::post(io_, [this] {
    if (stopping_) return;
    stopping_ = true;
    stop_by_ = Session::Clock::now() + kGrace;
    const auto open = sessions_;
    for (const auto& session : open) session->finish();
    timer_.cancel();
    guard_.reset();
  });
}

}  // namespace millrace::feature_store

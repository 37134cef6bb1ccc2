#pragma once
// A thread that serves connections, with APIs of its own.

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <thread>
#include <unordered_set>

#include "connectors/feature_store/serving/feast_api.h"
#include "connectors/feature_store/serving/rondb_api.h"
#include "connectors/feature_store/serving/session.h"

namespace millrace::feature_store {

enum class PortKind : uint8_t { Rondb, Feast };

class ServingThread {
 public:
  /// `parts` and `pending_body_bytes` outlive it.
  ServingThread(const ServingParts& parts, const SessionLimits& limits,
                std::atomic<size_t>& pending_body_bytes);
  /// Ends the connections: running requests are answered, for kGrace at most.
  ~ServingThread();

  boost::asio::io_context& io() noexcept { return io_; }
  const LookupStats& stats() const noexcept { return stats_; }
  size_t connections() const noexcept { return connections_.load(std::memory_order_relaxed); }
  /// Takes a connection over; its socket is of io(). Any thread.
  void add(PortKind kind, boost::asio::ip::tcp::socket socket);
  /// Asks the connections to end. Any thread; the destructor waits.
  void stop();

 private:
  static constexpr std::chrono::milliseconds kGrace{3'000};
  static constexpr std::chrono::milliseconds kMostTick{100};

  boost::asio::awaitable<void> serve(std::shared_ptr<Session> session);
  boost::asio::awaitable<void> watch();
  void run();

  LookupStats stats_;
  RondbApi rondb_;
  FeastApi feast_;
  SessionParts rondb_parts_;
  SessionParts feast_parts_;
  std::shared_ptr<ApiKeys> keys_;
  std::chrono::milliseconds tick_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{
      io_.get_executor()};
  boost::asio::steady_timer timer_{io_};
  std::unordered_set<std::shared_ptr<Session>> sessions_;
  std::atomic<size_t> connections_{0};
  bool stopping_ = false;
  std::chrono::steady_clock::time_point stop_by_ = std::chrono::steady_clock::time_point::max();
  std::thread thread_;
};

}  // namespace millrace::feature_store

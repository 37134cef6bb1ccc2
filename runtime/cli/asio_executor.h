#pragma once
// Executors of a running worker: the control thread's io_context, and a few threads for slow calls.

#include <boost/asio/io_context.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/core/executor.h"

namespace millrace {

class AsioExecutor final : public Executor {
 public:
  explicit AsioExecutor(boost::asio::io_context& io) : io_(io) {}
  void post(std::function<void()> task) override;
  void post_after(std::chrono::milliseconds delay, std::function<void()> task) override;

 private:
  boost::asio::io_context& io_;
};

/// Threads start when there is work for them and stay.
class PoolExecutor final : public Executor {
 public:
  static constexpr size_t kThreads = 4;
  ~PoolExecutor() override { stop(); }
  /// Runs what was posted and ends the threads.
  void stop();
  void post(std::function<void()> task) override;
  /// Not needed of a pool; runs at once.
  void post_after(std::chrono::milliseconds, std::function<void()> task) override {
    post(std::move(task));
  }

 private:
  void loop();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  std::vector<std::thread> threads_;
  size_t idle_ = 0;
  bool ending_ = false;
};

}  // namespace millrace

#pragma once
// A control loop on a thread of its own, for tests that use real connections.

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "runtime/core/executor.h"

namespace millrace::rest {

class RunningLoop final : public Executor {
 public:
  RunningLoop() : thread_([this] { io_.run(); }) {}
  ~RunningLoop() override {
    io_.stop();
    thread_.join();
  }
  RunningLoop(const RunningLoop&) = delete;
  RunningLoop& operator=(const RunningLoop&) = delete;

  boost::asio::io_context& io() noexcept { return io_; }
  void post(std::function<void()> task) override { boost::asio::post(io_, std::move(task)); }
  void post_after(std::chrono::milliseconds delay, std::function<void()> task) override {
    auto timer = std::make_shared<boost::asio::steady_timer>(io_, delay);
    timer->async_wait([timer, task = std::move(task)](const boost::system::error_code& error) {
      if (!error) task();
    });
  }
  /// Runs `call` on the control thread and gives its result, exceptions included.
  template <class Call>
  auto on(Call call) {
    std::packaged_task<decltype(call())()> task(std::move(call));
    auto result = task.get_future();
    post([&task] { task(); });
    return result.get();
  }
  /// Waits until `condition` holds on the control thread; false when it never does.
  bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < end) {
      if (on(condition)) return true;
      std::this_thread::yield();
    }
    return false;
  }

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  std::thread thread_;
};

}  // namespace millrace::rest

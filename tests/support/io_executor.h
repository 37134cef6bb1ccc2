#pragma once
// The loop of connections as an executor, for tests that are its only thread.

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "runtime/core/executor.h"

namespace millrace::testing {

class IoExecutor final : public Executor {
 public:
  explicit IoExecutor(boost::asio::io_context& io) : io_(io) {}
  void post(std::function<void()> task) override { boost::asio::post(io_, std::move(task)); }
  void post_after(std::chrono::milliseconds delay, std::function<void()> task) override {
    const auto timer = std::make_shared<boost::asio::steady_timer>(io_, delay);
    timer->async_wait([timer, task = std::move(task)](const boost::system::error_code& error) {
      if (!error) task();
    });
  }

 private:
  boost::asio::io_context& io_;
};

}  // namespace millrace::testing

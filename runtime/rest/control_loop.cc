#include "runtime/rest/control_loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "millrace/errors.h"
#include "runtime/metrics/log.h"

namespace millrace::rest {

namespace asio = boost::asio;

struct ControlLoop::State {
  void wait_for_signal() {
    signals.async_wait([this](boost::system::error_code error, int signal) {
      if (error) return;
      wait_for_signal();
      on_signal(signal);
    });
  }

  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  asio::signal_set signals{io};
  std::function<void(int)> on_signal;
};

ControlLoop::ControlLoop() : state_(std::make_unique<State>()) {}
ControlLoop::~ControlLoop() = default;

void ControlLoop::run() {
  while (!state_->io.stopped()) {
    try {
      state_->io.run();
    } catch (...) {
      logging::get("org.apache.kafka.connect.runtime.Connect")
          .error("Uncaught exception on the control thread\n{}", describe_current_exception());
    }
  }
}

void ControlLoop::stop() {
  state_->io.stop();
}

void ControlLoop::post(std::function<void()> task) {
  asio::post(state_->io, std::move(task));
}

void ControlLoop::post_after(std::chrono::milliseconds delay, std::function<void()> task) {
  auto timer = std::make_unique<asio::steady_timer>(state_->io, delay);
  auto& waiting = *timer;
  waiting.async_wait(
      [timer = std::move(timer), task = std::move(task)](boost::system::error_code error) {
        if (!error) task();
      });
}

void ControlLoop::on_signals(std::initializer_list<int> signals, std::function<void(int)> handler) {
  state_->on_signal = std::move(handler);
  for (const int signal : signals) state_->signals.add(signal);
  state_->wait_for_signal();
}

boost::asio::io_context& ControlLoop::io() noexcept {
  return state_->io;
}

}  // namespace millrace::rest

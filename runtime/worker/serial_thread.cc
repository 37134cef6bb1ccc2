#include "runtime/worker/serial_thread.h"

#include "runtime/core/thread_name.h"
#include "runtime/metrics/log.h"

namespace millrace {

SerialThread::SerialThread(std::string name, std::string log_context)
    : state_(std::make_shared<State>()) {
  std::thread([state = state_, name = std::move(name), context = std::move(log_context)] {
    set_thread_name(name);
    const logging::Context log_prefix(context);
    loop(state);
  }).detach();
}

// Does not wait: work that was asked for still runs, then the thread ends by itself.
SerialThread::~SerialThread() {
  const std::lock_guard lock(state_->mutex);
  state_->ending = true;
  state_->changed.notify_all();
}

void SerialThread::run(std::function<void()> work) {
  const std::lock_guard lock(state_->mutex);
  state_->queue.push_back(std::move(work));
  state_->changed.notify_all();
}

void SerialThread::loop(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex);
  while (true) {
    state->changed.wait(lock, [&] { return state->ending || !state->queue.empty(); });
    if (state->queue.empty()) return;
    const std::function<void()> work = std::move(state->queue.front());
    state->queue.pop_front();
    lock.unlock();
    work();
    lock.lock();
  }
}

}  // namespace millrace

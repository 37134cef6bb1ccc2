#include "runtime/worker/serial_thread.h"

#include <thread>
#include <utility>

#include "runtime/core/thread_name.h"
#include "runtime/metrics/log.h"

namespace millrace {

SerialThread::SerialThread(std::string name, std::string log_context)
    : state_(new State{std::move(name), std::move(log_context), {}, {}, false}) {}

void SerialThread::run(std::function<void()> work) {
  const std::lock_guard lock(state_->mutex);
  if (!state_->has_thread) start(state_);  // first: it throws when the system has no thread left
  state_->queue.push_back(std::move(work));
}

void SerialThread::start(const std::shared_ptr<State>& state) {
  std::thread([state] {
    set_thread_name(state->name);
    const logging::Context log_prefix(state->log_context);
    drain(*state);
  }).detach();
  state->has_thread = true;
}

void SerialThread::drain(State& state) {
  std::unique_lock lock(state.mutex);
  while (!state.queue.empty()) {
    std::function<void()> work = std::move(state.queue.front());
    state.queue.pop_front();
    lock.unlock();
    work();
    work = nullptr;  // what it holds is let go of without the mutex
    lock.lock();
  }
  state.has_thread = false;
}

}  // namespace millrace

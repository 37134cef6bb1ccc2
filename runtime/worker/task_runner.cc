#include "runtime/worker/task_runner.h"

#include "millrace/errors.h"
#include "runtime/core/thread_name.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.runtime.WorkerTask");
  return instance;
}

}  // namespace

TaskRunner::TaskRunner(WorkerServices& services, TaskSpec spec, TargetState target, Events events)
    : services_(services), spec_(std::move(spec)), target_(target), events_(std::move(events)) {}

TaskRunner::~TaskRunner() {
  if (thread_.joinable()) thread_.detach();  // the thread itself may hold the last reference
}

void TaskRunner::launch() {
  thread_ = std::thread([self = shared_from_this()] { self->thread_main(); });
}

void TaskRunner::set_target(TargetState target) {
  {
    const std::lock_guard lock(pause_mutex_);
    target_.store(target);
  }
  pause_changed_.notify_all();
  wake();
}

void TaskRunner::request_stop() {
  {
    const std::lock_guard lock(pause_mutex_);
    stop_.request_stop();
  }
  pause_changed_.notify_all();
  wake();
}

void TaskRunner::cancel() {
  cancelled_.store(true);
  abandon();
}

std::optional<Millis> TaskRunner::busy_time() const noexcept {
  using Clock = std::chrono::steady_clock;
  const int64_t since = busy_since_;
  if (since == 0) return std::nullopt;
  const Clock::time_point begun{Clock::duration(since)};
  return std::chrono::duration_cast<Millis>(Clock::now() - begun);
}

void TaskRunner::wait_while_paused() {
  std::unique_lock lock(pause_mutex_);
  pause_changed_.wait(lock, [this] { return !paused() || stop_requested(); });
}

void TaskRunner::post_event(std::function<void()> event) {
  services_.control.post([self = shared_from_this(), event = std::move(event)] {
    if (!self->cancelled()) event();
  });
}

void TaskRunner::report(State state, std::string trace) {
  post_event([this, status = Status{state, services_.worker_id, std::move(trace),
                                    plugin_version_, 0}] { events_.status(spec_.id, status); });
}

void TaskRunner::report_active_topic(const std::string& topic) {
  post_event([this, topic] { events_.active_topic(spec_.id, topic); });
}

void TaskRunner::guarded_run() {
  bool failed = false;
  std::string trace;
  try {
    if (!stop_requested()) {
      build();
      if (paused()) {
        report(State::Paused);
        wait_while_paused();
      }
    }
    if (!stop_requested()) {
      start();
      report(State::Running);
      run_loop();
    }
  } catch (...) {
    failed = true;
    trace = describe_current_exception();
    logger().error(
        "{} Task threw an uncaught and unrecoverable exception. Task is being killed and will not "
        "recover until manually restarted: {}",
        spec_.id.to_string(), trace);
  }
  finish(failed);
  // A failure while stopping is only logged (connect-tasks.md §1).
  if (failed && !stop_requested()) {
    report(State::Failed, std::move(trace));
  } else {
    report(State::Unassigned);
  }
}

void TaskRunner::thread_main() noexcept {
  set_thread_name("task-" + spec_.id.to_string());
  const logging::Context context("[" + spec_.id.connector + "|task-" +
                                 std::to_string(spec_.id.task) + "] ");
  guarded_run();
  services_.control.post([self = shared_from_this()] {
    self->thread_.join();  // it has nothing left to do
    self->events_.finished();
  });
}

}  // namespace millrace

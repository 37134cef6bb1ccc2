#pragma once
// The thread of one task and its life cycle (connect-tasks.md §1). Subclasses are the source and the
// sink loop. The control thread asks (target state, stop, cancel); the task thread does everything
// else, every call on the task instance included, and reports by posting to the control thread.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "runtime/worker/services.h"

namespace millrace {

class TaskRunner : public std::enable_shared_from_this<TaskRunner> {
 public:
  /// Called on the control thread.
  struct Events {
    std::function<void(const ConnectorTaskId&, Status)> status;
    std::function<void(const ConnectorTaskId&, const std::string& topic)> active_topic;
    /// The thread has ended and was joined; nothing follows.
    std::function<void()> finished;
  };

  TaskRunner(WorkerServices& services, TaskSpec spec, TargetState target, Events events);
  virtual ~TaskRunner();
  TaskRunner(const TaskRunner&) = delete;
  TaskRunner& operator=(const TaskRunner&) = delete;

  // Control thread.
  void launch();
  void set_target(TargetState target);
  /// Asks the loop to end; the task then commits, stops and reports UNASSIGNED.
  void request_stop();
  /// Gives up on a task that did not stop in time: its later reports and commits are suppressed
  /// and its thread is left to itself.
  void cancel();
  /// Others may do the work: what is on its way is not written any more. The task thread may be
  /// anywhere, and is not waited for.
  virtual void abandon() noexcept {}
  /// How long the task has been in a call of its own code; nullopt: it is in none.
  std::optional<Millis> busy_time() const noexcept;
  const ConnectorTaskId& id() const noexcept { return spec_.id; }
  /// What the task thread counts; from construction on.
  virtual std::shared_ptr<const TaskMetrics> metrics() const = 0;

 protected:
  // Task thread.
  /// Makes clients, converters and the task instance.
  virtual void build() = 0;
  /// start() of the task.
  virtual void start() = 0;
  virtual void run_loop() = 0;
  /// Final commit, stop() of the task and closing of clients; also after a failure in any of the
  /// above. Must not throw.
  virtual void finish(bool failed) noexcept = 0;
  /// Ends a wait of the task thread. Any thread; may be called before build().
  virtual void wake() noexcept = 0;

  /// Around each call of the task's own code.
  class Busy {
   public:
    explicit Busy(TaskRunner& runner) noexcept : runner_(runner) {
      runner_.busy_since_ = std::chrono::steady_clock::now().time_since_epoch().count();
    }
    ~Busy() { runner_.busy_since_ = 0; }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

   private:
    TaskRunner& runner_;
  };

  bool stop_requested() const noexcept { return stop_.stop_requested(); }
  std::stop_token stop_token() const noexcept { return stop_.get_token(); }
  bool cancelled() const noexcept { return cancelled_.load(); }
  /// Whether what the task does may still count: neither given up nor maybe given to others.
  bool may_write() const noexcept { return !cancelled() && services_.may_write(); }
  bool paused() const noexcept { return target_.load() == TargetState::Paused; }
  void report(State state, std::string trace = {});
  void report_active_topic(const std::string& topic);
  /// Blocks until the target is no longer PAUSED or a stop was asked for.
  void wait_while_paused();

  WorkerServices& services_;
  TaskSpec spec_;  // of the task thread, but for the id
  std::string plugin_version_;

 private:
  void thread_main() noexcept;
  void guarded_run();
  void post_event(std::function<void()> event);

  std::atomic<TargetState> target_;
  std::atomic<bool> cancelled_ = false;
  std::atomic<int64_t> busy_since_ = 0;  // of the monotonic clock; 0: not busy
  std::stop_source stop_;
  Events events_;
  std::mutex pause_mutex_;
  std::condition_variable pause_changed_;
  std::thread thread_;
};

}  // namespace millrace

#include "runtime/cli/asio_executor.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>

#include "runtime/core/thread_name.h"

namespace millrace {

void AsioExecutor::post(std::function<void()> task) { boost::asio::post(io_, std::move(task)); }

void AsioExecutor::post_after(std::chrono::milliseconds delay, std::function<void()> task) {
  // Timers belong to the io_context's thread; a task thread may ask too.
  boost::asio::post(io_, [this, delay, task = std::move(task)]() mutable {
    auto timer = std::make_shared<boost::asio::steady_timer>(io_, delay);
    timer->async_wait([timer, task = std::move(task)](const boost::system::error_code& error) {
      if (!error) task();
    });
  });
}

void PoolExecutor::stop() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void PoolExecutor::post(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  queue_.push_back(std::move(task));
  if (idle_ < queue_.size() && threads_.size() < kThreads) {
    threads_.emplace_back([this] { loop(); });
  }
  changed_.notify_one();
}

void PoolExecutor::loop() {
  set_thread_name("slow-calls");
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
    --idle_;
    if (queue_.empty()) return;
    const std::function<void()> task = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

}  // namespace millrace

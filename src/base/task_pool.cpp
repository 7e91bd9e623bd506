// Threads that take tasks from one queue.
#include "base/task_pool.h"

#include <utility>

namespace hearth::base {

TaskPool::TaskPool(const std::string& name, int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back(name, [this] { work(); });
}

TaskPool::~TaskPool() {
  std::deque<std::function<void()>> dropped;  // destroyed without the lock: they may own anything
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    dropped.swap(tasks_);
  }
  news_.notify_all();
}

bool TaskPool::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return false;
    tasks_.push_back(std::move(task));
  }
  news_.notify_one();
  return true;
}

void TaskPool::work() {
  for (;;) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      news_.wait(lock, [&] { return closing_ || !tasks_.empty(); });
      if (closing_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace hearth::base

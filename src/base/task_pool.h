// A few threads for what waits: for disks, for other servers.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/thread.h"

namespace hearth::base {

/// Runs tasks in the order posted, several at once. Any thread.
class TaskPool {
 public:
  TaskPool(const std::string& name, int threads);
  /// Waits for the tasks that run; those that wait are dropped.
  ~TaskPool();

  /// The task throws nothing. False, and no task, once the pool is being destroyed.
  bool post(std::function<void()> task);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable news_;
  std::deque<std::function<void()>> tasks_;  // guarded by mutex_
  bool closing_ = false;                     // guarded by mutex_
  std::vector<Thread> threads_;
};

}  // namespace hearth::base

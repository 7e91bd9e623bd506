// Tasks run beside each other, and a pool that goes waits for those that run.
#include "base/task_pool.h"

#include <atomic>
#include <future>
#include <gtest/gtest.h>

namespace hearth::base {
namespace {

TEST(TaskPool, RunsTasksBesideEachOther) {
  TaskPool pool("test", 2);
  std::promise<void> from_second;
  std::promise<void> done;
  pool.post([&] {
    from_second.get_future().wait();  // would wait for ever on one thread
    done.set_value();
  });
  pool.post([&] { from_second.set_value(); });
  done.get_future().wait();
}

TEST(TaskPool, WaitsForWhatRunsAndDropsTheRest) {
  std::atomic<int> ran = 0;
  {
    TaskPool pool("test", 1);
    std::promise<void> running;
    pool.post([&] {
      running.set_value();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      ++ran;
    });
    running.get_future().wait();
    pool.post([&] { ran += 100; });
  }
  EXPECT_EQ(ran, 1);
}

}  // namespace
}  // namespace hearth::base

// Every chunk once, whoever runs it and however many ask at the same time.
#include "kernels/thread_pool.h"

#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>
#include <vector>

namespace hearth::kernels {
namespace {

/// How often each chunk was run.
std::vector<int> visits(ThreadPool& pool, int chunks) {
  std::vector<int> count(static_cast<std::size_t>(chunks), 0);
  pool.run(chunks, [&](int chunk) { ++count[static_cast<std::size_t>(chunk)]; });
  return count;
}

/// As many threads as the test says.
class ToldCrew final : public Crew {
 public:
  ToldCrew(std::atomic<unsigned>& told, std::atomic<int>& joined) : told_(told), joined_(joined) {}
  void joins() override { ++joined_; }
  unsigned size() override { return told_; }

 private:
  std::atomic<unsigned>& told_;
  std::atomic<int>& joined_;
};

TEST(ThreadPool, RunsEveryChunkOnce) {
  for (const unsigned threads : {0U, 1U, 2U, 5U}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), std::max(threads, 1U));
    for (const int chunks : {0, 1, 2, 3, 7, 100, 1000})
      EXPECT_EQ(visits(pool, chunks), std::vector<int>(static_cast<std::size_t>(chunks), 1));
  }
}

TEST(ThreadPool, ManyJobsOneAfterAnother) {
  ThreadPool pool(3);
  std::vector<long> values(64);
  std::iota(values.begin(), values.end(), 0);
  for (int round = 0; round < 5000; ++round)
    pool.run(64, [&](int chunk) { values[static_cast<std::size_t>(chunk)] += 1; });
  for (long i = 0; i < 64; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], i + 5000);
}

TEST(ThreadPool, WakesThreadsThatSleep) {
  ThreadPool pool(2);
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    std::set<std::thread::id> ids;
    std::atomic<int> arrived{0};
    std::mutex mutex;
    // Two chunks that wait for each other: only two threads can end this.
    pool.run(2, [&](int) {
      ++arrived;
      while (arrived < 2) std::this_thread::yield();
      const std::lock_guard lock(mutex);
      ids.insert(std::this_thread::get_id());
    });
    EXPECT_EQ(ids.size(), 2U);
  }
}

TEST(ThreadPool, ASlowThreadKeepsOneChunkOnly) {
  ThreadPool pool(2);
  std::atomic<int> others{0};
  std::vector<int> count(40, 0);
  pool.run(40, [&](int chunk) {
    ++count[static_cast<std::size_t>(chunk)];
    // Chunk 0 ends when all others are done, those of its own share as well.
    if (chunk == 0)
      while (others < 39) std::this_thread::yield();
    else
      ++others;
  });
  EXPECT_EQ(count, std::vector<int>(40, 1));
}

TEST(ThreadPool, ThreadsThatTakeNoPartComputeNothingAndComeBack) {
  std::atomic<unsigned> told{3};
  std::atomic<int> joined{0};
  ThreadPool pool(3, std::make_unique<ToldCrew>(told, joined));
  for (const unsigned team : {3U, 1U, 2U, 3U, 2U, 1U, 3U}) {
    told = team;
    // Asleep or still awake when the number changes.
    if (team % 2 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    EXPECT_EQ(visits(pool, 100), std::vector<int>(100, 1));
    std::set<std::thread::id> ids;
    std::atomic<unsigned> arrived{0};
    std::mutex mutex;
    // As many chunks as threads, which wait for each other: fewer threads would never end this.
    pool.run(static_cast<int>(team), [&](int) {
      ++arrived;
      while (arrived < team) std::this_thread::yield();
      const std::lock_guard lock(mutex);
      ids.insert(std::this_thread::get_id());
    });
    EXPECT_EQ(ids.size(), team);
    // And more chunks do not bring others in.
    ids.clear();
    pool.run(50, [&](int) {
      std::this_thread::sleep_for(std::chrono::microseconds(20));
      const std::lock_guard lock(mutex);
      ids.insert(std::this_thread::get_id());
    });
    EXPECT_LE(ids.size(), team);
  }
  EXPECT_EQ(joined, 2);
}

TEST(ThreadPool, TeamsThatChangeAllTheTime) {
  std::atomic<unsigned> told{1};
  std::atomic<int> joined{0};
  ThreadPool pool(4, std::make_unique<ToldCrew>(told, joined));
  std::vector<int> count(16, 0);
  for (int round = 0; round < 5000; ++round) {
    told = 1U + static_cast<unsigned>(round * 7 % 4);
    pool.run(16, [&](int chunk) { ++count[static_cast<std::size_t>(chunk)]; });
  }
  EXPECT_EQ(count, std::vector<int>(16, 5000));
}

TEST(ThreadPool, SeveralCallersAndCallsOutOfABody) {
  ThreadPool pool(3);
  std::atomic<int> sum{0};
  std::vector<std::thread> callers;
  callers.reserve(4);
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int round = 0; round < 200; ++round)
        pool.run(8, [&](int) { pool.run(4, [&](int inner) { sum += inner; }); });
    });
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(sum, 4 * 200 * 8 * 6);
}

TEST(ThreadPool, OfTheProcessIsAlwaysTheSame) {
  EXPECT_EQ(&ThreadPool::of_process(), &ThreadPool::of_process());
  EXPECT_EQ(visits(ThreadPool::of_process(), 9), std::vector<int>(9, 1));
}

}  // namespace
}  // namespace hearth::kernels

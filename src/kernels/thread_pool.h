// The threads that share one kernel's work: one pool per process.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <type_traits>
#include <vector>

#include "base/thread.h"

namespace hearth::kernels {

/// Says how many of a pool's threads take part.
class Crew {
 public:
  virtual ~Crew() = default;
  /// Called by each thread of the pool once, on it, before its first job; not by callers.
  virtual void joins() = 0;
  /// In the next job, the caller counted: at least 1, and no more than the pool has. Called by the
  /// caller before each job, by one at a time.
  virtual unsigned size() = 0;
};

/// Runs the chunks of one kernel at a time on several threads, the caller being one of them.
///
/// Every thread has a contiguous share of the chunks, so its memory stream is sequential, and takes
/// them one by one; who is done helps the others. A thread that the system stops for a while keeps
/// at most the one chunk that it is at. Between kernels the threads spin for some microseconds,
/// then sleep.
class ThreadPool {
 public:
  /// @param threads  counts the caller: 1 runs everything on the caller's thread.
  /// @param crew     null: all threads take part in every job
  explicit ThreadPool(unsigned threads, std::unique_ptr<Crew> crew = nullptr);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// As many threads as the process may use cores, of which some rest while other programs want
  /// the same cores (GivingWay). Started at the first call, ends with the process. Any thread.
  static ThreadPool& of_process();

  unsigned threads() const { return static_cast<unsigned>(shares_.size()); }

  /// Calls `body(chunk)` for each chunk in [0, chunks) once, on any thread and in any order, and
  /// returns when all are done. What they wrote is visible to the caller then.
  ///
  /// Any thread; where the pool is at work for somebody else, or the call comes out of a body, the
  /// caller computes alone: cores are never shared out twice. `body` must not throw.
  template <class Body>
  void run(int chunks, Body&& body) {
    using Plain = std::remove_reference_t<Body>;
    run_calls(
        chunks, [](void* at, int chunk) { (*static_cast<Plain*>(at))(chunk); },
        const_cast<void*>(static_cast<const void*>(&body)));
  }

 private:
  using Call = void (*)(void* body, int chunk);

  /// One thread's chunks: [next, end). On a cache line of its own.
  struct alignas(64) Share {
    std::atomic<int> next{0};
    int end = 0;
  };

  void run_calls(int chunks, Call call, void* body);
  void hand_out(int chunks, Call call, void* body, unsigned team);
  void take_chunks(std::size_t first_share, unsigned team);
  void wait_until_left();
  void work(std::size_t share);
  void rest(std::size_t share);
  bool wait_for_job(std::size_t share, std::uint64_t seen);
  bool attach(std::size_t share, std::uint64_t& seen);
  void detach();

  std::vector<Share> shares_;
  Call call_ = nullptr;   // written while no thread is attached, as are the shares
  void* body_ = nullptr;  // likewise
  std::atomic<bool> busy_{false};

  /// Number of the job, whether it may still be joined, how many threads take part, and how many
  /// are at it.
  std::atomic<std::uint64_t> state_;

  std::unique_ptr<Crew> crew_;
  std::mutex mutex_;  // for sleeping only
  std::condition_variable wake_;
  std::condition_variable rested_;  // of those that take no part
  std::condition_variable left_;
  std::atomic<int> sleepers_{0};
  std::atomic<bool> caller_sleeps_{false};
  std::atomic<bool> stopping_{false};
  std::vector<base::Thread> workers_;
};

}  // namespace hearth::kernels
